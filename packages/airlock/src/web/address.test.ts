import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeals } from "@cloister/secrets";
import { checkAddress, type PageAddress } from "./address.ts";

const seals = createSeals(Buffer.alloc(32, 7), { personal: true, email: true });

function check(text: string, from?: PageAddress): string {
  const checked = checkAddress(text, seals, from);
  return checked.kind === "refused"
    ? checked.rule
    : `${checked.target.host}:${checked.target.port} ${checked.url.href}`;
}

function page(text: string): PageAddress {
  const checked = checkAddress(text, seals);
  assert.ok(checked.kind === "address");
  return checked;
}

test("an address has one reading: the host that is compared is the host that is asked", () => {
  assert.equal(
    check("https://Docs.Example./a/../b?x=1#part"),
    "docs.example:443 https://docs.example./b?x=1",
  );
  assert.equal(check("http://a.example:8080"), "a.example:8080 http://a.example:8080/");
  assert.equal(check("https://[2606:4700::1]/"), "2606:4700::1:443 https://[2606:4700::1]/");
  assert.equal(
    check("https://b\u00fccher.example/"),
    "xn--bcher-kva.example:443 https://xn--bcher-kva.example/",
  );
});

test("what two readers would read in two ways is no address", () => {
  const odd = [
    ...["", "docs.example", "ftp://a.example/", "file:///etc/passwd", "javascript:alert(1)", "//a.example/x"],
    ...[
      "https://user:pw@a.example/",
      "https://a.example@evil.example/",
      "https:a.example",
      "https:///a.example",
    ],
    ...[
      "https://a.example\\@evil.example/",
      "https://a.exa\tmple/",
      "https://a.example/ x",
      "https://a\u200b.example/",
    ],
    ...[
      "http://0x7f.1/",
      "http://2130706433/",
      "http://127.1/",
      "http://0177.0.0.1/",
      "http://a.example:99999/",
    ],
    ...["http://%31%32%37.0.0.1/", "http://\u2460.example:x/"],
  ];
  for (const text of odd) assert.equal(check(text), "web-address", JSON.stringify(text));
});

test("an address with a secret in it is refused, however it is written", () => {
  const secret = ["sk", "live", "8dJ2kQw9Zr5Tn3Xb7Vm4Lc6P"].join("_");
  const placeholder = ["CLS", "ABCDEFGH", "K2"].join("_");
  const escaped = Buffer.from(secret).toString("hex").replaceAll(/../g, "%$&");
  for (const text of [secret, placeholder, placeholder.toLowerCase(), escaped]) {
    assert.equal(check(`https://a.example/?q=${text}`), "web-secret", text);
    assert.equal(check(`https://a.example/${text}`), "web-secret", text);
  }
});

test("an address that could carry a file away is refused; digests, words and short queries are not", () => {
  assert.equal(check(`https://a.example/?q=${"word ".repeat(80).replaceAll(" ", "+")}`), "web-payload");
  assert.equal(
    check(`https://a.example/${Buffer.from("some lines of code; some lines of code").toString("base64")}`),
    "web-payload",
  );
  assert.equal(check(`https://${"a".repeat(41)}.example/`), "web-payload");
  assert.equal(check(`https://a.example/${"a/".repeat(500)}`), "web-payload");
  assert.match(check(`https://a.example/sha256/${"0a".repeat(32)}`), /^a\.example/);
  assert.match(
    check("https://a.example/some-long-title-of-an-article-with-many-words-in-it.html?page=2"),
    /^a\.example/,
  );
});

test("a redirect may be long and relative, but not with a placeholder, to another protocol, or from https to http", () => {
  const from = page("https://a.example/x/y");
  assert.equal(check("../z", from), "a.example:443 https://a.example/z");
  assert.match(check(`https://b.example/?sig=${"a1B2".repeat(200)}`, from), /^b\.example/);
  assert.equal(check("http://a.example/", from), "web-downgrade");
  assert.equal(check("file:///etc/passwd", from), "web-address");
  assert.equal(check(`/${"x".repeat(9000)}`, from), "web-address");
  assert.equal(check(`/?k=${["CLS", "ABCDEFGH", "K2"].join("_")}`, from), "web-secret");
});
