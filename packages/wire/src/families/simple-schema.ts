/**
 * Schemas of tools as a compiler of grammars can take them. llama.cpp makes a grammar of every schema it is sent, and
 * refuses the whole request where it cannot: a repetition above 2,000, a pattern that is not anchored or not its
 * subset, a reference that leads elsewhere or round in a circle; and limits below that make grammars that take seconds.
 * Calls are checked against the schema that the client gave all the same (`guard.ts`).
 */
import { isRecord, type Json, type JsonObject } from "@cloister/base";

/** What shapes a value; large limits, formats and conditions are left out. */
const kept: ReadonlySet<string> = new Set([
  ...["type", "enum", "const", "required", "description", "title", "default"],
  ...["properties", "items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf"],
]);

/** Small ones make small grammars, and keep a model that is held by one from writing without end. */
const limits: ReadonlySet<string> = new Set(["minLength", "maxLength", "minItems", "maxItems"]);
const LIMIT_MAX = 64;

const DEPTH_MAX = 12;
const REFERENCES_MAX = 4;
const NODES_MAX = 2000;

interface Walk {
  readonly root: JsonObject;
  nodes: number;
}

/** Deterministic. A schema that needs no change stays as it is, to the byte. */
export function simplifySchema(schema: JsonObject): JsonObject {
  const simple = simplify(schema, { root: schema, nodes: 0 }, { depth: 0, references: 0 });
  return isRecord(simple) ? simple : {};
}

interface Place {
  readonly depth: number;
  readonly references: number;
}

function simplify(schema: Json, walk: Walk, { depth, references }: Place): Json {
  if (!isRecord(schema)) return schema;
  walk.nodes += 1;
  if (depth > DEPTH_MAX || walk.nodes > NODES_MAX) return anything(schema);
  const { $ref: reference } = schema;
  if (typeof reference === "string") {
    const target = references < REFERENCES_MAX ? resolve(reference, walk.root) : undefined;
    if (target === undefined) return anything(schema);
    const resolved = simplify(target, walk, { depth: depth + 1, references: references + 1 });
    const { description } = schema;
    return isRecord(resolved) && typeof description === "string" ? { ...resolved, description } : resolved;
  }
  const below = { depth: depth + 1, references };
  const each = (list: readonly Json[]): Json[] => list.map((item) => simplify(item, walk, below));
  const entries = Object.entries(schema).flatMap(([word, value]): [string, Json][] => {
    if (limits.has(word)) return typeof value === "number" && value <= LIMIT_MAX ? [[word, value]] : [];
    if (!kept.has(word)) return [];
    switch (word) {
      case "properties":
        if (!isRecord(value)) return [];
        return [
          [
            word,
            Object.fromEntries(
              Object.entries(value).map(([name, inner]) => [name, simplify(inner, walk, below)]),
            ),
          ],
        ];
      case "items":
      case "additionalProperties":
        return [[word, simplify(value, walk, below)]];
      case "anyOf":
      case "oneOf":
      case "allOf":
      case "prefixItems":
        return Array.isArray(value) ? [[word, each(value as readonly Json[])]] : [];
      default:
        return [[word, value]];
    }
  });
  return Object.fromEntries(entries);
}

/** Of what is too deep to be spelled out, its type and its words are said. */
function anything({ type, description }: JsonObject): JsonObject {
  return {
    ...(type === undefined ? {} : { type }),
    ...(description === undefined ? {} : { description }),
  };
}

/** A JSON pointer (RFC 6901) within the document; anything else leads nowhere. */
function resolve(reference: string, root: JsonObject): Json | undefined {
  if (!reference.startsWith("#/")) return undefined;
  let at: unknown = root;
  for (const step of reference.slice(2).split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isRecord(at) || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  return isRecord(at) ? (at as JsonObject) : undefined;
}

/** The fields of a request, in any of the protocols, with such schemas in its tools; the same object when none changed. */
export function simplifyTools(fields: JsonObject): JsonObject {
  const { tools } = fields;
  if (!Array.isArray(tools)) return fields;
  const simple = (tools as readonly Json[]).map(simplifyTool);
  return simple.every((tool, index) => tool === tools[index]) ? fields : { ...fields, tools: simple };
}

function simplifyTool(tool: Json): Json {
  if (!isRecord(tool)) return tool;
  const { function: inner } = tool;
  if (isRecord(inner)) {
    const changed = simplifyTool(inner);
    return changed === inner ? tool : { ...tool, function: changed };
  }
  for (const name of ["parameters", "input_schema"]) {
    const schema = tool[name];
    if (!isRecord(schema)) continue;
    const simple = simplifySchema(schema);
    return JSON.stringify(simple) === JSON.stringify(schema) ? tool : { ...tool, [name]: simple };
  }
  return tool;
}
