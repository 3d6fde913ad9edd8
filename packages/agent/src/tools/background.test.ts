import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock, JsonObject } from "@cloister/base";
import { systemClock } from "@cloister/base";
import { neverHangsAsync } from "@cloister/fakes/hangs";
import type { AgentEvent } from "../events.ts";
import type { ProcessEnd, RunningProcess, StartProcess } from "../processes.ts";
import { createBackground } from "./background.ts";
import { deferredTools } from "./deferred.ts";
import { openScratch, type Scratch } from "./scratch.ts";
import type { ToolResult } from "./tool.ts";
import { tools } from "./toolset.ts";

/** A process that says and does what the test tells it to. */
interface Puppet {
  readonly say: (text: string) => void;
  readonly die: (end: ProcessEnd) => void;
  readonly written: string[];
}

/** Nothing in these tests waits for time to pass: what is waited for happens, or the wait is over at once. */
const impatient: Clock = { ...systemClock, sleep: () => new Promise((resolve) => setImmediate(resolve)) };

interface Stage extends AsyncDisposable {
  readonly puppets: Puppet[];
  readonly events: AgentEvent[];
  readonly news: () => readonly string[];
  readonly close: () => Promise<readonly string[]>;
  readonly show: () => void;
  call(name: string, args: JsonObject): Promise<ToolResult>;
}

