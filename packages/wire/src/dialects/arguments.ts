/** From the text of a call's arguments to an object with the schema's own keys. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { parseLoose } from "./loose-json.ts";
import { LEAKED_TOKEN, plainKey, resolveName } from "./names.ts";

export type ParsedArguments =
  | { readonly kind: "ok"; readonly args: JsonObject }
  | { readonly kind: "bad"; readonly detail: string }
  | { readonly kind: "cut" };

/** Servers and models encode once too often; more than twice nobody does. */
const ENCODED_TIMES_MAX = 2;

/** No arguments at all is an empty object: several servers send nothing for a tool without parameters. */
export function parseArguments(text: string, encodedTimes: number = 0): ParsedArguments {
  if (text.trim() === "") return { kind: "ok", args: {} };
  const read = readValue(text);
  if (read.kind !== "value") return read;
  const { value } = read;
  if (isRecord(value)) return { kind: "ok", args: value };
  // Nothing at all, and PHP's word for an empty object.
  if (value === null || (Array.isArray(value) && value.length === 0)) return { kind: "ok", args: {} };
  if (typeof value === "string" && encodedTimes < ENCODED_TIMES_MAX) {
    return parseArguments(value, encodedTimes + 1);
  }
  return { kind: "bad", detail: "not an object" };
}

type ReadValue =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "bad"; readonly detail: string }
  | { readonly kind: "cut" };

function readValue(text: string): ReadValue {
  const whole = readJson(text);
  if (whole !== undefined) return whole;
  // Not JSON as it stands: the rest of this function finds out whether it can mean one thing only.
  const bare = withSingleBraces(unwrapped(text));
  const first = parseLoose(bare);
  if (first.kind === "cut") return first;
  if (first.kind === "bad") return { kind: "bad", detail: `${first.detail} (at character ${first.at})` };
  const rest = bare.slice(first.end).trim();
  // One brace too many at the end is the commonest slip of all, and hides nothing.
  if (/^[}\s]{0,4}$/.test(rest)) return first;
  const again = parseLoose(rest);
  const isWhole = again.kind === "value" && rest.slice(again.end).trim() === "";
  // An empty object first and the real one after it is what some servers' stream parsers make.
  if (isWhole && isRecord(again.value) && isEmptyObject(first.value)) return again;
  if (isWhole && JSON.stringify(again.value) === JSON.stringify(first.value)) return first;
  if (again.kind === "cut" && isCopyOf(bare.slice(0, first.end), rest)) return first;
  return { kind: "bad", detail: `there is more after the end of the object: ${rest.slice(0, 40)}` };
}

function readJson(text: string): ReadValue | undefined {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined; // the caller reads it in other ways
  }
  const twice = isRecord(value) ? keyGivenTwice(text, value) : undefined;
  if (twice === undefined) return { kind: "value", value };
  return { kind: "bad", detail: `the key "${twice}" is given twice, differently` };
}

/** JSON's readers take the last of two equal keys without a word, which nobody can have meant. */
function keyGivenTwice(text: string, value: JsonObject): string | undefined {
  // In a string the quotes of a key are escaped, so a second pair of bare ones is a key, perhaps of an inner object.
  const keys = Object.keys(value);
  const isSuspect =
    keys.length > KEYS_MAX ||
    keys.some((key) => {
      const quoted = JSON.stringify(key);
      const at = text.indexOf(quoted);
      return at >= 0 && text.includes(quoted, at + quoted.length);
    });
  const read = isSuspect ? parseLoose(text) : undefined;
  return read?.kind === "bad" ? /^the key "(.*)" is given twice/.exec(read.detail)?.[1] : undefined;
}

/** More keys are not searched for one by one. */
const KEYS_MAX = 32;

