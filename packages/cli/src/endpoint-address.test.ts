import assert from "node:assert/strict";
import { test } from "node:test";
import { formatEndpoint, parseEndpoint } from "./endpoint-address.ts";

test("a model server is named by its URL, with its protocol before it, and a name before that", () => {
  const read = (text: string): unknown[] => {
    const { name, protocol, url } = parseEndpoint(text);
    return [name, protocol?.name, url.href];
  };
  assert.deepEqual(read("http://127.0.0.1:8080"), [undefined, undefined, "http://127.0.0.1:8080/v1"]);
  assert.deepEqual(read(" messages+https://a.test/anthropic/v1/ "), [
    ...[undefined, "messages"],
    "https://a.test/anthropic/v1",
  ]);
  assert.deepEqual(read("lab=responses+http://a.test"), ["lab", "responses", "http://a.test/v1"]);
  assert.deepEqual(read("a.b-1=chat+http://a.test/x=y"), ["a.b-1", "chat", "http://a.test/x=y"]);
});

test("what is written is what is read again; Chat needs no saying", () => {
  for (const text of ["http://a.test/v1", "messages+http://a.test/v1", "responses+https://a.test/api"]) {
    const { protocol, url } = parseEndpoint(text);
    assert.equal(formatEndpoint({ protocol, url: url.href }), text);
  }
  const { protocol, url } = parseEndpoint("chat+http://a.test");
  assert.equal(formatEndpoint({ protocol, url: url.href }), "http://a.test/v1");
});

test("a protocol that there is not, a password and half an address are refused", () => {
  assert.throws(() => parseEndpoint("message+http://a.test"), /no protocol "message"/);
  assert.throws(() => parseEndpoint("constructor+http://a.test"), /no protocol "constructor"/);
  assert.throws(() => parseEndpoint("messages+a.test"), /is not a URL|neither http nor https/);
  const secret = ["pass", "word"].join("");
  assert.throws(
    () => parseEndpoint(`lab=messages+http://user:${secret}@a.test`),
    (error) =>
      error instanceof Error && /password/.test(error.message) && !error.message.includes(`:${secret}`),
  );
  for (const text of ["", "lab=", "messages+", "lab"]) {
    assert.throws(() => parseEndpoint(text), /is not a URL/);
  }
});
