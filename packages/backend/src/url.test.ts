import assert from "node:assert/strict";
import { test } from "node:test";
import { isLoopback, parseEndpointUrl } from "./index.ts";

test("a bare host means its /v1, a path is kept, trailing slashes go", () => {
  assert.equal(parseEndpointUrl("http://127.0.0.1:8080").href, "http://127.0.0.1:8080/v1");
  assert.equal(parseEndpointUrl(" http://127.0.0.1:8080/ ").href, "http://127.0.0.1:8080/v1");
  assert.equal(
    parseEndpointUrl("https://models.example/openai/v1//").href,
    "https://models.example/openai/v1",
  );
});

test("anything but a plain http or https URL is refused", () => {
  const wrong = [
    "",
    "localhost:8080",
    "127.0.0.1:8080",
    "ftp://a/",
    "file:///etc/passwd",
    "http://a/?q=1",
    "http://a/#f",
  ];
  for (const text of wrong) assert.throws(() => parseEndpointUrl(text), { code: "bad-endpoint-url" }, text);
});

test("credentials in the URL are refused, and not repeated", () => {
  const password = "hun" + "ter2";
  for (const text of [
    `http://me:${password}@127.0.0.1/v1`,
    `ftp://me:${password}@127.0.0.1/`,
    `ht!tp://me:${password}@a`,
  ]) {
    assert.throws(
      () => parseEndpointUrl(text),
      (error: Error) =>
        /endpoint/.test(error.message) && !JSON.stringify([error.message, error]).includes(password),
      text,
    );
  }
  assert.throws(() => parseEndpointUrl("http://me@127.0.0.1/"), { code: "endpoint-url-credentials" });
});

test("loopback is 127.0.0.0/8, ::1 and localhost, however they are spelt", () => {
  const local = [
    "127.0.0.1",
    "127.255.0.9",
    "0x7f.1",
    "2130706433",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "localhost",
    "LOCALHOST.",
    "a.localhost",
  ];
  for (const host of local) assert.equal(isLoopback(new URL(`http://${host}:1/v1`)), true, host);
});

test("what merely looks like loopback is not", () => {
  const foreign = [
    "127.0.0.1.example.org",
    "localhost.example.org",
    "notlocalhost",
    "0.0.0.0",
    "128.0.0.1",
    "[::2]",
    "10.0.0.1",
  ];
  for (const host of foreign) assert.equal(isLoopback(new URL(`http://${host}:1/v1`)), false, host);
});
