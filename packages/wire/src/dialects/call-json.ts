/** Calls as JSON objects: `{"name": …, "arguments": …}` and its relatives. */
import { isRecord, type Json } from "@cloister/base";
import { propertiesOf, toolOf, type DialectContext, type Draft } from "./dialect.ts";
import { parseLoose, type Loose } from "./loose-json.ts";

const NAME_KEYS = ["name", "tool", "tool_name", "function", "function_name", "action"] as const;
const ARGUMENT_KEYS = ["arguments", "parameters", "args", "input", "tool_input", "action_input"] as const;
const OTHER_KEYS: ReadonlySet<string> = new Set(["type", "id", "tool_call_id", "call_id", "index"]);
/** More in one block is no answer of a model that works. */
const CALLS_MAX = 64;
/** What may stand beside a list of `tool_calls`: the rest of a message. */
const MESSAGE_KEYS: ReadonlySet<string> = new Set([
  "role",
  "content",
  "text",
  "thought",
  "reasoning",
  "reasoning_content",
  "tool_calls",
]);

/** The calls that a value is: one object, a list of them, or OpenAI's `tool_calls`. Undefined when any part is something else. */
export function draftsOf(value: Json, dialect: string): Draft[] | undefined {
  const isMessage = isRecord(value) && Object.keys(value).every((key) => MESSAGE_KEYS.has(key));
  if (isMessage && Array.isArray(value["tool_calls"])) {
    return draftsOf(value["tool_calls"] as Json, dialect);
  }
  if (Array.isArray(value)) {
    if (value.length === 0 || value.length > CALLS_MAX) return undefined;
    const drafts = value.map((item) => draftOf(item as Json, dialect));
    return drafts.every((draft) => draft !== undefined) ? drafts : undefined;
  }
  const draft = draftOf(value, dialect);
  return draft === undefined ? undefined : [draft];
}

function draftOf(value: Json, dialect: string): Draft | undefined {
  if (!isRecord(value)) return undefined;
  const inner = value["function"];
  if (isRecord(inner)) {
    const draft = draftOf(inner, dialect);
    return draft === undefined ? undefined : { ...draft, id: idOf(value) };
  }
  const nameKey = NAME_KEYS.find((key) => typeof value[key] === "string");
  const name = nameKey === undefined ? undefined : value[nameKey];
  if (typeof name !== "string") return undefined;
  const argumentKey = ARGUMENT_KEYS.find((key) => key in value);
  const isKnown = (key: string): boolean => key === nameKey || key === argumentKey || OTHER_KEYS.has(key);
  // Anything else in the object makes it data that happens to have a name, such as a tool's definition.
  if (!Object.keys(value).every(isKnown)) return undefined;
  const args = argumentKey === undefined ? undefined : value[argumentKey];
  const text = typeof args === "string" ? args : JSON.stringify(args ?? {});
  return { dialect, id: idOf(value), name, arguments: text };
}

/**
 * Inside tags that only calls have, an object may also be `{"read_file": {"path": …}}`, one key for each call, or have the arguments
 * beside the name. All names must be those of an offered tool and of its arguments.
 */
export function namedByKey(value: Json, dialect: string, context: DialectContext): Draft[] | undefined {
  const items = Array.isArray(value) ? (value as readonly Json[]).slice(0, CALLS_MAX) : [value];
  const drafts = items.map((item): Draft | undefined => {
    if (!isRecord(item)) return undefined;
    const { name, ...flat } = item;
    const tool = typeof name === "string" ? toolOf(name, context) : undefined;
    const keys = Object.keys(flat);
    if (
      tool !== undefined &&
      keys.length > 0 &&
      keys.every((key) => Object.hasOwn(propertiesOf(tool), key))
    ) {
      return { dialect, id: "", name: tool.name, arguments: JSON.stringify(flat) };
    }
    const [only] = Object.entries(item);
    const isNamed = only !== undefined && Object.keys(item).length === 1 && isRecord(only[1]);
    if (!isNamed || toolOf(only[0], context) === undefined) return undefined;
    return { dialect, id: "", name: only[0], arguments: JSON.stringify(only[1]) };
  });
  return drafts.every((draft) => draft !== undefined) && drafts.length > 0 ? drafts : undefined;
}

function idOf(value: Record<string, unknown>): string {
  const id = value["id"] ?? value["tool_call_id"] ?? value["call_id"];
  return typeof id === "string" ? id : "";
}

/** Whether a value says its arguments: without them an object with a name is as likely to be data. */
export function hasArguments(value: Json): boolean {
  if (Array.isArray(value)) return value.every((item) => hasArguments(item as Json));
  if (!isRecord(value)) return false;
  if (Array.isArray(value["tool_calls"])) return hasArguments(value["tool_calls"] as Json);
  const holder = isRecord(value["function"]) ? value["function"] : value;
  const key = ARGUMENT_KEYS.find((name) => name in holder);
  if (key === undefined) return false;
  const args = holder[key];
  const isSchema = isRecord(args) && args["type"] === "object" && isRecord(args["properties"]);
  return (isRecord(args) && !isSchema) || typeof args === "string";
}

/**
 * The JSON value at a place inside a block that ends at `blockEnd`. A missing last brace is made good where the arguments themselves
 * were closed: the block's own end then says that nothing is missing from them.
 */
export function parseInBlock(text: string, at: number, blockEnd: number): Loose {
  const whole = parseLoose(text, at);
  if (whole.kind === "value") return whole;
  const body = text.slice(at, blockEnd).trimEnd();
  if (!body.endsWith("}")) return whole;
  const closed = parseLoose(`${body}}`);
  const isCall =
    closed.kind === "value" &&
    isRecord(closed.value) &&
    ARGUMENT_KEYS.some((key) => isLastObject(closed, key));
  return isCall ? { ...closed, end: blockEnd } : whole;
}

function isLastObject(closed: Loose & { readonly kind: "value" }, key: string): boolean {
  const last = isRecord(closed.value) ? Object.entries(closed.value).at(-1) : undefined;
  return last?.[0] === key && isRecord(last[1]);
}

/** The name that a damaged object gives, for the error that the model reads. */
export function nameIn(text: string): string {
  return (
    /["'](?:name|tool|tool_name|function|action)["']\s*:\s*["']([^"'\n]{1,128})["']/.exec(text)?.[1] ?? ""
  );
}