async function openStage(): Promise<Stage> {
  const scratch: Scratch = await openScratch({});
  const puppets: Puppet[] = [];
  const events: AgentEvent[] = [];
  const start: StartProcess = ({ shell }, signal) => {
    if (shell === "denied") return Promise.reject(new Error("rule no-push"));
    const { running, puppet } = createPuppet(signal);
    puppets.push(puppet);
    return Promise.resolve(running);
  };
  const background = createBackground({ start, clock: impatient, emit: (event) => events.push(event) });
  const world = { ...scratch.world, background };
  return {
    puppets,
    events,
    news: background.news,
    close: background.close,
    show: () => background.show(),
    call: async (name, args) => {
      const tool = [...tools, ...deferredTools].find((one) => one.name === name);
      assert.ok(tool !== undefined, name);
      return tool.run(args, world, new AbortController().signal);
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

function createPuppet(signal: AbortSignal): { running: RunningProcess; puppet: Puppet } {
  const ended = Promise.withResolvers<ProcessEnd>();
  const output = new TransformStream<{ stream: "out"; bytes: Uint8Array }>(undefined, undefined, {
    highWaterMark: 100,
  });
  const writer = output.writable.getWriter();
  const written: string[] = [];
  const die = (end: ProcessEnd): void => {
    ended.resolve(end);
    void writer.close().catch(() => undefined);
  };
  signal.addEventListener("abort", () => die({ timedOut: false }));
  const running: RunningProcess = {
    output: output.readable,
    write: (bytes) => written.push(Buffer.from(bytes).toString()) > 0,
    end: () => written.push("(end)"),
    kill: () => die({ signal: "SIGTERM", timedOut: false }),
    ended: ended.promise,
  };
  return {
    running,
    puppet: { say: (text) => void writer.write({ stream: "out", bytes: Buffer.from(text) }), die, written },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const bash = { command: "make", run_in_background: true };

test("each look shows what is new; progress bars and colours are reduced to what stands there", async () => {
  await using stage = await openStage();
  const started = await stage.call("Bash", bash);
  assert.match(started.text, /^Started as bash_1\./);
  assert.equal(started.source, "command");
  stage.puppets[0]?.say("\u001b[32ma\u001b[0m\n1%\r2%\r3%\n");
  await settled();
  assert.match((await stage.call("BashOutput", { id: "bash_1" })).text, /running for .*\]\na\n3%$/);
  assert.match((await stage.call("BashOutput", { id: "bash_1" })).text, /\(nothing new\)$/);
});

test("a person is shown the last lines of each that runs, read by the model or not, and the model loses none", async () => {
  await using stage = await openStage();
  await stage.call("Bash", bash);
  await stage.call("Bash", bash);
  stage.puppets[0]?.say("read\n");
  await settled();
  await stage.call("BashOutput", { id: "bash_1" });
  stage.puppets[0]?.say("unread\n");
  stage.puppets[1]?.die({ exitCode: 0, timedOut: false });
  await settled();
  const before = stage.events.length;
  stage.show();
  const told = stage.events
    .slice(before)
    .map((event) => event.kind === "background" && [event.id, event.tail]);
  assert.deepEqual(told, [["bash_1", "read\nunread\n"]]);
  assert.match((await stage.call("BashOutput", { id: "bash_1" })).text, /\]\nunread$/);
});

test("a filter shows lines that match, and a hostile one is refused or ends", async () => {
  await using stage = await openStage();
  await stage.call("Bash", bash);
  stage.puppets[0]?.say("error: x\nfine\nerror: y\n");
  await settled();
  const filtered = await stage.call("BashOutput", { id: "bash_1", filter: "^error" });
  assert.match(filtered.text, /\]\nerror: x\nerror: y$/);
  for (const filter of ["(", "(?=a)(a+)+$", "x".repeat(2000)]) {
    assert.equal((await stage.call("BashOutput", { id: "bash_1", filter })).ok, false, filter);
  }
  stage.puppets[0]?.say(`${"a".repeat(200_000)}\n`);
  await settled();
  const filter = "(a+)+b";
  await neverHangsAsync(filter, () => stage.call("BashOutput", { id: "bash_1", filter }));
});

test("of a flood the newest is kept, and it is said how much is gone", async () => {
  await using stage = await openStage();
  await stage.call("Bash", bash);
  for (let n = 0; n < 40; n++) {
    stage.puppets[0]?.say(`${"x".repeat(99_999)}\n`);
    await settled();
  }
  stage.puppets[0]?.say("the end\n");
  await settled();
  const { text } = await stage.call("BashOutput", { id: "bash_1" });
  assert.ok(text.length < 31_000);
  assert.match(text, /older characters left out/);
  assert.match(text, /the end$/);
});

test("its end is told once: to who looks, or else in the news with the last lines", async () => {
  await using stage = await openStage();
  for (let n = 0; n < 3; n++) await stage.call("Bash", bash);
  stage.puppets[0]?.say("built\n");
  for (const puppet of stage.puppets.slice(0, 2)) puppet.die({ exitCode: 2, timedOut: false });
  await settled();
  assert.match((await stage.call("BashOutput", { id: "bash_2" })).text, /bash_2 ended with exit code 2/);
  const news = stage.news();
  assert.equal(news.length, 1);
  assert.match(news[0] ?? "", /^bash_1 ended with exit code 2 after .*: make\n.*\nbuilt$/);
  assert.deepEqual(stage.news(), []);
  assert.deepEqual(
    stage.events
      .map((event) => event.kind === "background" && [event.id, event.state, event.exitCode])
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    [
      ["bash_1", "ended", 2],
      ["bash_1", "running", undefined],
      ["bash_2", "ended", 2],
      ["bash_2", "running", undefined],
      ["bash_3", "running", undefined],
    ],
  );
  assert.deepEqual(await stage.close(), ["bash_3"]);
});

test("no more than eight at once; one that was killed makes room; a refusal is told", async () => {
  await using stage = await openStage();
  for (let n = 0; n < 8; n++) assert.equal((await stage.call("Bash", bash)).ok, true);
  assert.match((await stage.call("Bash", bash)).text, /not run: 8 run already/);
  assert.match((await stage.call("KillBash", { id: "bash_4" })).text, /bash_4 was killed by SIGTERM/);
  assert.match((await stage.call("KillBash", { id: "bash_4" })).text, /already/);
  assert.match((await stage.call("Bash", { ...bash, command: "denied" })).text, /not run: rule no-push/);
  assert.equal((await stage.call("Bash", bash)).ok, true);
});

test("keys are what a terminal sends; a pipe takes lines and its end, and nothing else", async () => {
  await using stage = await openStage();
  await stage.call("Bash", bash);
  await stage.call("BashTerminal", { command: "python3" });
  const [pipe, terminal] = stage.puppets;
  await stage.call("BashInput", { id: "bash_2", text: "a\nb", keys: "up, ctrl-c enter" });
  assert.deepEqual(terminal?.written, ["a\rb\u001b[A\u0003\r"]);
  assert.match((await stage.call("BashInput", { id: "bash_1", keys: "ctrl-c" })).text, /no terminal/);
  await stage.call("BashInput", { id: "bash_1", text: "x", keys: "enter ctrl-d" });
  assert.deepEqual(pipe?.written, ["x\n", "(end)"]);
  for (const keys of ["constructor", "ctrl-C", "ctrl-aa"]) {
    assert.match((await stage.call("BashInput", { id: "bash_2", keys })).text, /There is no key/);
  }
  assert.equal((await stage.call("BashInput", { id: "bash_2" })).ok, false);
});

test("an id that is none is refused, and those that are there are named", async () => {
  await using stage = await openStage();
  await stage.call("Bash", bash);
  for (const id of ["", "bash_2", "__proto__", "../bash_1", "bash_1 "]) {
    for (const name of ["BashOutput", "KillBash", "BashInput"]) {
      assert.match((await stage.call(name, { id })).text, /There are: bash_1\./, `${name} ${id}`);
    }
  }
});
