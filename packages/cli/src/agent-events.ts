/**
 * What comes back from the agent's process, a line at a time. The process is not trusted: whoever took it over writes
 * what they like, so each event is looked at field by field, once, here. All readers behind it trust the type.
 */
import type { AgentEvent, Ending, Speed } from "@cloister/agent";
import { CloisterError, isRecord } from "@cloister/base";
import { isShallow } from "./shallow.ts";

export type ReadEvent =
  | { readonly kind: "event"; readonly event: AgentEvent }
  /** Stray output of a library, passed over. */
  | { readonly kind: "none" }
  | { readonly kind: "broken"; readonly error: CloisterError };

/** Subagents are nested three deep. */
const NESTED_MAX = 4;
const KIND_CHARS_MAX = 40;

export function readAgentEvent(line: string): ReadEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: "none" }; // no event of ours is cut in half: a process that dies says so by its end
  }
  if (!isRecord(value) || !("kind" in value)) return { kind: "none" };
  if (isShallow(value) && isEvent(value, NESTED_MAX)) return { kind: "event", event: value as AgentEvent };
  const kind = typeof value["kind"] === "string" ? value["kind"].slice(0, KIND_CHARS_MAX) : "unknown";
  return { kind: "broken", error: brokenAgent(`a malformed ${JSON.stringify(kind)}`) };
}

export function brokenAgent(what: string): CloisterError {
  return new CloisterError(`the agent's process wrote ${what}: it is broken, or somebody took it over`, {
    code: "agent-broken",
    next: "what was said before is saved: look at it with cloister sessions show, and go on with --resume; it cannot have sent anything that the ledger does not hold",
  });
}

type Check = (value: unknown) => boolean;
/** Every field of a type has its check: one that is added and not looked at does not compile. */
type Fields<T> = { readonly [Name in keyof Omit<T, "kind">]-?: Check };
type Kind = AgentEvent["kind"];
type Of<K extends Kind> = Extract<AgentEvent, { readonly kind: K }>;

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const count: Check = (value) => typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
const whole: Check = (value) => count(value) && Number.isInteger(value);
const anything: Check = () => true;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && words.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

function shape<T>(fields: Fields<T>): Check {
  const checks = Object.entries<Check>(fields);
  return (value) => isRecord(value) && checks.every(([name, check]) => check(value[name]));
}

const mode = oneOf("default", "acceptEdits", "plan", "dontAsk", "bypass");

const usage = shape<Ending["usage"]>({
  promptTokens: count,
  cachedTokens: optional(count),
  completionTokens: count,
});
const trouble = shape<NonNullable<Ending["error"]>>({ code: text, message: text, next: optional(text) });
const ending = shape<Ending>({
  outcome: oneOf("done", "cancelled", "failed", "max-turns", "max-tokens", "max-time", "max-cost"),
  text,
  structured: anything,
  turns: whole,
  usage,
  cost: optional(count),
  unpricedTokens: optional(count),
  error: optional(trouble),
});

/** What the airlock and a later resume read of a message; other fields travel along. */
const item: Check = (value) => {
  if (!isRecord(value) || !oneOf("system", "user", "assistant", "tool")(value["role"])) return false;
  const { content, tool_calls: calls, tool_call_id: id, cloister } = value;
  const isContent = content === undefined || content === null || text(content) || listOf(isRecord)(content);
  return isContent && optional(listOf(call))(calls) && optional(text)(id) && optional(provenance)(cloister);
};
const call: Check = (value) =>
  isRecord(value) && text(value["id"]) && isRecord(value["function"]) && text(value["function"]["name"]);
const range: Check = (value) =>
  isRecord(value) && text(value["path"]) && whole(value["from"]) && whole(value["to"]);
const provenance: Check = (value) =>
  isRecord(value) &&
  text(value["source"]) &&
  optional(text)(value["tool"]) &&
  optional(listOf(range))(value["files"]);

const option: Check = (value) =>
  isRecord(value) && text(value["label"]) && optional(text)(value["description"]);
const question: Check = (value) =>
  isRecord(value) &&
  text(value["question"]) &&
  optional(text)(value["header"]) &&
  listOf(option)(value["options"]) &&
  optional(flag)(value["multiSelect"]);
const ask: Check = (value) =>
  isRecord(value) &&
  (value["kind"] === "plan"
    ? text(value["plan"])
    : value["kind"] === "choice" && listOf(question)(value["questions"]));

