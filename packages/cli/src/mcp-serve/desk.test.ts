import assert from "node:assert/strict";
import { test } from "node:test";
import { classify } from "@cloister/policy";
import { whyNothing } from "./desk.ts";

const ending = {
  outcome: "failed",
  error: { code: "MODULE-9", message: "module chip_top(", next: "endmodule" },
} as const;

test("what a client is told where it was shown nothing has no word of the agent's in it", () => {
  const limits = { client: "other", clearance: "internal" } as const;
  for (const held of [undefined, classify("internal"), classify("core"), classify("internal", ["chip-7"])]) {
    const text = whyNothing(ending, { ...limits, held });
    assert.doesNotMatch(text, /chip_top|endmodule|MODULE-9/);
  }
  assert.match(
    whyNothing(ending, { ...limits, held: classify("core") }),
    /core; client:other is cleared for internal only/,
  );
  assert.match(whyNothing(ending, { ...limits, held: classify("internal", ["chip-7"]) }), /chip-7/);
  assert.match(whyNothing({ outcome: "cancelled" }, { ...limits, held: undefined }), /cancelled/);
});
