import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMessage, readMessages } from "./frames.ts";

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function read(bytes: Buffer, size = bytes.length): Promise<unknown[]> {
  return Array.fromAsync(readMessages(pieces(bytes, size)));
}

const messages = [{ id: 1 }, { text: "中文 😀" }, {}];

test("messages come out as they went in, wherever the stream is cut", async () => {
  const bytes = Buffer.concat(messages.map(encodeMessage));
  for (let size = 1; size <= 40; size++) assert.deepEqual(await read(bytes, size), messages);
});

test("other headers, letters of either case and a greeting are passed over", async () => {
  const framed = (head: string): Buffer => Buffer.from(`${head}\r\n\r\n{"id":1}`);
  const type = "Content-Type: application/vscode-jsonrpc; charset=utf-8";
  for (const head of [
    "content-length: 8",
    `${type}\r\nContent-Length: 8`,
    `Starting …\nContent-Length:8\r\n${type}`,
  ]) {
    assert.deepEqual(await read(framed(head)), [{ id: 1 }], head);
  }
});

test("a header without end or length, a message without bound and one that is no JSON end the stream", async () => {
  for (const text of [
    "x".repeat(9000),
    "Content-Type: x\r\n\r\n{}",
    "Content-Length: -1\r\n\r\n{}",
    "Content-Length: 99999999999\r\n\r\n{}",
    "Content-Length: 3\r\n\r\n{}x",
  ]) {
    await assert.rejects(read(Buffer.from(text)), { code: "lsp-protocol" }, text.slice(0, 40));
  }
});

test("a stream that ends in the middle of a message has only those before it", async () => {
  const bytes = Buffer.concat([encodeMessage({ id: 1 }), encodeMessage({ id: 2 }).subarray(0, -1)]);
  assert.deepEqual(await read(bytes), [{ id: 1 }]);
});

test("a message in very many pieces is put together in bearable time", async () => {
  const bytes = encodeMessage({ text: "x".repeat(2_000_000) });
  assert.equal((await read(bytes, 100)).length, 1);
});
