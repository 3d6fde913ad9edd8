import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTarget, parseAbsolute, parseTarget } from "./target.ts";

test("a name has one form: small letters, no dot at the end", () => {
  assert.deepEqual(parseTarget("Registry.Example.COM.:443"), { host: "registry.example.com", port: 443 });
  assert.deepEqual(parseTarget("xn--bcher-kva.example:8443"), { host: "xn--bcher-kva.example", port: 8443 });
});

test("an address has one form: four plain numbers, or IPv6 as RFC 5952 writes it", () => {
  assert.deepEqual(parseTarget("127.0.0.1:4873"), { host: "127.0.0.1", port: 4873 });
  const six = parseTarget("[2606:4700:0:0:0:0:0:1111]:443");
  assert.deepEqual(six, { host: "2606:4700::1111", port: 443 });
  assert.equal(formatTarget(six ?? assert.fail()), "[2606:4700::1111]:443");
});

test("what two readers could read in two ways is refused", () => {
  const refused = [
    ...["example.com", "example.com:", "example.com:0", "example.com:65536", "example.com:080", ":443", ""],
    ...["allowed.example@evil.example:443", "allowed.example\0.evil.example:443", "a%2eb:443", "a\tb:443"],
    ...["allowed.example#:443", "allowed.example/:443", "a b:443", "a_b.example:443", "a..b:443", ".a:443"],
    ...["-a.example:443", "a-.example:443", `${"a".repeat(64)}.example:443`, `${"a.".repeat(127)}aa:443`],
    ...[
      "2852039166:80",
      "0xa9fea9fe:80",
      "0x7f.1:80",
      "0177.0.0.1:80",
      "127.1:80",
      "127.0.0.01:80",
      "a.1:80",
    ],
    ...[
      "1.2.3.4.5:80",
      "[::1%lo]:80",
      "[::1]",
      "::1:80",
      "[example.com]:80",
      "bücher.example:443",
      "a。b:443",
    ],
    ...["example.com:443\r\nHost: evil.example", "example.com:443 ", " example.com:443", "example.com..:443"],
  ];
  for (const text of refused) assert.equal(parseTarget(text), undefined, JSON.stringify(text));
});

test("the target of a plain request is its URL's, without user and without fragment", () => {
  const target = { host: "example.com", port: 80 };
  assert.deepEqual(parseAbsolute("http://Example.com/a?b=http://c"), { target, path: "/a?b=http://c" });
  assert.deepEqual(parseAbsolute("http://example.com?x"), { target, path: "/?x" });
  assert.deepEqual(parseAbsolute("http://example.com:8080/"), {
    target: { ...target, port: 8080 },
    path: "/",
  });
  for (const url of [
    "/",
    "https://example.com/",
    "http://a@example.com/",
    "http:///x",
    "http://a/#f",
    "ftp://a/",
  ]) {
    assert.equal(parseAbsolute(url), undefined, url);
  }
});
