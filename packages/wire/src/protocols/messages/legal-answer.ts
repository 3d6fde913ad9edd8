/** What the clients of Messages take for an answer, for tests: the order of events, strictly. */
import assert from "node:assert/strict";
import { isRecord, type JsonObject } from "@cloister/base";

const DELTAS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ["text", ["text_delta"]],
  ["thinking", ["thinking_delta", "signature_delta"]],
  ["tool_use", ["input_json_delta"]],
]);

export function framesOf(bytes: Uint8Array): JsonObject[] {
  return Buffer.from(bytes)
    .toString()
    .split("\n\n")
    .filter((text) => text !== "")
    .map((text) => JSON.parse(text.slice(text.indexOf("\ndata: ") + 7)) as JsonObject);
}

/** One block at a time, counted from 0, deltas of its kind only, one outcome, and nothing after the end. */
export function assertLegal(frames: readonly JsonObject[]): void {
  let next = 0;
  let open: unknown;
  let phase: "new" | "started" | "decided" | "over" = "new";
  for (const frame of frames) {
    const type = frame["type"] as string;
    if (type === "ping") continue;
    assert.notEqual(phase, "over", `${type} after the end`);
    switch (type) {
      case "message_start":
        assert.equal(phase, "new");
        phase = "started";
        break;
      case "content_block_start": {
        const block = frame["content_block"];
        assert.deepEqual([phase, open, frame["index"]], ["started", undefined, next]);
        open = isRecord(block) ? block["type"] : "nothing";
        break;
      }
      case "content_block_delta": {
        const delta = frame["delta"];
        assert.deepEqual([phase, frame["index"]], ["started", next]);
        assert.ok(
          isRecord(delta) && DELTAS.get(open)?.includes(delta["type"] as string),
          JSON.stringify(frame),
        );
        break;
      }
      case "content_block_stop":
        assert.ok(open !== undefined && frame["index"] === next);
        open = undefined;
        next += 1;
        break;
      case "message_delta":
        assert.deepEqual([phase, open], ["started", undefined]);
        phase = "decided";
        break;
      case "message_stop":
        assert.equal(phase, "decided");
        phase = "over";
        break;
      case "error":
        phase = "over";
        break;
      default:
        assert.fail(`no event of the protocol: ${JSON.stringify(frame)}`);
    }
  }
}
