import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { connect } from "node:tls";
import { test } from "node:test";
import { readClientHello } from "./client-hello.ts";

/** The first message of Node's own client, caught before it goes anywhere. */
function helloFor(servername: string | undefined): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk);
        done();
      },
    });
    const tls = connect({ socket, ...(servername === undefined ? {} : { servername }) });
    tls.on("error", () => {
      /* nobody answers it */
    });
  });
}

test("the server name of a real client is found, in small letters", async () => {
  const hello = readClientHello(await helloFor("Registry.Example.com"));
  assert.deepEqual(hello, { kind: "hello", serverName: "registry.example.com" });
});

test("a hello without a name is one", async () => {
  assert.deepEqual(readClientHello(await helloFor(undefined)), { kind: "hello", serverName: undefined });
});

test("cut anywhere it is incomplete, and in records of any size it is whole", async () => {
  const bytes = await helloFor("a.example");
  for (let end = 1; end < bytes.length; end++) {
    assert.equal(readClientHello(bytes.subarray(0, end)).kind, "incomplete", String(end));
  }
  const message = bytes.subarray(5);
  const records = Array.from(message, (byte) => Buffer.from([22, 3, 1, 0, 1, byte]));
  assert.deepEqual(readClientHello(Buffer.concat(records)), { kind: "hello", serverName: "a.example" });
});

test("what is not TLS is told from the first byte, and never throws", () => {
  assert.equal(readClientHello(Buffer.from("GET / HTTP/1.1\r\n")).kind, "not-tls");
  assert.equal(readClientHello(Buffer.from("SSH-2.0-x\r\n")).kind, "not-tls");
  assert.equal(readClientHello(Buffer.from([22, 9])).kind, "not-tls");
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 0])).kind, "not-tls");
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])).kind, "malformed");
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255])).kind, "malformed");
});

test("lengths that lie are malformed", async () => {
  const bytes = await helloFor("a.example");
  for (let at = 9; at < bytes.length; at++) {
    const lying = Buffer.from(bytes);
    lying[at] = 255;
    const { kind } = readClientHello(lying);
    assert.ok(["hello", "malformed", "incomplete"].includes(kind), `${at}: ${kind}`);
  }
});

test("two server names are none", () => {
  const name = Buffer.from([0, 0, 0, 6, 0, 4, 0, 0, 1, 97]);
  const extensions = Buffer.concat([name, name]);
  const body = Buffer.concat([
    Buffer.alloc(34),
    Buffer.from([0, 0, 2, 0, 47, 1, 0, 0, extensions.length]),
    extensions,
  ]);
  const hello = Buffer.concat([Buffer.from([22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length]), body]);
  assert.deepEqual(readClientHello(hello), { kind: "malformed" });
});