/** `{{"path": "a"}}`: models copy the doubled braces of prompts that were templates. */
function withSingleBraces(text: string): string {
  return /^\{\s*\{\s*["']/.test(text) && /\}\s*\}\s*$/.test(text.slice(-64))
    ? text.slice(text.indexOf("{", 1))
    : text;
}

/** Without a code fence or leaked template tokens around it. */
function unwrapped(text: string): string {
  const fence = /^\s*```[a-z]*\n([^]*?)\n?```\s*$/.exec(text);
  const body = (fence?.[1] ?? text).trim();
  const ends = new RegExp(`^(?:(?:${LEAKED_TOKEN.source})\\s*)+|(?:\\s*(?:${LEAKED_TOKEN.source}))+$`, "g");
  return /^[[{"']/.test(body) && /[\]}"']$/.test(body)
    ? body
    : body.slice(0, BODY_CHARS_MAX).replace(ends, "");
}

/** Repairs are for calls that a person would read; a longer text is left as it is and judged so. */
const BODY_CHARS_MAX = 4 * 1024 * 1024;

function isEmptyObject(value: Json): boolean {
  return isRecord(value) && Object.keys(value).length === 0;
}

/** Whether the second is the beginning of the first, but for blanks: the same arguments sent twice and cut. */
function isCopyOf(first: string, second: string): boolean {
  return first.replaceAll(/\s/g, "").startsWith(second.replaceAll(/\s/g, ""));
}

/** Names for one thing, as the agents that models were trained on call it. */
const ALIASES: readonly (readonly string[])[] = [
  ["path", "file_path", "filename", "file", "absolute_path", "file_name", "target_file"],
  ["path", "directory", "dir", "folder", "dir_path"],
  ["command", "cmd", "shell_command"],
  ["old_text", "old_string", "old_str"],
  ["new_text", "new_string", "new_str"],
  ["content", "contents", "file_text", "file_content", "text"],
];

/** Keys that models put around the arguments by mistake. */
const WRAPPERS: ReadonlySet<string> = new Set(["arguments", "parameters", "args", "kwargs", "input"]);

/**
 * The arguments under the schema's own names: an alias counts only where the real name is absent. The fault names a key that holds
 * template markup and no argument's name: such a call was cut in the wrong places, and its values cannot be trusted.
 */
export function withSchemaKeys(
  written: JsonObject,
  tool: { readonly name: string; readonly parameters: JsonObject },
): { readonly args: JsonObject; readonly fault?: string } {
  const properties = isRecord(tool.parameters["properties"]) ? tool.parameters["properties"] : {};
  const args = unwrappedObject(written, properties, tool.name);
  const names = new Map<string, string>();
  const taken = new Set<string>(Object.keys(args).filter((key) => Object.hasOwn(properties, key)));
  for (const [key, value] of Object.entries(args)) {
    if (Object.hasOwn(properties, key)) continue;
    const plain = key.split(LEAKED_TOKEN).join("").trim();
    if (/[<>|｜]/.test(plain) || (plain !== key && typeof value === "string" && LEAKED_TOKEN.test(value))) {
      return { args, fault: `the key ${JSON.stringify(key)} holds template markup` };
    }
    const real = realName(plain, properties);
    if (real === undefined) continue;
    // Two aliases of one absent name could mean two things: neither is taken, and the check says what is missing.
    const rival = [...names].find(([, name]) => name === real);
    if (rival === undefined) names.set(key, real);
    else if (args[rival[0]] !== value) names.delete(rival[0]);
    else names.set(key, real);
  }
  if (names.size === 0 && tool.parameters["additionalProperties"] !== false) return { args };
  const isClosed = tool.parameters["additionalProperties"] === false;
  const entries = Object.entries(args).flatMap(([key, value]): [string, Json][] => {
    const real = names.get(key);
    if (real !== undefined) return taken.has(real) ? [] : [[real, value]];
    // A tool that declares no other arguments does not get them.
    return isClosed && !Object.hasOwn(properties, key) ? [] : [[key, value]];
  });
  return { args: Object.fromEntries(entries) };
}

function realName(written: string, properties: Readonly<Record<string, unknown>>): string | undefined {
  const key = plainKey(written);
  const same = Object.keys(properties).filter((name) => plainKey(name) === key);
  if (same.length > 0) return same.length === 1 ? same[0] : undefined;
  const groups = ALIASES.filter((group) => group.some((name) => plainKey(name) === key));
  const real = Object.keys(properties).filter((name) =>
    groups.some((group) => group.some((alias) => plainKey(alias) === plainKey(name))),
  );
  return real.length === 1 ? real[0] : undefined;
}

/** `{"arguments": {…}}` and `{"name": "read_file", "arguments": {…}}` where the arguments alone belong. */
function unwrappedObject(
  args: JsonObject,
  properties: Readonly<Record<string, unknown>>,
  toolName: string,
): JsonObject {
  const keys = Object.keys(args).filter((key) => key !== "name" && key !== "type");
  const [only] = keys;
  if (only === undefined || keys.length > 1 || !WRAPPERS.has(only) || Object.hasOwn(properties, only)) {
    return args;
  }
  const name = args["name"];
  if (name !== undefined && (Object.hasOwn(properties, "name") || !isSameName(name, toolName))) return args;
  const inner = args[only];
  const parsed = typeof inner === "string" ? parseArguments(inner) : undefined;
  if (parsed?.kind === "ok") return parsed.args;
  return isRecord(inner) ? inner : args;
}

function isSameName(written: Json | undefined, toolName: string): boolean {
  return typeof written === "string" && resolveName(written, [{ name: toolName }]) !== undefined;
}
