/** An agent that was taken over at the keeper's door for processes: floods, and nobody who listens. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { eventually, runningWith } from "@cloister/fakes/machine";
import { encodeFrame, encodeJsonFrame } from "../src/process-frames.ts";
import { createWorld } from "./world.ts";

function open(socketPath: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const headers = { connection: "Upgrade", upgrade: "cloister-process" };
    const path = "/cloister/processes";
    const request = httpRequest({ socketPath, path, method: "POST", headers, agent: false });
    request.on("upgrade", (_response, socket) => resolve(socket.on("error", () => undefined)));
    request.on("error", reject);
    request.end();
  });
}

const untilGone = (mark: string): Promise<void> =>
  eventually(`${mark}, to end`, () => runningWith(mark).length === 0);

test("a client that floods the stream, and listens to nothing, is left with all that it started", async () => {
  const mark = `885${process.pid}`;
  await using world = await createWorld({ tier: "bubblewrap" });
  const floods: readonly (readonly [string, string])[] = [
    ["", "cat > /dev/null"],
    ["x", `sleep ${mark}`],
    ["x", "cat > /dev/null"],
  ];
  for (const [input, shell] of floods) {
    const socket = await open(world.socketPath);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    const started = new Promise<void>((resolve) => {
      socket.once("data", () => {
        socket.pause();
        resolve();
      });
    });
    socket.write(encodeJsonFrame("request", { kind: "command", shell }));
    await started;
    const frames = Buffer.concat(
      Array.from({ length: 5000 }, () => encodeFrame("input", Buffer.from(input))),
    );
    // A socket that is paused hears of its end only when it writes.
    for (let n = 0; n < 500 && !socket.destroyed; n++) {
      await new Promise<void>((resolve) => socket.write(frames, () => resolve()));
    }
    assert.ok(socket.destroyed, `${input} ${shell}`);
    await closed;
  }
  await untilGone(`sleep\0${mark}`);
});
