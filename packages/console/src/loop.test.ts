import assert from "node:assert/strict";
import { test } from "node:test";
import type { Desk } from "./commands.ts";
import { createLoop, LOOP_ID, LOOP_RUNS_MAX, parseLoop, type Loop } from "./loop.ts";
import { createTasks, type Tasks } from "./panels/tasks.ts";
import { plainText } from "./text/line.ts";
import { en } from "./words/en.ts";

interface Opened {
  readonly loop: Loop;
  readonly tasks: Tasks;
  readonly said: string[];
  readonly printed: string[];
  readonly waits: number[];
  isBusy: boolean;
  run(rest: string): void;
  /** The next interval is over. */
  tick(): Promise<void>;
}

function open(): Opened {
  let wake: () => void = () => undefined;
  const waits: number[] = [];
  const clock = {
    now: () => 0,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        waits.push(ms);
        wake = resolve;
        signal?.addEventListener("abort", () => reject(new Error("over")), { once: true });
      }),
  };
  const tasks = createTasks({ words: en, clock });
  const said: string[] = [];
  const printed: string[] = [];
  const opened: Opened = {
    ...{ tasks, said, printed, waits, isBusy: false },
    loop: createLoop({
      ...{ clock, words: en, tasks, say: (prompt) => said.push(prompt), changed: () => undefined },
      isBusy: () => opened.isBusy,
    }),
    run: (rest) =>
      opened.loop.command(rest, {
        print: (lines) => printed.push(...lines.map(plainText)),
      } as Pick<Desk, "print"> as Desk),
    tick: async () => {
      wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  return opened;
}

test("an interval and a prompt, or a prompt alone", () => {
  assert.deepEqual(parseLoop("5m look at the deploy"), {
    kind: "loop",
    everyMs: 300_000,
    prompt: "look at the deploy",
  });
  assert.deepEqual(parseLoop("90 s\nx"), { kind: "loop", everyMs: 90_000, prompt: "x" });
  assert.deepEqual(parseLoop("look"), { kind: "loop", everyMs: 600_000, prompt: "look" });
  assert.deepEqual(parseLoop("5 men"), { kind: "loop", everyMs: 600_000, prompt: "5 men" });
  const faultOf = (rest: string): unknown => {
    const parsed = parseLoop(rest);
    return parsed.kind === "fault" && parsed.fault;
  };
  assert.deepEqual(["", "5m", "1s x", "25h x", "99999999999h x", "5m /loop 1m x"].map(faultOf), [
    ...["empty", "empty", "interval", "interval", "interval", "itself"],
  ]);
  // Meant as an interval, and none of ours: every ten minutes would be a surprise.
  for (const rest of ["5min x", "1.5h x", "1d x", "30 seconds x", "500ms x", "5M x"]) {
    assert.equal(faultOf(rest), "interval", rest);
  }
});

test("it is said at once and after each interval; what comes while something is at work is left out", async () => {
  const opened = open();
  opened.run("5m look");
  assert.deepEqual([opened.said, opened.waits], [["look"], [300_000]]);
  opened.isBusy = true;
  await opened.tick();
  opened.isBusy = false;
  await opened.tick();
  assert.deepEqual(opened.said, ["look", "look"]);
  const [task] = opened.tasks.all;
  assert.deepEqual(
    [task?.kind, task?.name, task?.about, task?.doing],
    ["loop", "every 5m", "look", "said 2 of 100 times, left out 1 while it was at work"],
  );
});

test("/loop stop, its stop among the tasks, and the end of the session end it", async () => {
  const ends: ((opened: Opened) => unknown)[] = [
    (opened) => opened.run("stop"),
    (opened) => opened.loop.stop(LOOP_ID),
    (opened) => opened.loop.end(),
  ];
  for (const end of ends) {
    const opened = open();
    opened.run("5m look");
    end(opened);
    await opened.tick();
    assert.deepEqual(opened.said, ["look"]);
    assert.equal(opened.tasks.all[0]?.endedMs, 0);
    assert.equal(opened.loop.stop(LOOP_ID), false);
  }
});

test("there is one: another takes its place", async () => {
  const opened = open();
  opened.run("5m one");
  opened.run("1h two");
  await opened.tick();
  assert.deepEqual(opened.said, ["one", "two", "two"]);
  assert.equal(opened.tasks.all.length, 1);
});

test("it ends by itself after its named number of times", async () => {
  const opened = open();
  opened.run("10s look");
  for (let n = 0; n < LOOP_RUNS_MAX + 3; n += 1) await opened.tick();
  assert.equal(opened.said.length, LOOP_RUNS_MAX);
  assert.equal(opened.tasks.all[0]?.endedMs, 0);
  opened.run("stop");
  assert.match(opened.printed.at(-1) ?? "", /nothing is repeated/);
});

test("without words it says what goes on, and how to say it", () => {
  const opened = open();
  opened.run("");
  opened.run("5m look");
  opened.run("");
  assert.equal(opened.printed[0], en.loop.usage);
  assert.match(opened.printed.join("\n"), /every 5m: look · said 1 of 100 times/);
});
