/** For tests: a session whose model plays a script, in a workspace of its own, with a clock that only moves when told. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRecord, type Clock, type JsonObject } from "@cloister/base";
import type { AnswerEvent, RawCall, Usage } from "@cloister/wire";
import { bringInTests, type BroughtInTests } from "./brings.ts";
import type { AgentEvent, Ending } from "./events.ts";
import { openAgentSession, type AgentSession, type SessionOptions } from "./session.ts";
import type { AgentWorld } from "./thread.ts";
import type { CommandOutcome } from "./tools/tool.ts";

export interface ScriptedTurn {
  readonly text?: string;
  readonly reasoning?: string;
  readonly calls?: readonly RawCall[];
  readonly finish?: "stop" | "length";
  readonly usage?: Usage;
  readonly failed?: { readonly code: string; readonly message: string };
  /** Says its text, then nothing more, whatever the signal. */
  readonly hangs?: boolean;
}

export interface Request {
  readonly text: string;
  readonly messages: readonly JsonObject[];
}

export interface RehearsedOptions extends Partial<SessionOptions> {
  readonly seesPictures?: boolean;
  readonly seeingModels?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** Beside the instructions in `AGENTS.md`. */
  readonly brings?: BroughtInTests;
  readonly runHook?: AgentWorld["runHook"];
  readonly startServer?: AgentWorld["startServer"];
  readonly judge?: AgentWorld["judge"];
  readonly fetchPage?: AgentWorld["fetchPage"];
  /** What a command prints; it may also wait for the signal. */
  readonly run?: (
    command: string,
    options: { readonly signal: AbortSignal; readonly onOutput?: (text: string) => void },
  ) => Promise<Partial<CommandOutcome>>;
}

/** A turn for each request; a function sees the request. Without one left, the model says "Done." */
export type Script = readonly ScriptedTurn[] | ((request: Request, number: number) => ScriptedTurn);

export interface Rehearsed extends Disposable {
  readonly session: AgentSession;
  readonly workspace: string;
  readonly clock: FakeClock;
  readonly requests: readonly Request[];
  readonly commands: readonly string[];
  readonly seen: readonly AgentEvent[];
  /** Reads events up to one of this kind. */
  until<K extends AgentEvent["kind"]>(kind: K): Promise<Extract<AgentEvent, { kind: K }>>;
  /** Sends a message and waits for its end. */
  ask(text: string): Promise<Ending>;
  of<K extends AgentEvent["kind"]>(kind: K): Extract<AgentEvent, { kind: K }>[];
}

export interface FakeClock extends Clock {
  advance(ms: number): void;
}

export function createFakeClock(): FakeClock {
  let now = 1_700_000_000_000;
  let sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms) =>
      new Promise((resolve) => {
        sleepers.push({ at: now + ms, wake: resolve });
      }),
    advance: (ms) => {
      now += ms;
      const due = sleepers.filter(({ at }) => at <= now);
      sleepers = sleepers.filter(({ at }) => at > now);
      for (const { wake } of due) wake();
    },
  };
}

export function rehearse(script: Script, options: RehearsedOptions = {}): Rehearsed {
  const {
    files = {},
    run,
    brings = {},
    runHook,
    startServer,
    judge,
    fetchPage,
    seesPictures = false,
    seeingModels = [],
    ...sessionOptions
  } = options;
  const workspace = realpathSync(mkdtempSync(join(tmpdir(), "cloister-agent-")));
  for (const [path, content] of Object.entries(files)) writeFileSync(join(workspace, path), content);
  const clock = createFakeClock();
  const requests: Request[] = [];
  const commands: string[] = [];
  const world: AgentWorld = {
    workspace,
    hasRipgrep: false,
    seesPictures,
    seeingModels,
    reads: new Map(),
    clock,
    run: async (command, runOptions) => {
      const text = "shell" in command ? command.shell : command.argv.join(" ");
      commands.push(text);
      return { ...quiet, ...(await run?.(text, runOptions)) };
    },
    ...(runHook === undefined ? {} : { runHook }),
    ...(startServer === undefined ? {} : { startServer }),
    ...(judge === undefined ? {} : { judge }),
    ...(fetchPage === undefined ? {} : { fetchPage }),
    ask: (body) => {
      const request = toRequest(Buffer.concat(body).toString("utf8"));
      requests.push(request);
      const turn =
        typeof script === "function" ? script(request, requests.length) : script[requests.length - 1];
      return play(turn ?? { text: "Done." });
    },
  };
  const brought = bringInTests(workspace, files, brings);
  const session = openAgentSession({ model: "m", brought, ...sessionOptions }, world);
  const seen: AgentEvent[] = [];
  const events = session.events()[Symbol.asyncIterator]();
  const until = async <K extends AgentEvent["kind"]>(kind: K): Promise<Extract<AgentEvent, { kind: K }>> => {
    for (;;) {
      const next = await events.next();
      if (next.done === true) throw new Error(`the session ended without ${kind}`);
      seen.push(next.value);
      if (next.value.kind === kind) return next.value as Extract<AgentEvent, { kind: K }>;
    }
  };
  return {
    session,
    workspace,
    clock,
    requests,
    commands,
    seen,
    until,
    ask: async (text) => {
      session.send({ text });
      return (await until("end")).ending;
    },
    of: (kind) => seen.filter((event) => event.kind === kind) as never,
    [Symbol.dispose]: () => {
      session.close();
      session.interrupt();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

export function call(id: string, name: string, args: object): RawCall {
  return { id, name, arguments: JSON.stringify(args) };
}

/** What the history of a request must be for any server to take it; undefined when it is. */
export function historyFault(messages: readonly JsonObject[]): string | undefined {
  let open: string[] = [];
  for (const [index, message] of messages.entries()) {
    if (message["role"] === "tool") {
      const id = JSON.stringify(message["tool_call_id"]);
      if (!open.includes(id)) return `message ${index} is a result without a call`;
      open = open.filter((other) => other !== id);
      continue;
    }
    if (open.length > 0) return `calls without results before message ${index}: ${open.join(", ")}`;
    if (index > 0 && message["role"] === "system") return `message ${index} is a second system text`;
    const calls = message["tool_calls"];
    if (!Array.isArray(calls)) continue;
    for (const { id, function: said } of calls as { id: string; function: { arguments: string } }[]) {
      if (!isRecord(JSON.parse(said.arguments))) return `message ${index} has arguments that are no object`;
      open.push(JSON.stringify(id));
    }
  }
  return open.length === 0 ? undefined : `calls without results at the end: ${open.join(", ")}`;
}

const quiet: CommandOutcome = {
  exitCode: 0,
  signal: undefined,
  timedOut: false,
  output: "out\n",
  cutBytes: 0,
};

function toRequest(text: string): Request {
  const value: unknown = JSON.parse(text);
  const messages = isRecord(value) && Array.isArray(value["messages"]) ? value["messages"] : [];
  return { text, messages: messages.filter(isRecord) as JsonObject[] };
}

async function* play(turn: ScriptedTurn): AsyncGenerator<AnswerEvent> {
  await Promise.resolve();
  if (turn.failed !== undefined) {
    yield { kind: "failed", ...turn.failed };
    return;
  }
  if (turn.reasoning !== undefined) yield { kind: "reasoning", text: turn.reasoning };
  if (turn.text !== undefined) yield { kind: "text", text: turn.text };
  if (turn.hangs === true) await new Promise(() => {});
  const calls = turn.calls ?? [];
  const finish = turn.finish ?? (calls.length > 0 ? "calls" : "stop");
  yield { kind: "end", finish, calls, usage: turn.usage };
}
