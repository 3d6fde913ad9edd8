// From JSON Schema to GBNF, the grammars of llama.cpp: what a model writes under one fits the schema, whatever it meant.
// White space is as Python's `json.dumps` leaves it, which is what models have read most of.

import { isRecord } from "@cloister/base";
import type { Json, JsonObject } from "@cloister/base";

export interface CallableTool {
  readonly name: string;
  /** JSON Schema of an object; without it the tool takes no arguments. */
  readonly parameters: JsonObject | undefined;
}

/**
 * One call of one of these tools, in the tags and the JSON of the Hermes and Qwen families, and nothing else.
 * @param closesThought Where the template has opened `<think>`, it is closed first: a call inside a thought is none.
 */
export function callGrammar(tools: readonly CallableTool[], closesThought = false): string {
  const calls = tools.map(({ name, parameters = { properties: {} } }, at) => {
    const rules = new SchemaRules(parameters, `tool-${at}`);
    const args = rules.of({ ...parameters, type: "object" });
    const head = literal(`{"name": ${JSON.stringify(name)}, "arguments": `);
    return { rules: rules.lines, text: `${head} ${args} "}"` };
  });
  const thought = closesThought ? literal("</think>\n\n") : "";
  return [
    `root ::= ${thought} "<tool_call>\\n" call "\\n</tool_call>"`,
    `call ::= ${calls.map(({ text }) => text).join(" | ")}`,
    ...calls.flatMap(({ rules }) => rules),
    ...JSON_RULES,
  ].join("\n");
}

/** One value that fits. */
export function schemaGrammar(schema: JsonObject): string {
  const rules = new SchemaRules(schema, "rule");
  const root = rules.of(schema);
  return [`root ::= ${root}`, ...rules.lines, ...JSON_RULES].join("\n");
}

/** Numbers so short that each is one of JavaScript's, and finite. */
const JSON_RULES = [
  'value ::= object | array | string | number | "true" | "false" | "null"',
  'object ::= "{" (string ": " value (", " string ": " value)*)? "}"',
  'array ::= "[" (value (", " value)*)? "]"',
  'string ::= "\\"" char* "\\""',
  'char ::= [^"\\\\\\x00-\\x1F\\x7F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4})',
  'natural ::= "0" | [1-9] [0-9]{0,14}',
  'integer ::= "-"? natural',
  'number ::= integer ("." [0-9]{1,14})? ([eE] [-+]? [0-9]{1,2})?',
];

/** Beyond these, what a schema says is left out, and the value is any JSON: looser, and never wrong. */
const DEPTH_MAX = 32;
const RULES_MAX = 2000;
const PROPERTIES_MAX = 128;
/** llama.cpp refuses grammars whose repetitions, multiplied, are many thousands. */
const REPEATS_MAX = 200;

/**
 * `type`, `properties`, `required`, `additionalProperties` without properties, `items`, `minItems`, `maxItems`, `enum`,
 * `const`, `anyOf`, `oneOf`, `allOf`, `$ref` within the schema, `minLength`, `maxLength`, and the sign of `minimum`.
 * Required properties come first.
 */
class SchemaRules {
  readonly lines: string[] = [];
  readonly #root: JsonObject;
  readonly #prefix: string;
  readonly #references = new Map<string, string>();

  constructor(root: JsonObject, prefix: string) {
    this.#root = root;
    this.#prefix = prefix;
  }

