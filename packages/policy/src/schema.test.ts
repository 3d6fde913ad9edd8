import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { parsePolicy, policySchema } from "./index.ts";

/** A value that uses every field the schema knows. */
function sampleOf(schema: unknown, name = ""): unknown {
  assert.ok(isRecord(schema));
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  if (Array.isArray(schema["anyOf"])) return sampleOf(schema["anyOf"].at(-1));
  if (schema["type"] === "array") return [sampleOf(schema["items"])];
  if (schema["type"] === "boolean") return true;
  if (schema["type"] === "number") return 1;
  if (schema["type"] === "string") {
    const pattern = typeof schema["pattern"] === "string" ? schema["pattern"] : "";
    if (pattern.includes("-")) return "2026-07-10";
    if (pattern !== "") return "30d";
    return name === "versions" ? ">=1" : "text";
  }
  assert.ok(isRecord(schema["properties"]));
  const entries = Object.entries(schema["properties"]);
  const used = schema["maxProperties"] === 1 ? entries.slice(0, 1) : entries;
  return Object.fromEntries(used.map(([field, inner]) => [field, sampleOf(inner, field)]));
}

/** Calls `visit` with every mapping in a value. */
function eachMapping(value: unknown, visit: (mapping: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const item of value) eachMapping(item, visit);
  if (!isRecord(value)) return;
  for (const item of Object.values(value)) eachMapping(item, visit);
  visit(value);
}

test("what uses every field of the schema is read without a fault", () => {
  const parsed = parsePolicy(sampleOf(policySchema));
  assert.equal(parsed.kind, "policy", JSON.stringify(parsed));
});

test("a field that the schema does not know is a fault, at every place", () => {
  const sample = sampleOf(policySchema);
  let places = 0;
  eachMapping(sample, (mapping) => {
    places += 1;
    mapping["surprise"] = true;
    assert.equal(parsePolicy(sample).kind, "problems", JSON.stringify(mapping));
    delete mapping["surprise"];
    assert.equal(parsePolicy(sample).kind, "policy");
  });
  assert.ok(places > 20, String(places));
});
