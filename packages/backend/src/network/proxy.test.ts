import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError, formatError } from "@cloister/base";
import { chooseProxy } from "./proxy.ts";

const proxy = "http://proxy.example:3128";

function goesThrough(noProxy: readonly string[], hostname: string, port = 443): boolean {
  return chooseProxy({ proxy, noProxy })({ hostname, port }) !== undefined;
}

test("without a proxy everything goes directly", () => {
  assert.equal(chooseProxy({})({ hostname: "models.example", port: 443 }), undefined);
});

test("loopback never goes through the proxy", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost", "a.localhost", "LOCALHOST"]) {
    assert.equal(goesThrough([], host), false, host);
  }
  for (const host of ["models.example", "10.0.0.1", "128.0.0.1", "localhost.example", "::2"]) {
    assert.equal(goesThrough([], host), true, host);
  }
});

const rows: readonly [entry: string, direct: readonly string[], through: readonly string[]][] = [
  ["*", ["models.example", "10.0.0.1"], []],
  [
    "models.example",
    ["models.example", "MODELS.example", "models.example.", "a.models.example"],
    ["xmodels.example"],
  ],
  [".models.example", ["a.models.example", "a.b.models.example"], ["models.example", "amodels.example"]],
  ["*.models.example", ["a.models.example"], ["models.example"]],
  ["10.0.0.0/8", ["10.0.0.1", "10.255.1.2"], ["11.0.0.1", "models.example", "fd00::1"]],
  ["10.1.2.3", ["10.1.2.3"], ["10.1.2.4"]],
  ["0.0.0.0/0", ["8.8.8.8"], ["models.example"]],
  ["fd00::/8", ["fd00::1"], ["10.0.0.1", "fe80::1"]],
  ["fd00::1", ["fd00::1"], ["fd00::2"]],
  [" models.example ", ["models.example"], []],
];
for (const [entry, direct, through] of rows) {
  test(`"${entry}" in the list exempts what it says and no more`, () => {
    for (const host of direct) assert.equal(goesThrough([entry], host), false, host);
    for (const host of through) assert.equal(goesThrough([entry], host), true, host);
  });
}

test("an entry with a port exempts that port only", () => {
  for (const [entry, host] of [
    ["models.example:8443", "models.example"],
    ["10.1.2.3:8443", "10.1.2.3"],
    ["[fd00::1]:8443", "fd00::1"],
  ] as const) {
    assert.equal(goesThrough([entry], host, 8443), false, entry);
    assert.equal(goesThrough([entry], host, 443), true, entry);
  }
});

test("an entry that cannot be read is refused, not passed over", () => {
  for (const entry of ["", ".", "*.", "a b", "10.0.0.0/33", "10.0.0.0/", "models.example/8", "a:b", "a*b"]) {
    assert.throws(() => chooseProxy({ noProxy: [entry] }), { code: "bad-no-proxy" }, entry);
  }
  assert.throws(() => chooseProxy({ noProxy: Array.from({ length: 1001 }, () => "a") }), {
    code: "bad-no-proxy",
  });
});

test("the parts of the URL are told apart, and its usual port is known", () => {
  const parts = (url: string): unknown =>
    chooseProxy({ proxy: url })({ hostname: "models.example", port: 1 });
  assert.deepEqual(parts("http://proxy.example"), {
    kind: "http",
    hostname: "proxy.example",
    port: 80,
    shown: "http://proxy.example:80",
    credentials: undefined,
  });
  assert.deepEqual(parts("socks5://a%40b:c%3A@[fd00::1]/"), {
    kind: "socks5",
    hostname: "fd00::1",
    port: 1080,
    shown: "socks5://[fd00::1]:1080",
    credentials: { user: "a@b", password: "c:" },
  });
});

test("a bad proxy URL is refused, and no error repeats a password", () => {
  const password = "made" + "-up-" + "word";
  for (const url of [
    "proxy.example:3128",
    "ftp://proxy.example",
    "http://proxy.example/path",
    "http://proxy.example?x",
    `http://u:${password}@proxy.example/path`,
    `http://u:%zz${password}@proxy.example`,
    `socks5://:${password}@proxy.example`,
    `socks5://u:${password.repeat(30)}@proxy.example`,
    `u:${password}@`,
  ]) {
    assert.throws(
      () => chooseProxy({ proxy: url }),
      (error) => {
        assert.ok(error instanceof CloisterError && error.code === "bad-proxy-url", url);
        assert.ok(!formatError(error).includes(password), url);
        assert.equal(error.cause, undefined);
        return true;
      },
    );
  }
});
