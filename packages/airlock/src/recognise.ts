/** Who asks, at a door that is open to everybody: what the client says, and what its requests look like. */
import type { IncomingHttpHeaders } from "node:http";
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { Client } from "./session.ts";

/**
 * A client that hides its name is known by what it cannot easily leave out: then that counts, and it has no version,
 * which a ban takes for any. `request` is what the body says, where there is one.
 */
export function recogniseClient(headers: IncomingHttpHeaders, request?: JsonObject): Client {
  const claimed = claimedClient(headers);
  const found = marks.find(({ header, isMarked }) => header(headers) || (request && isMarked(request)));
  if (found === undefined) return claimed;
  const isItself = found.names.test(claimed.name);
  return { ...(isItself ? claimed : { name: found.name, version: "" }), evidence: "recognised" };
}

/** What the client says of itself, such as `claude-cli/2.1.329 (…)`. */
function claimedClient(headers: IncomingHttpHeaders): Client {
  const [, name = "unknown", version = ""] =
    /^([\w.@-]{1,64})(?:\/([\w.+-]{1,64}))?/.exec(headers["user-agent"] ?? "") ?? [];
  return { name, version, evidence: "claimed" };
}

interface Mark {
  readonly name: string;
  /** As it names itself in its user agent. */
  readonly names: RegExp;
  readonly header: (headers: IncomingHttpHeaders) => boolean;
  readonly isMarked: (request: JsonObject) => boolean;
}

function has(name: string, value?: RegExp): Mark["header"] {
  return (headers) => {
    const text = headers[name];
    return typeof text === "string" && (value === undefined || value.test(text));
  };
}

const never = (): boolean => false;

/** The strongest evidence first: what stands in a body takes more trouble to change than a header to add. */
const marks: readonly Mark[] = [
  { name: "claude-cli", names: /^claude-/i, header: never, isMarked: isClaudeCode },
  {
    name: "codex_cli_rs",
    names: /^codex/i,
    header: never,
    isMarked: headIs(/^You are (?:Codex\b|a coding agent running in the Codex CLI)/),
  },
  { name: "QwenCode", names: /^qwen/i, header: never, isMarked: headIs(/^You are Qwen Code\b/) },
  { name: "opencode", names: /^opencode/i, header: never, isMarked: headIs(/^You are opencode\b/i) },
  {
    name: "GeminiCLI",
    names: /^gemini/i,
    header: never,
    isMarked: headIs(/^You are (?:Gemini CLI\b|an interactive CLI agent specializing in software)/),
  },
  { name: "Cline", names: /^cline/i, header: never, isMarked: headIs(/^You are Cline\b/) },
  { name: "claude-cli", names: /^claude-/i, header: has("x-claude-code-session-id"), isMarked: never },
  { name: "codex_cli_rs", names: /^codex/i, header: has("originator", /^codex/i), isMarked: never },
  { name: "QwenCode", names: /^qwen/i, header: has("x-dashscope-useragent", /^qwen/i), isMarked: never },
  { name: "opencode", names: /^opencode/i, header: has("x-opencode-session"), isMarked: never },
  { name: "opencode", names: /^opencode/i, header: has("x-title", /^opencode$/i), isMarked: never },
  { name: "Cline", names: /^cline/i, header: has("x-title", /^cline$/i), isMarked: never },
];

/** Its user id is an object with a device and a session in it; before that it was one long name. */
function isClaudeCode(request: JsonObject): boolean {
  const { metadata } = request;
  const user = isRecord(metadata) ? metadata["user_id"] : undefined;
  if (typeof user === "string") {
    if (/^user_[0-9a-f]{16,128}_account_.{0,64}_session_/.test(user)) return true;
    if (/^\s*\{/.test(user) && /"device_id"/.test(user) && /"session_id"/.test(user)) return true;
  }
  return claudeHead(request);
}

function headIs(head: RegExp): Mark["isMarked"] {
  return (request) => headsOf(request).some((text) => head.test(text.trimStart()));
}

const claudeHead = headIs(/^(?:You are (?:Claude Code\b|a Claude agent\b)|x-anthropic-billing-header:)/);

const ITEMS_MAX = 4;

/** The beginnings of the system prompt, wherever the protocol has it. */
function headsOf({ system, instructions, messages, input }: JsonObject): string[] {
  const items = [messages, input].flatMap((list) =>
    Array.isArray(list) ? (list as readonly Json[]).slice(0, ITEMS_MAX) : [],
  );
  const said = items.flatMap((item) =>
    isRecord(item) && (item["role"] === "system" || item["role"] === "developer") ? [item["content"]] : [],
  );
  return [system, instructions, ...said].flatMap((value) => textsOf(value));
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, ITEMS_MAX)
    .flatMap((block) => (isRecord(block) && typeof block["text"] === "string" ? [block["text"]] : []));
}
