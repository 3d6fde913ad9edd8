/** Whatever an agent's process writes, all who read its events live through it: found at the door, or borne behind it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import type { AirlockSession } from "@cloister/airlock";
import { systemClock, type Json, type JsonObject } from "@cloister/base";
import { createTerminal, openConsole, consoleWords } from "@cloister/console";
import { createSeals } from "@cloister/secrets";
import type { AgentJob } from "../src/agent-commands.ts";
import { readAgentEvent } from "../src/agent-events.ts";
import { runAgent } from "../src/agent-host.ts";
import { updatesOf } from "../src/acp/updates.ts";
import type { ChosenEndpoint } from "../src/endpoint.ts";
import type { Environment } from "../src/environment.ts";
import { createPrinter } from "../src/print/formats.ts";
import { createHearing } from "../src/screen/hearing.ts";
import { createNotebook } from "../src/screen/notebook.ts";
import { sealEvent } from "../src/seal-event.ts";
import { blocksOf } from "../src/sessions/export-session.ts";
import { readWholeSession } from "../src/sessions/find-session.ts";
import { openSavedSession } from "../src/sessions/saved-session.ts";
import { createWorld } from "./sessions/world.ts";

const usage = { promptTokens: 10, cachedTokens: 1, completionTokens: 2 };
const error = { code: "x", message: "it broke", next: "mend it" };
const ending = { outcome: "failed", text: "t", turns: 1, usage, error, cost: 0.1 } as const;
const questions = [{ question: "Which?", options: [{ label: "a", description: "b" }], multiSelect: true }];
const calls = [{ id: "1", type: "function", function: { name: "Read", arguments: '{"file_path":"a"}' } }];
const call = { kind: "call", id: "1", name: "Edit", args: { file_path: "a", old_string: "b" } } as const;
const from = { source: "file", tool: "Read", files: [{ path: "a", from: 1, to: 2 }] } as const;
const samples: readonly AgentEvent[] = [
  { kind: "start", tools: ["Read"], instructions: ["AGENTS.md"], mode: "plan" },
  { kind: "user", text: "do it", pictures: 1 },
  { kind: "item", index: 0, item: { role: "user", content: "do it", cloister: { source: "user" } } },
  { kind: "item", index: 1, item: { role: "assistant", content: null, tool_calls: calls } },
  { kind: "item", index: 2, item: { role: "tool", tool_call_id: "1", content: "text", cloister: from } },
  { kind: "status", text: "waiting" },
  { kind: "reading", total: 100, cached: 1, read: 50, ms: 3 },
  { kind: "judging", calls: ["1"] },
  { kind: "text", text: "# words\n\n```ts\nlet a = 1;\n```\n" },
  { kind: "reasoning", text: "hm" },
  call,
  { kind: "progress", id: "1", text: "out" },
  {
    kind: "result",
    id: "1",
    name: "Edit",
    ok: true,
    text: "done",
    diff: { path: "a", hunks: "@@ -1 +1 @@\n-b\n+c\n", added: 1, removed: 1 },
  },
  { kind: "result", id: "2", name: "Read", ok: false, text: "no", refused: "denied" },
  { kind: "question", id: "q", ask: { kind: "choice", questions } },
  { kind: "question", id: "p", ask: { kind: "plan", plan: "1. x" } },
  { kind: "mode", mode: "default" },
  { kind: "background", id: "bash_1", command: "sleep", state: "ended", exitCode: 0, bytes: 3, tail: "end" },
  { kind: "server", name: "docs", state: "failed", tools: 0, why: "gone" },
  { kind: "todos", todos: [{ content: "x", status: "in_progress", activeForm: "y" }] },
  { kind: "turn", number: 1, usage, speed: { firstMs: 1, tokensPerSecond: 30 } },
  { kind: "context", used: 10, window: 100 },
  { kind: "compaction", compaction: { trigger: "full", method: "summary", before: 9, after: 1 } },
  {
    kind: "subagent",
    id: "s",
    parent: undefined,
    what: { kind: "begin", agent: "x", description: "d", call: "1" },
  },
  { kind: "subagent", id: "s", parent: undefined, what: { kind: "event", event: call } },
  { kind: "subagent", id: "s", parent: undefined, what: { kind: "end", ending } },
  { kind: "aside", id: "a", what: { kind: "text", text: "x" } },
  { kind: "aside", id: "a", what: { kind: "end", usage, error } },
  { kind: "goal", goal: { text: "x", check: "true", missed: 1 }, step: { kind: "missed", text: "y" } },
  { kind: "goal", goal: undefined, step: { kind: "checking", id: "g" } },
  { kind: "end", ending },
];

test("what our agent says passes, every kind of it", () => {
  for (const sample of samples) {
    assert.deepEqual(readAgentEvent(JSON.stringify(sample)), {
      kind: "event",
      event: JSON.parse(JSON.stringify(sample)) as unknown,
    });
  }
});

const ROUNDS = 6000;

test("changed at random, an event is refused at the door, or no reader falls over it", async () => {
  const seed = Number(process.env["CLOISTER_FUZZ_SEED"] ?? 20_260_721);
  const random = createRandom(seed);
  await using readers = openReaders();
  let passed = 0;
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const sample = samples[Math.floor(random() * samples.length)] as unknown as Json;
    const line = JSON.stringify(changed(sample, random));
    const read = readAgentEvent(line);
    if (read.kind === "event") {
      passed += 1;
      try {
        readers.take(read.event);
      } catch (cause) {
        throw new Error(`seed ${seed}, round ${round}: ${line}`, { cause });
      }
    } else if (read.kind === "broken") refused += 1;
    // Screens load some of their parts when they first need them.
    if (round % 100 === 0) await new Promise((resolve) => void setImmediate(resolve));
  }
  assert.ok(passed > ROUNDS / 20 && refused > ROUNDS / 4, `${passed} passed, ${refused} refused`);
  readers.resume();
});

test("an agent that says what none of ours says is ended; what came before it was heard", async () => {
  for (const [broken, before] of [
    ['{"kind":"result","id":1}', 1],
    ['{"kind":"end","ending":{}}', 1],
    [`{"kind":"text","text":"x"}\\n{"kind":"call"}`, 2],
  ] as const) {
    const program = `process.stdout.write('{"kind":"user","text":"a"}\\nstray\\n${broken}\\n'); setInterval(() => {}, 1000)`;
    const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "pipe"] });
    const heard: string[] = [];
    const { outcome, error: trouble } = await runAgent(child, {
      job: {} as AgentJob,
      drive: () => {},
      onEvent: ({ kind }) => heard.push(kind),
      kill: (process) => process.kill("SIGKILL"),
      signal: new AbortController().signal,
    });
    assert.deepEqual([outcome, trouble?.code, heard.length], ["failed", "agent-broken", before]);
    assert.match(trouble?.next ?? "", /--resume/);
    assert.equal(child.signalCode, "SIGKILL");
  }
});

interface Readers extends AsyncDisposable {
  take(event: AgentEvent): void;
  /** What was saved is read again. */
  resume(): void;
}