  of(schema: Json | undefined, depth = 0): string {
    if (!isRecord(schema) || depth > DEPTH_MAX || this.lines.length > RULES_MAX) return "value";
    const { $ref, allOf, anyOf, oneOf, ...own } = schema;
    if (typeof $ref === "string") return this.#reference($ref, depth);
    if (own["const"] !== undefined) return literal(JSON.stringify(own["const"]));
    if (isList(own["enum"])) return oneOfThese(own["enum"].map((value) => literal(JSON.stringify(value))));
    const choices = [anyOf, oneOf].find(isList);
    if (isList(allOf)) {
      const whole = allOf.reduce<JsonObject>(merged, own);
      return this.of(choices === undefined ? whole : { ...whole, anyOf: choices }, depth + 1);
    }
    if (choices !== undefined) {
      return oneOfThese(choices.map((choice) => this.of(merged(own, choice), depth + 1)));
    }
    return oneOfThese(typesOf(own).map((type) => this.#ofType(type, own, depth)));
  }

  #ofType(type: Json, schema: JsonObject, depth: number): string {
    switch (typeof type === "string" ? type : "") {
      case "object":
        return this.#object(schema, depth);
      case "array":
        return this.#array(schema, depth);
      case "string":
        return textRule(schema);
      case "integer":
        return Number(schema["minimum"]) >= 0 ? "natural" : "integer";
      case "number":
        return "number";
      case "boolean":
        return '("true" | "false")';
      case "null":
        return '"null"';
      default:
        return "value";
    }
  }

  #object({ properties, required, additionalProperties }: JsonObject, depth: number): string {
    if (!isRecord(properties)) {
      if (additionalProperties === false) return '"{}"';
      if (!isRecord(additionalProperties)) return "object";
      const pair = `string ": " ${this.#named(additionalProperties, depth + 1)}`;
      return `("{" (${pair} (", " ${pair})*)? "}")`;
    }
    const needed = isList(required) ? required.filter((name) => typeof name === "string") : [];
    const named = (name: string): string =>
      this.#rule(`${literal(`${JSON.stringify(name)}: `)} ${this.of(properties[name], depth + 1)}`);
    const first = needed.map(named);
    const others = Object.keys(properties)
      .filter((name) => !needed.includes(name))
      .slice(0, PROPERTIES_MAX)
      .map(named);
    if (first.length > 0) {
      const more = others.map((rule) => `(", " ${rule})?`);
      return this.#rule(['"{"', first.join(' ", " '), ...more, '"}"'].join(" "));
    }
    // Whichever is there first comes without a comma.
    const starts = others.map((rule, at) =>
      [rule, ...others.slice(at + 1).map((next) => `(", " ${next})?`)].join(" "),
    );
    return starts.length === 0 ? '"{}"' : this.#rule(`"{" (${starts.join(" | ")})? "}"`);
  }

  #array({ items, minItems, maxItems }: JsonObject, depth: number): string {
    const item = this.#named(items, depth + 1);
    const { least, most } = bounds(minItems, maxItems);
    if (most === 0) return '"[]"';
    const more =
      most === undefined ? `{${Math.max(0, least - 1)},}` : `{${Math.max(0, least - 1)},${most - 1}}`;
    const filled = `${item} (", " ${item})${more}`;
    return `("[" ${least > 0 ? filled : `(${filled})?`} "]")`;
  }

  /** For a rule that is written more than once: what is nested in itself would double with each level. */
  #named(schema: Json | undefined, depth: number): string {
    const rule = this.of(schema, depth);
    return /\s/.test(rule) ? this.#rule(rule) : rule;
  }

  /** A rule of its own for each target, so that a schema may speak of itself. */
  #reference(pointer: string, depth: number): string {
    const known = this.#references.get(pointer);
    if (known !== undefined) return known;
    const name = `${this.#prefix}-ref-${this.#references.size}`;
    this.#references.set(pointer, name);
    const target = pointer.startsWith("#") ? this.#at(pointer) : undefined;
    this.lines.push(`${name} ::= ${this.of(target, depth + 1)}`);
    return name;
  }

  /** By JSON Pointer (RFC 6901). */
  #at(pointer: string): Json | undefined {
    let value: Json | undefined = this.#root;
    for (const part of pointer.split("/").slice(1)) {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }
    return value;
  }

  #rule(body: string): string {
    const name = `${this.#prefix}-${this.lines.length}`;
    this.lines.push(`${name} ::= ${body}`);
    return name;
  }
}

/** Both, as far as a grammar cares. */
function merged(base: JsonObject, more: Json): JsonObject {
  if (!isRecord(more)) return base;
  const properties = { ...asRecord(base["properties"]), ...asRecord(more["properties"]) };
  const required = [...new Set([...asList(base["required"]), ...asList(more["required"])])];
  return {
    ...base,
    ...more,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
  };
}

function typesOf({ type, properties, items }: JsonObject): readonly Json[] {
  if (isList(type)) return type;
  if (type !== undefined) return [type];
  if (properties !== undefined) return ["object"];
  return [items === undefined ? "any" : "array"];
}

function textRule({ minLength, maxLength }: JsonObject): string {
  const { least, most } = bounds(minLength, maxLength);
  if (least === 0 && most === undefined) return "string";
  return `("\\"" char{${least},${most ?? ""}} "\\"")`;
}

function bounds(min: Json | undefined, max: Json | undefined): { least: number; most: number | undefined } {
  const isSane = (count: Json | undefined): count is number =>
    Number.isInteger(count) && Number(count) >= 0 && Number(count) <= REPEATS_MAX;
  const least = isSane(min) ? min : 0;
  return { least, most: isSane(max) && max >= least ? max : undefined };
}

function oneOfThese(rules: readonly string[]): string {
  return rules.length === 1 ? (rules[0] ?? "value") : `(${rules.join(" | ")})`;
}

function literal(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function isList(value: Json | undefined): value is Json[] {
  return Array.isArray(value) && value.length > 0;
}

function asList(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

function asRecord(value: Json | undefined): JsonObject {
  return isRecord(value) ? value : {};
}
