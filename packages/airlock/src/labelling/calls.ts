/** What the calls of a conversation were about, in any of the protocols: their results are theirs. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { effectOf, type Integrity } from "@cloister/policy";

export interface CallAbout {
  /** Files and folders that it names. */
  readonly paths: readonly string[];
  /** How far its result is to be trusted. */
  readonly integrity: Integrity;
}

const CALLS_MAX = 10_000;
const PATHS_MAX = 200;
const PATH_CHARS_MAX = 1000;

/** Remembers the calls that an item makes. */
export function noteCalls(item: JsonObject, calls: Map<string, CallAbout>): void {
  for (const { id, name, input } of callsIn(item)) {
    if (calls.size < CALLS_MAX) calls.set(id, aboutCall(name, input));
  }
}

/** The calls whose results an item holds. */
export function answeredCalls(item: JsonObject): string[] {
  const { content } = item;
  const ids = [item["tool_call_id"], item["call_id"]];
  for (const block of Array.isArray(content) ? content : []) {
    if (isRecord(block)) ids.push(block["tool_use_id"] as Json);
  }
  return ids.filter((id) => typeof id === "string");
}

interface RawCallIn {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
}

function callsIn(item: JsonObject): RawCallIn[] {
  const { tool_calls: chat, content, type } = item;
  const found: RawCallIn[] = [];
  const add = (id: unknown, name: unknown, input: unknown): void => {
    if (typeof id === "string" && typeof name === "string") found.push({ id, name, input: parsed(input) });
  };
  for (const call of Array.isArray(chat) ? chat : []) {
    if (isRecord(call) && isRecord(call["function"])) {
      add(call["id"], call["function"]["name"], call["function"]["arguments"]);
    }
  }
  for (const block of Array.isArray(content) ? content : []) {
    if (isRecord(block) && block["type"] === "tool_use") add(block["id"], block["name"], block["input"]);
  }
  if (typeof type === "string" && type.endsWith("_call")) {
    add(item["call_id"], item["name"] ?? type, item["arguments"] ?? item["input"] ?? item["action"]);
  }
  return found;
}

function parsed(input: unknown): Json {
  if (typeof input !== "string") return (input ?? null) as Json;
  try {
    return JSON.parse(input) as Json;
  } catch {
    return input; // a custom tool takes plain text
  }
}

/** Names of arguments that clients' tools have for a file or a folder. */
const pathArguments = new Set([
  ...["file_path", "path", "filePath", "absolute_path", "target_file", "notebook_path", "filename", "file"],
  ...["paths", "files", "file_paths", "directory", "dir", "workdir", "cwd", "glob", "pattern", "include"],
]);
const commandArguments = new Set(["command", "cmd", "script", "commands"]);
const fetching = /web|fetch|search_online|browser|^mcp_|__|url|http/i;

export function aboutCall(name: string, input: Json): CallAbout {
  const paths: string[] = [];
  let integrity: Integrity = fetching.test(name) ? "untrusted" : "user";
  for (const [key, value] of Object.entries(isRecord(input) ? input : { command: input })) {
    const texts = (Array.isArray(value) ? value : [value]).filter((text) => typeof text === "string");
    if (pathArguments.has(key)) paths.push(...texts);
    if (!commandArguments.has(key)) continue;
    const line = texts.join(" ");
    paths.push(...pathsInCommand(line));
    if (effectOf({ tool: "Bash", text: line }, "workspace") === "egress") integrity = "untrusted";
  }
  const kept = paths.filter((path) => path !== "" && path.length <= PATH_CHARS_MAX);
  return { paths: kept.slice(0, PATHS_MAX), integrity };
}

/** Any word may be a file's name. */
function pathsInCommand(line: string): string[] {
  return line.split(/[\s'"`;|&<>()=,]+/, PATHS_MAX);
}
