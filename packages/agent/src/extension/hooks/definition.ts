/** Hooks as settings define them: `{Event: [{matcher, hooks: [handler]}]}`. */
import { isRecord, type JsonObject } from "@cloister/base";
import { readFields, type Fields } from "../front-matter.ts";
import type { Loss, Origin } from "../reader.ts";
import { toOwnNames } from "../tool-names.ts";
import { isHookEvent, whyAbsent, type HookEvent } from "./events.ts";
import { parseMatcher, type Matcher } from "./matcher.ts";

export interface Hook {
  readonly origin: Origin;
  readonly event: HookEvent;
  readonly matcher: Matcher;
  readonly handler: HookHandler;
  readonly timeoutMs: number;
  /** One permission rule: only calls that it speaks of. */
  readonly condition: string | undefined;
  readonly isOnce: boolean;
  /** Nobody waits for it, and it decides nothing. */
  readonly isAsync: boolean;
  /** Of managed hooks only: a timeout, a crash or a missing script is a refusal. */
  readonly isFailClosed: boolean;
  readonly statusMessage: string | undefined;
  /** Of a subagent's own hooks: the subagent in whose conversation alone it runs. */
  readonly agent?: string;
}

export type HookHandler =
  /** With `args` it is started without a shell. */
  | { readonly kind: "command"; readonly command: string; readonly args: readonly string[] | undefined }
  | {
      readonly kind: "http";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Which variables may stand in headers. */
      readonly variables: readonly string[];
    }
  /** A model's judgement; `$ARGUMENTS` in the prompt is the hook's input. */
  | { readonly kind: "prompt"; readonly prompt: string; readonly model: string | undefined }
  /** The same by a subagent, which may read the workspace and nothing else. */
  | { readonly kind: "agent"; readonly prompt: string; readonly model: string | undefined }
  /** A tool of an MCP server; `${path}` in its input is what stands there in the hook's. */
  | {
      readonly kind: "mcp_tool";
      readonly server: string;
      readonly tool: string;
      readonly input: JsonObject;
    }
  /** What cannot be run here. Only managed hooks that fail closed are kept so: they refuse. */
  | { readonly kind: "unsupported"; readonly type: string };

export interface HookReading {
  readonly origin: Origin;
  /** Milliseconds in a unit of `timeout`; undefined: seconds, unless a number is too large to be meant so. */
  readonly timeoutUnitMs?: number;
  /** What an event is called here; undefined for one that never happens. */
  readonly eventOf?: (name: string) => string | undefined;
  /** The subagent whose own they are. */
  readonly agent?: string;
}

const HOOKS_MAX = 200;
const SECONDS_MAX = 3600;
const timeoutsMs = {
  command: 600_000,
  http: 600_000,
  mcp_tool: 600_000,
  prompt: 30_000,
  agent: 60_000,
  unsupported: 1000,
} as const;
const PROMPT_SUBMIT_MS = 30_000;

export function parseHooks(
  value: unknown,
  reading: HookReading,
): { readonly hooks: readonly Hook[]; readonly losses: readonly Loss[] } {
  const hooks: Hook[] = [];
  const losses: Loss[] = [];
  const { path } = reading.origin;
  const lose = (subject: string, why: string): void => {
    losses.push({ path, subject, why });
  };
  if (value !== undefined && !isRecord(value)) lose("hooks", "it must be an object");
  for (const [name, list] of Object.entries(isRecord(value) ? value : {})) {
    const event = reading.eventOf === undefined ? name : reading.eventOf(name);
    if (event === undefined || !isHookEvent(event)) {
      lose(`hooks.${name}`, whyAbsent(event ?? name) ?? "no such event happens here");
      continue;
    }
    for (const [index, group] of (Array.isArray(list) ? (list as unknown[]) : [list]).entries()) {
      const subject = `hooks.${name}[${index}]`;
      const handlers = isRecord(group) ? group["hooks"] : undefined;
      if (!isRecord(group) || !Array.isArray(handlers)) {
        lose(subject, "it must have a list `hooks`");
        continue;
      }
      const matcher = parseMatcher(toOwnNames(typeof group["matcher"] === "string" ? group["matcher"] : ""));
      if (matcher.kind === "bad") lose(`${subject}.matcher`, matcher.why);
      for (const handler of handlers as unknown[]) {
        const hook = isRecord(handler)
          ? parseHook(handler, event, matcher, reading, subject, lose)
          : undefined;
        if (hook !== undefined && hooks.length < HOOKS_MAX) hooks.push(hook);
        else if (hook !== undefined) lose(subject, `there are more than ${HOOKS_MAX} hooks`);
        else if (!isRecord(handler)) lose(subject, "a hook is an object");
      }
    }
  }
  return { hooks, losses };
}

