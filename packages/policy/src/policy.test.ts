import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInPolicy, classify, decideRequest, join, labels } from "./index.ts";

test("without a policy file: a label above the clearance is refused with rule, reason and next step; at or below it is sent", () => {
  for (const [height, label] of labels.entries()) {
    for (const [clearanceHeight, clearance] of labels.entries()) {
      const decision = decideRequest(builtInPolicy, {
        client: { name: "cloister", version: "1", evidence: "started" },
        now: 0,
        classification: classify(label),
        endpoint: {
          id: "e",
          address: "e.test:443",
          isLoopback: false,
          clearance: { label: clearance, compartments: "all" },
        },
        alternatives: [],
      });
      assert.equal(decision.kind, height <= clearanceHeight ? "send" : "refuse", `${label} to ${clearance}`);
      assert.equal(decision.source.rule, "label-within-clearance");
      if (decision.kind === "refuse") assert.ok(decision.why.includes(label) && decision.next !== "");
    }
  }
});

test("the label of a whole is the highest of its parts", () => {
  assert.equal(join("public", "restricted"), "restricted");
  assert.equal(join("core", "internal"), "core");
});