/** All who read events, in the order in which a session shows them. */
function openReaders(): Readers {
  const world = createWorld();
  const seals = createSeals(Buffer.alloc(32, 7));
  const nowhere = { write: () => true };
  const environment = {
    ...{ stdout: nowhere, stderr: nowhere, clock: systemClock, colour: true, directory: world.workspace },
    version: "1",
  } as unknown as Environment;
  const chosen = { model: "m", endpoint: { id: "e", url: "http://127.0.0.1" } } as unknown as ChosenEndpoint;
  const formats = ["text", "json", "stream-json"] as const;
  const printers = formats.map((format) => createPrinter(format, environment, chosen, "bubblewrap", true));
  const screens = [false, true].map((isFull) => openScreen(isFull));
  const hearing = createHearing(systemClock);
  const notebook = createNotebook(systemClock);
  const saved = openSavedSession({
    ...{ places: world.places, workspace: world.workspace, label: "internal", clock: systemClock },
    wish: { from: "new", isFork: false, id: "ses_fuzz" },
    onTrouble: (trouble) => {
      throw trouble;
    },
  });
  const standing = { classification: { label: "internal", compartments: [] }, detours: new Map() };
  const judgement = { remembered: { always: [], admitted: [] } };
  saved.begin({ seals, standing, judgement } as unknown as AirlockSession, {
    ...{ model: "m", tier: "none", version: "1" },
  });
  return {
    take(event) {
      const sealed = sealEvent(event, seals);
      saved.keep(event, sealed);
      for (const update of updatesOf(sealed, "/w")) JSON.stringify(update);
      for (const printer of printers) printer.event(sealed);
      hearing.heard(sealed);
      notebook.event(sealed);
      for (const screen of screens) screen.event(sealed);
    },
    resume() {
      const found = {
        place: { ...world.place, id: saved.id, folder: `${world.place.folder}/../${saved.id}` },
      };
      const head = { ...world.start, records: 0 };
      const { story } = readWholeSession({ ...found, head } as never);
      assert.ok(story.marks.length > 0);
      assert.ok(blocksOf(story).length > 0);
    },
    async [Symbol.asyncDispose]() {
      for (const screen of screens) screen.close();
      await saved[Symbol.asyncDispose]();
      world[Symbol.dispose]();
    },
  };
}

function openScreen(isFull: boolean): ReturnType<typeof openConsole> {
  const noop = (): void => {};
  const stdin = Object.assign(new EventEmitter(), { setRawMode: noop, resume: noop, pause: noop });
  const stdout = Object.assign(new EventEmitter(), { columns: 60, rows: 20, write: () => true });
  return openConsole({
    terminal: createTerminal({ stdin, stdout } as never),
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    ...{ words: consoleWords("en"), directory: "/project", version: "1", theme: "dark", depth: 24, isFull },
    onCommand: noop,
  });
}

const odd: readonly Json[] = [
  ...[null, true, 0, -1, 1.5, 1e18, "", "x", "\ud800", "\u001b[2J", "constructor", "__proto__"],
  ...[[], {}, [null], [[]], { kind: "text" }, { text: null }, "9".repeat(300), "```\n".repeat(30)],
];

/** One place of it, or two, is something else, or gone. */
function changed(value: Json, random: () => number): Json {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  if (typeof value !== "object" || value === null || random() < 0.15) return pick(odd) ?? null;
  if (Array.isArray(value)) {
    const list = [...(value as readonly Json[])];
    if (list.length === 0 || random() < 0.3) list.push(pick(odd) ?? null);
    else list[Math.floor(random() * list.length)] = changed(list[0] ?? null, random);
    return list;
  }
  const fields = { ...(value as JsonObject) };
  const name = pick(Object.keys(fields)) ?? "kind";
  const how = random();
  if (how < 0.15) return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
  const was = fields[name];
  if (how < 0.25) return { ...fields, [name]: typeof was === "string" ? `${was} \ud800` : 7 };
  return { ...fields, [name]: changed(was ?? null, random) };
}

/** mulberry32: small, and the same on every machine. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