function parseHook(
  record: Record<string, unknown>,
  event: HookEvent,
  matcher: Matcher,
  reading: HookReading,
  subject: string,
  lose: (subject: string, why: string) => void,
): Hook | undefined {
  const fields = readFields(record);
  const isManaged = reading.origin.scope === "managed";
  const isFailClosed = isManaged && fields.flag("failClosed") === true;
  const isVain = fields.flag("failClosed") === true && !isManaged;
  if (isVain) lose(`${subject}.failClosed`, "only managed hooks fail closed");
  const parsed = parseHandler(record, fields);
  if (parsed.kind === "unsupported") {
    const needed = Object.hasOwn(needs, parsed.type) ? needs[parsed.type] : undefined;
    lose(
      subject,
      needed === undefined
        ? `hooks of type "${parsed.type}" are not run here`
        : `a hook of type "${parsed.type}" needs ${needed}`,
    );
    // Silence would be consent.
    if (!isFailClosed) return undefined;
  }
  if (fields.flag("asyncRewake") === true) lose(`${subject}.asyncRewake`, "it wakes nobody here");
  return {
    origin: reading.origin,
    event,
    matcher,
    handler: parsed,
    timeoutMs: timeoutOf(record["timeout"], reading.timeoutUnitMs) ?? defaultTimeout(event, parsed),
    condition: fields.text("if"),
    isOnce: fields.flag("once") === true,
    isAsync: fields.flag("async", "asyncRewake") === true && !isFailClosed,
    isFailClosed,
    statusMessage: fields.text("statusMessage"),
    ...(reading.agent === undefined ? {} : { agent: reading.agent }),
  };
}

/** What a handler of a kind that exists here lacks when it is none. */
const needs: Readonly<Record<string, string>> = {
  command: "a command",
  http: "a url that begins with http:// or https://",
  prompt: "a prompt",
  agent: "a prompt",
  mcp_tool: "a server and a tool",
};

function parseHandler(record: Record<string, unknown>, fields: Fields): HookHandler {
  const type = fields.text("type") ?? "command";
  const text = (name: string): string | undefined => {
    const value = record[name];
    return typeof value === "string" && value.trim() !== "" ? value : undefined;
  };
  const command = text("command");
  if (type === "command" && command !== undefined) {
    const args = Array.isArray(record["args"]) ? fields.list("args") : undefined;
    return { kind: "command", command, args };
  }
  const url = text("url");
  if (type === "http" && url !== undefined && /^https?:\/\//iu.test(url)) {
    const headers = Object.entries(isRecord(record["headers"]) ? record["headers"] : {});
    const texts = headers.filter((entry): entry is [string, string] => typeof entry[1] === "string");
    return {
      kind: "http",
      url,
      headers: Object.fromEntries(texts),
      variables: fields.list("allowedEnvVars") ?? [],
    };
  }
  const prompt = text("prompt");
  if ((type === "prompt" || type === "agent") && prompt !== undefined) {
    return { kind: type, prompt, model: text("model") };
  }
  const [server, tool] = [text("server"), text("tool")];
  if (type === "mcp_tool" && server !== undefined && tool !== undefined) {
    const input = isRecord(record["input"]) ? (record["input"] as JsonObject) : {};
    return { kind: "mcp_tool", server, tool, input };
  }
  return { kind: "unsupported", type };
}

function timeoutOf(value: unknown, unitMs: number | undefined): number | undefined {
  if (typeof value !== "number" || !(value > 0)) return undefined;
  // Qwen Code's files hold both units; nobody means an hour of waiting.
  const unit = unitMs ?? (value >= SECONDS_MAX ? 1 : 1000);
  return Math.min(Math.ceil(value * unit), SECONDS_MAX * 1000);
}

function defaultTimeout(event: HookEvent, handler: HookHandler): number {
  const usual = timeoutsMs[handler.kind];
  return event === "UserPromptSubmit" ? Math.min(usual, PROMPT_SUBMIT_MS) : usual;
}