const diff = shape<NonNullable<Of<"result">["diff"]>>({
  path: text,
  hunks: text,
  added: whole,
  removed: whole,
});
const todo = shape<Of<"todos">["todos"][number]>({
  content: text,
  status: oneOf("pending", "in_progress", "completed"),
  activeForm: optional(text),
});

const aside: Check = (value) =>
  isRecord(value) &&
  (value["kind"] === "text"
    ? text(value["text"])
    : value["kind"] === "end" && optional(usage)(value["usage"]) && optional(trouble)(value["error"]));

const goal = shape<NonNullable<Of<"goal">["goal"]>>({
  text,
  check: optional(text),
  missed: optional(whole),
});
const goalStep: Check = (value) =>
  isRecord(value) &&
  (oneOf("set", "cleared")(value["kind"]) ||
    (oneOf("missed", "reached", "given-up")(value["kind"]) && text(value["text"])) ||
    (value["kind"] === "checking" && text(value["id"])));

const shapes: { readonly [K in Exclude<Kind, "subagent">]: Check } = {
  start: shape<Of<"start">>({ tools: listOf(text), instructions: listOf(text), mode: optional(mode) }),
  item: shape<Of<"item">>({ item, index: whole }),
  user: shape<Of<"user">>({ text, pictures: optional(whole) }),
  status: shape<Of<"status">>({ text, isNews: optional((value) => value === true) }),
  reading: shape<Of<"reading">>({ total: count, cached: count, read: count, ms: number }),
  judging: shape<Of<"judging">>({ calls: listOf(text) }),
  text: shape<Of<"text">>({ text }),
  reasoning: shape<Of<"reasoning">>({ text }),
  call: shape<Of<"call">>({ id: text, name: text, args: isRecord }),
  progress: shape<Of<"progress">>({ id: text, text }),
  result: shape<Of<"result">>({
    ...{ id: text, name: text, ok: flag, text, diff: optional(diff) },
    refused: optional(oneOf("truncated", "missing-argument", "type", "syntax", "unknown-tool", "denied")),
  }),
  question: shape<Of<"question">>({ id: text, ask }),
  mode: shape<Of<"mode">>({ mode }),
  background: shape<Of<"background">>({
    ...{ id: text, command: text, state: oneOf("running", "ended"), exitCode: optional(number) },
    ...{ isStopped: optional(flag), bytes: whole, tail: optional(text) },
  }),
  server: shape<Of<"server">>({
    name: text,
    state: oneOf("idle", "starting", "ready", "failed", "login"),
    tools: whole,
    why: optional(text),
  }),
  todos: shape<Of<"todos">>({ todos: listOf(todo) }),
  turn: shape<Of<"turn">>({
    number: whole,
    usage: optional(usage),
    speed: shape<Speed>({ firstMs: optional(number), tokensPerSecond: optional(number) }),
  }),
  context: shape<Of<"context">>({ used: count, window: optional(count) }),
  compaction: shape<Of<"compaction">>({
    compaction: shape<Of<"compaction">["compaction"]>({
      trigger: oneOf("full", "overflow", "asked"),
      method: oneOf("shortened", "summary", "structure"),
      before: count,
      after: count,
    }),
  }),
  aside: shape<Of<"aside">>({ id: text, what: aside }),
  goal: shape<Of<"goal">>({ goal: optional(goal), step: goalStep }),
  end: shape<Of<"end">>({ ending }),
};

function isEvent(value: unknown, nestedMax: number): boolean {
  if (!isRecord(value)) return false;
  const { kind } = value;
  if (kind === "subagent") return isSubagent(value, nestedMax);
  return (
    typeof kind === "string" && Object.hasOwn(shapes, kind) && shapes[kind as keyof typeof shapes](value)
  );
}

function isSubagent({ id, parent, what }: Record<string, unknown>, nestedMax: number): boolean {
  if (!text(id) || !optional(text)(parent) || !isRecord(what)) return false;
  switch (what["kind"]) {
    case "begin":
      return text(what["agent"]) && text(what["description"]) && optional(text)(what["call"]);
    case "event":
      return nestedMax > 0 && isEvent(what["event"], nestedMax - 1);
    case "end":
      return ending(what["ending"]);
    default:
      return false;
  }
}
