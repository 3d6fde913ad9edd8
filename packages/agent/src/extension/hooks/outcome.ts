/** What one hook said, read from what it left behind: exit code, output, answer. */
import { isRecord, type JsonObject } from "@cloister/base";
import type { Hook } from "./definition.ts";
import { hookEvents, type HookEvent } from "./events.ts";

/** What became of a hook that was run. */
export type HookRun =
  | { readonly kind: "ended"; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  /** Of an `http` hook. */
  | { readonly kind: "answered"; readonly status: number; readonly body: string }
  /** Of a `prompt` or `agent` hook: the model's text, `{"ok": …, "reason": …}`. */
  | { readonly kind: "judged"; readonly text: string }
  | { readonly kind: "timed-out" }
  /** It could not be started, or a signal ended it. */
  | { readonly kind: "failed"; readonly why: string };

export type PermissionVerdict = "deny" | "defer" | "ask" | "allow";

/** What one hook said. What it did not speak of is absent. */
export interface HookSaid {
  readonly hook: Hook;
  readonly permission?: { readonly verdict: PermissionVerdict; readonly reason: string };
  /** It refuses, tells the model or makes it go on: see `hookEvents`. */
  readonly block?: string;
  /** Everything is to end. */
  readonly stop?: string;
  readonly updatedInput?: JsonObject;
  readonly updatedOutput?: unknown;
  /** To what an MCP server asks, in the person's place. */
  readonly elicited?: Elicited;
  /** The model may make a refused call again. */
  readonly retry?: boolean;
  readonly context?: string;
  /** For the person. */
  readonly message?: string;
  /** It failed, and was not one that refuses by failing. */
  readonly trouble?: string;
}

export interface Elicited {
  readonly action: "accept" | "decline" | "cancel";
  readonly content: JsonObject | undefined;
}

const TEXT_CHARS_MAX = 10_000;

/** Reads by the protocol of Claude Code; a failure counts as no answer, but for hooks that fail closed, where it refuses. */
export function readHookRun(hook: Hook, run: HookRun): HookSaid {
  // A check that crashed half way may have printed anything.
  const isCrash = hook.isFailClosed && run.kind === "ended" && run.exitCode !== 0 && run.exitCode !== 2;
  const read = isCrash ? `it ended with ${run.exitCode}` : readAny(hook.event, run);
  if (typeof read !== "string") return { hook, ...read };
  if (!hook.isFailClosed) return { hook, trouble: read };
  const why = `a required check could not be made: ${read}`;
  return hook.event === "PreToolUse"
    ? { hook, permission: { verdict: "deny", reason: why }, trouble: read }
    : { hook, block: why, trouble: read };
}

type Said = Omit<HookSaid, "hook">;

/** @returns a text when the hook failed */
function readAny(event: HookEvent, run: HookRun): Said | string {
  switch (run.kind) {
    case "timed-out":
      return "it took too long";
    case "failed":
      return run.why;
    case "judged":
      return readJudgement(event, run.text);
    case "answered": {
      if (run.status < 200 || run.status > 299) return `its server answered ${run.status}`;
      if (run.body.trim() === "") return {};
      return readJson(event, run.body) ?? "its server's answer is not JSON";
    }
    case "ended":
      return readEnded(event, run);
  }
}

function readEnded(
  event: HookEvent,
  { exitCode, stdout, stderr }: HookRun & { kind: "ended" },
): Said | string {
  const json = stdout.trimStart().startsWith("{") ? readJson(event, stdout) : undefined;
  if (exitCode === 2) {
    // The code refuses whatever the output says.
    const reason = cut(stderr.trim()) || (json?.block ?? "a hook refused it");
    return { ...json, ...refusalOf(event, reason) };
  }
  if (exitCode !== 0 && json === undefined) {
    const said = stderr.trim().split("\n", 1)[0] ?? "";
    return `it ended with ${exitCode}${said === "" ? "" : `: ${cut(said)}`}`;
  }
  if (json !== undefined) return json;
  const text = stdout.trim();
  if (text.startsWith("{")) return "its output begins like JSON and is none";
  return text !== "" && hookEvents[event].isTextContext ? { context: cut(text) } : {};
}

function refusalOf(event: HookEvent, reason: string): Said {
  const isTool = event === "PreToolUse" || event === "PermissionRequest";
  if (isTool) return { permission: { verdict: "deny", reason } };
  return hookEvents[event].onBlock === "nothing" ? { message: reason } : { block: reason };
}

function readJson(event: HookEvent, text: string): Said | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // The caller knows whether that matters.
  }
  if (!isRecord(value)) return undefined;
  const specific = isRecord(value["hookSpecificOutput"]) ? value["hookSpecificOutput"] : {};
  // What is meant for another event does not count here.
  const isOther = specific["hookEventName"] !== undefined && specific["hookEventName"] !== event;
  const own = isOther ? {} : specific;
  const reason = textOf(value["reason"]);
  const context = textOf(own["additionalContext"]);
  const message = textOf(value["systemMessage"]);
  return {
    ...readDecision(event, value["decision"], reason),
    ...(event === "PreToolUse" ? readPermission(own) : {}),
    ...(event === "PermissionRequest" ? readRequestDecision(own["decision"]) : {}),
    ...(event === "PostToolUse" ? readOutput(own) : {}),
    ...(event === "Elicitation" || event === "ElicitationResult" ? readElicited(own) : {}),
    ...(event === "PermissionDenied" && own["retry"] === true ? { retry: true } : {}),
    ...(value["continue"] === false ? { stop: textOf(value["stopReason"]) ?? "a hook stopped it" } : {}),
    ...(context === undefined ? {} : { context }),
    ...(message === undefined ? {} : { message }),
  };
}

