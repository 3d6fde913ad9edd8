import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { createKeeperClient, type ProcessRequest } from "../src/client.ts";
import { encodeFrame } from "../src/process-frames.ts";

const request: ProcessRequest = { kind: "server", name: "x" };
const never = new AbortController().signal;

/** A keeper that answers each stream as it is told to. */
async function openKeeperThat(
  answer: (socket: Duplex) => void,
): Promise<AsyncDisposable & { client: ReturnType<typeof createKeeperClient> }> {
  const folder = mkdtempSync(join(tmpdir(), "process-client-"));
  const path = join(folder, "s");
  const server = createServer();
  server.on("upgrade", (_request, socket) => {
    socket.on("error", () => socket.destroy()).on("end", () => socket.destroy());
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: x\r\n\r\n");
    socket.once("data", () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const client = createKeeperClient(path);
  return {
    client,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

test("a keeper that is not there, that dies or speaks in riddles before the start, is named", async () => {
  const client = createKeeperClient(join(tmpdir(), "nobody-is-here"));
  await assert.rejects(client.start(request, never), { code: "keeper-unreachable" });
  await assert.rejects(client.start(request, AbortSignal.abort()), { code: "cancelled" });
  client.close();
  const answers: ((socket: Duplex) => void)[] = [
    (socket) => socket.destroy(),
    (socket) => socket.write("garbage, and more of it"),
    (socket) => socket.write(encodeFrame("ended", Buffer.from("not json"))),
  ];
  for (const answer of answers) {
    await using keeper = await openKeeperThat(answer);
    await assert.rejects(keeper.client.start(request, never), { code: "keeper-unreachable" });
  }
});

test("a stream that breaks off ends the output and has neither code nor signal; what is said afterwards is lost", async () => {
  for (const last of [undefined, "garbage, and more of it"]) {
    await using keeper = await openKeeperThat((socket) => {
      socket.write(encodeFrame("started"));
      socket.write(encodeFrame("out", Buffer.from("hi")), () =>
        setImmediate(() => (last === undefined ? socket.destroy() : socket.write(last))),
      );
    });
    const running = await keeper.client.start(request, never);
    const pieces = await Array.fromAsync(running.output);
    assert.equal(Buffer.concat(pieces.map(({ bytes }) => bytes)).toString(), "hi");
    assert.deepEqual(await running.ended, { timedOut: false });
    running.kill();
    running.resize(80, 24);
    assert.equal(running.write(Buffer.from("x")), true);
    running.end();
    await running.drained();
  }
});
