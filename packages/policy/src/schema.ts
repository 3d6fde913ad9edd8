/** The JSON Schema (2020-12) of a policy file, for editors. What it says, `parsePolicy` checks; the other way round too. */
import type { Json, JsonObject } from "@cloister/base";
import { integrities } from "./classification.ts";
import { labels } from "./labels.ts";
import { codeFindingKinds, effects } from "./policy.ts";
import { settingTypes } from "./settings.ts";

const text = { type: "string", minLength: 1 };
const texts = { type: "array", items: { type: "string" } };
const label = { enum: [...labels] };
const verdict = { enum: ["allow", "ask", "deny"] };
/** Where the two differ: while all that was read is as trusted as the workspace, and after something less trusted. */
const verdicts: JsonObject = {
  anyOf: [verdict, object({ trusted: verdict, untrusted: verdict }, ["trusted", "untrusted"])],
};
const day = { type: "string", pattern: String.raw`^\d{4}-\d\d-\d\d$` };
const retention = {
  type: "string",
  pattern: String.raw`^(none|\d{1,5}d)$`,
  description: "none, or days such as 30d",
};

export const policySchema: JsonObject = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Cloister policy",
  ...object(
    {
      version: { const: 1 },
      name: text,
      labels: object({
        default: described(label, "what a workspace's content is where no rule says more"),
        paths: list({ glob: text, label, compartments: texts }, ["glob", "label"]),
        fingerprints: described(texts, "files made by cloister policy fingerprint"),
        pictures: described(label, "a picture or a document that comes from no file of the workspace"),
        personal: described({ enum: ["seal", "allow"] }, "personal data in a request"),
        email: described({ type: "boolean" }, "whether e-mail addresses count as personal data"),
      }),
      endpoints: object({
        unlisted: described(
          { enum: ["refuse", "loopback", "as-configured"] },
          "an endpoint that no rule names; loopback: on this machine only",
        ),
        rules: list(
          {
            match: described(text, "host, host:port, *.domain, loopback or *"),
            clearance: label,
            compartments: { anyOf: [texts, { const: "all" }] },
            operator: text,
            jurisdiction: text,
            retention,
            training: { type: "boolean" },
          },
          ["match", "clearance"],
        ),
        require: list({ from: label, training: { const: false }, retention, jurisdictions: texts }, ["from"]),
      }),
      bans: list(
        {
          client: described(text, "a name, with * for anything"),
          versions: described(text, "comparisons such as >=2.1 <3, or *"),
          from: day,
          until: day,
          message: text,
          instead: text,
        },
        ["client"],
      ),
      tools: list(
        {
          tool: described(text, "a tool's name, with * for anything"),
          match: described(text, "the command, path or address, with * for anything"),
          decision: verdict,
          below: described({ enum: [...integrities] }, "only while something less trusted is in the context"),
          reason: text,
        },
        ["tool", "decision"],
      ),
      effects: object(named(effects, verdicts)),
      code: object(named(codeFindingKinds, verdicts)),
      settings: object(
        Object.fromEntries(Object.entries(settingTypes).map(([name, type]) => [name, setting(type)])),
      ),
    },
    ["version"],
  ),
};

function object(properties: JsonObject, required: readonly string[] = []): JsonObject {
  return { type: "object", properties, additionalProperties: false, required: [...required] };
}

function list(properties: JsonObject, required: readonly string[]): JsonObject {
  return { type: "array", items: object(properties, required) };
}

function described(schema: JsonObject, description: string): JsonObject {
  return { ...schema, description };
}

function named(names: readonly string[], schema: Json): JsonObject {
  return Object.fromEntries(names.map((name) => [name, schema]));
}

function setting(type: string): JsonObject {
  const value: JsonObject = type === "list" ? texts : { type };
  const modes = { mandatory: value, default: value, ...(type === "list" ? { extendable: value } : {}) };
  return { ...object(modes), minProperties: 1, maxProperties: 1 };
}