/** `block` and, as before there was `permissionDecision`, `approve`; others write `deny` and `allow`. */
function readDecision(event: HookEvent, decision: unknown, reason: string | undefined): Said {
  const blocks = decision === "block" || decision === "deny";
  if (event === "PreToolUse") {
    if (blocks) return { permission: { verdict: "deny", reason: reason ?? "a hook refused it" } };
    const approves = decision === "approve" || decision === "allow";
    return approves ? { permission: { verdict: "allow", reason: reason ?? "" } } : {};
  }
  if (!blocks) return {};
  const why = reason ?? "a hook gave no reason";
  return hookEvents[event].onBlock === "nothing" ? { message: why } : { block: why };
}

const verdicts: readonly PermissionVerdict[] = ["deny", "defer", "ask", "allow"];

function readPermission(own: Readonly<Record<string, unknown>>): Said {
  const verdict = verdicts.find((each) => each === own["permissionDecision"]);
  const reason = textOf(own["permissionDecisionReason"]) ?? "";
  const input = own["updatedInput"];
  // A verdict that does not exist is a mistake in a check: it must not pass as consent.
  const isUnknown = own["permissionDecision"] !== undefined && verdict === undefined;
  return {
    ...(verdict === undefined ? {} : { permission: { verdict, reason } }),
    ...(isUnknown
      ? { permission: { verdict: "ask", reason: "a hook gave a verdict that does not exist" } }
      : {}),
    ...(isRecord(input) && verdict !== "deny" ? { updatedInput: input as JsonObject } : {}),
  };
}

function readRequestDecision(decision: unknown): Said {
  if (!isRecord(decision)) return {};
  const reason = textOf(decision["message"]) ?? "";
  if (decision["behavior"] === "deny") return { permission: { verdict: "deny", reason } };
  if (decision["behavior"] !== "allow") return {};
  const input = decision["updatedInput"];
  return {
    permission: { verdict: "allow", reason },
    ...(isRecord(input) ? { updatedInput: input as JsonObject } : {}),
  };
}

function readOutput(own: Readonly<Record<string, unknown>>): Said {
  const output = own["updatedToolOutput"] ?? own["updatedMCPToolOutput"];
  return output === undefined ? {} : { updatedOutput: output };
}

function readElicited({ action, content }: Readonly<Record<string, unknown>>): Said {
  if (action !== "accept" && action !== "decline" && action !== "cancel") return {};
  return { elicited: { action, content: isRecord(content) ? (content as JsonObject) : undefined } };
}

/** A model's words are no check: what cannot be read refuses nothing, unless the hook fails closed. */
function readJudgement(event: HookEvent, text: string): Said | string {
  const json = /\{[^]*\}/u.exec(text)?.[0];
  let value: unknown;
  try {
    value = JSON.parse(json ?? "");
  } catch {
    return "the model's judgement is not JSON";
  }
  if (!isRecord(value) || typeof value["ok"] !== "boolean") return "the model's judgement has no `ok`";
  return value["ok"]
    ? {}
    : readDecision(event, "block", textOf(value["reason"]) ?? "a model judged against it");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? cut(value) : undefined;
}

function cut(text: string): string {
  return text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX).toWellFormed()}\n(cut here)`;
}
