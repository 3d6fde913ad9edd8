import assert from "node:assert/strict";
import { test } from "node:test";
import { writeModels } from "./models.ts";

const models = [
  { id: "a", displayName: "Model A", created: 1_700_000_000, ownedBy: "house" },
  { id: "b", created: 0, ownedBy: "house" },
];

test("clients of OpenAI get a list", () => {
  assert.deepEqual(writeModels(models, "openai"), {
    object: "list",
    data: [
      { id: "a", object: "model", created: 1_700_000_000, owned_by: "house" },
      { id: "b", object: "model", created: 0, owned_by: "house" },
    ],
  });
});

test("clients of Anthropic get one page with names and dates", () => {
  assert.deepEqual(writeModels(models, "anthropic"), {
    data: [
      { type: "model", id: "a", display_name: "Model A", created_at: "2023-11-14T22:13:20Z" },
      { type: "model", id: "b", display_name: "b", created_at: "1970-01-01T00:00:00Z" },
    ],
    has_more: false,
    first_id: "a",
    last_id: "b",
  });
});

test("no models are an empty page without ends", () => {
  assert.deepEqual(writeModels([], "anthropic"), {
    data: [],
    has_more: false,
    first_id: null,
    last_id: null,
  });
});
