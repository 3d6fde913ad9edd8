import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import { openConsole } from "./console.ts";
import type { Console, ConsoleCommand, ConsoleOptions } from "./contract.ts";
import { createTerminal, type TerminalStreams } from "./screen/terminal.ts";
import { ownSequences } from "./screen/vocabulary.ts";
import { en } from "./words/en.ts";
import { zh } from "./words/zh.ts";

const never = new AbortController().signal;

interface Device {
  readonly console: Console;
  readonly commands: readonly ConsoleCommand[];
  /** All that reached the terminal since the last time. */
  bytes(): string;
  type(text: string): void;
  resize(columns: number, rows: number): void;
}

/** The real terminal's code on streams in memory: titles, modes and notices too are what is looked at. */
async function open(more: Partial<ConsoleOptions> = {}): Promise<Device> {
  let written = "";
  const noop = (): void => {};
  const stdin = Object.assign(new EventEmitter(), { setRawMode: noop, resume: noop, pause: noop });
  const stdout = Object.assign(new EventEmitter(), {
    columns: 80,
    rows: 24,
    write: (text: string) => (written += text),
  });
  const commands: ConsoleCommand[] = [];
  const console = openConsole({
    terminal: createTerminal({ stdin, stdout } as unknown as TerminalStreams),
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    ...{ words: en, directory: "/project", version: "1", theme: "dark", depth: 24 },
    onCommand: (command) => commands.push(command),
    ...more,
  });
  await import("./text/markdown-stream.ts");
  if (more.isFull === true) await import("./full/full-screen.ts");
  await new Promise((resolve) => void setImmediate(resolve));
  return {
    console,
    commands,
    bytes: () => {
      const now = written;
      written = "";
      return now;
    },
    type: (text) => stdin.emit("data", Buffer.from(text)),
    resize: (columns, rows) => {
      Object.assign(stdout, { columns, rows });
      stdout.emit("resize");
    },
  };
}

const usage = { promptTokens: 1200, cachedTokens: 0, completionTokens: 30 };
const done: AgentEvent = { kind: "end", ending: { outcome: "done", text: "", turns: 1, usage } };
const hunks = "@@ -1,2 +1,2 @@\n one\n-two\n+2\n@@ -30 +30 @@\n-three\n+3\n";

/** What a session of the product said, step by step. */
const session: readonly AgentEvent[] = [
  { kind: "user", text: "mend the price in src/cart.js" },
  { kind: "reasoning", text: "First I look at the file." },
  { kind: "text", text: "I **look** at `cart.js`:\n\n- it is short\n\n```js\nreturn p * factor;\n```\n" },
  { kind: "call", id: "1", name: "Read", args: { file_path: "src/cart.js" } },
  { kind: "result", id: "1", name: "Read", ok: true, text: "1\tone\n2\ttwo" },
  { kind: "call", id: "2", name: "Edit", args: { file_path: "src/cart.js" } },
  {
    kind: "result",
    id: "2",
    name: "Edit",
    ok: true,
    text: "",
    diff: { path: "a.ts", hunks, added: 2, removed: 2 },
  },
  { kind: "call", id: "3", name: "Bash", args: { command: "npm test" } },
  { kind: "progress", id: "3", text: "ok 1\nok 2\n" },
  { kind: "result", id: "3", name: "Bash", ok: false, text: "1 failed" },
  { kind: "todos", todos: [{ content: "mend", status: "in_progress", activeForm: "mending" }] },
  { kind: "status", text: "waiting for the server" },
  { kind: "text", text: "| a | b |\n|---|---|\n| 1 | 中 |\n\nDone." },
  {
    kind: "end",
    ending: { outcome: "failed", text: "", turns: 2, usage, error: { code: "x", message: "it broke" } },
  },
];

const evil = [
  ...["\u001b[2J", "\u001b]0;owned\u0007", "\u001b]2;x\u0007", "\u001bP1$r\u001b\\", "\u009b5n", "\u001b[6n"],
  ...["\u0007", "\b\b", "\r", "\u202e", "\u200b", "\u{e0041}", "\ud83d", "\u001b", "\u001b[?1049h", "\u0000"],
  ...[
    "\u001b]52;c;AAAA\u0007",
    "\u001b]9;4;1;50\u0007",
    "\u009d2;x\u009c",
    "\u001b[200~",
    "\u001bc",
    "\u000e",
    ";",
  ],
];

function createRandom(first: number): (below: number) => number {
  let seed = first;
  return (below) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
}

/** The same with something hostile in each of its texts. */
function spoil<T>(value: T, random: (below: number) => number): T {
  if (typeof value === "string") {
    const at = random(value.length + 1);
    return `${value.slice(0, at)}${evil[random(evil.length)]}${value.slice(at)}` as T;
  }
  if (Array.isArray(value)) return value.map((each: unknown) => spoil(each, random)) as T;
  if (typeof value !== "object" || value === null) return value;
  const kept = new Set(["kind", "id", "status", "outcome"]);
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    kept.has(key) ? each : spoil(each, random),
  ]);
  return Object.fromEntries(entries) as T;
}

test("a recorded session, spoilt in every text, leaves only our own sequences: titles and notices among them", async () => {
  const themes = ["dark", "contrast", "plain", "reader"] as const;
  let fullRounds = 0;
  for (let round = 0; round < 24; round++) {
    const random = createRandom(round + 1);
    const word = (): string => spoil("name", random);
    const device = await open({
      directory: `/${word()}`,
      ...{
        theme: themes[round % 4] ?? "dark",
        notify: "desktop",
        asksBackground: true,
        hasVim: round % 3 === 0,
        isFull: round % 5 < 3,
        guard: (restore) => (assert.equal(restore.replaceAll(ownSequences, ""), ""), () => {}),
      },
      words: round % 2 === 0 ? en : zh,
      listFiles: (take) => Promise.resolve(take([`${word()}.ts`])),
    });
    device.type("\u001b[O");
    device.console.facts({
      model: word(),
      endpoint: word(),
      label: word(),
      cell: word(),
      own: [word(), word()],
    });
    for (const event of session) {
      device.console.event(spoil(event, random));
      if (random(3) === 0) device.resize(20 + random(120), 4 + random(50));
      if (random(4) === 0) device.type(spoil("typed ", random));
      // Wheel, click, search, an open block, and the screen changed in the middle of it.
      device.type(
        ["\u001b[<64;3;4M", "\u001b[<0;3;4M", "\u0006e", "\u001b[1;3A\r", "\u001b[5~", "\u001b"][random(9)] ??
          "",
      );
      if (random(6) === 0) await device.console.desk.switchScreen();
    }
    const asked = device.console.approve(
      spoil(
        { tool: "Edit", text: "a.ts", effect: "x", rule: "r", reason: "y", diffs: [{ path: "a", hunks }] },
        random,
      ),
      never,
    );
    device.resize(80, 40);
    // What was typed may have begun a paste, or vi's keys.
    device.type("\u001b[201~");
    device.type("h");
    device.type("j ");
    device.resize(50, 20);
    device.type("\r");
    await asked;
    device.type("\u001b]11;rgb:ffff/ffff/ffff\u0007");
    device.console.event(done);
    device.resize(100, 30);
    device.type("@n");
    device.console.close();
    // oxlint-disable no-control-regex -- finding them is the point
    const written = device.bytes();
    // The reader has none, whatever was set.
    if (written.includes("\u001b[?1006h")) fullRounds += 1;
    const left = written.replaceAll(ownSequences, "").replaceAll(/[\r\n\u0007]/g, "");
    const found = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u.exec(left);
    assert.equal(
      found,
      null,
      `round ${round}: ${JSON.stringify(left.slice((found?.index ?? 0) - 40).slice(0, 80))}`,
    );
  }
  assert.ok(fullRounds >= 10, String(fullRounds));
});

test("a reader hears each event once, with a word before it, and nothing turns or is drawn around", async () => {
  const device = await open({ theme: "reader" });
  device.bytes();
  for (const event of session) device.console.event(event);
  device.resize(80, 24);
  const heard = device.bytes().replaceAll(ownSequences, "");
  for (const part of [
    "You: mend the price in src/cart.js",
    "Model: I look at cart.js:",
    "Tool: Read src/cart.js  2 lines",
    "Tool failed: Bash npm test",
    "Error: it broke",
  ]) {
    assert.equal(heard.split(part).length, 2, part);
  }
  assert.doesNotMatch(heard.replaceAll("❯ What shall be done?", ""), /[●✓✗❯│─┼⠋]|Working/u);
  device.type("hello");
  assert.match(device.bytes(), /hello/);
  device.console.close();
});

test("the terminal's ground decides between dark and light, unless the person has chosen", async () => {
  const white = "\u001b]11;rgb:ffff/ffff/ffff\u001b\\";
  const accents = { dark: "38;2;122;162;247", light: "38;2;30;80;190" };
  const device = await open({ asksBackground: true });
  assert.ok(device.bytes().includes("\u001b]11;?\u0007"));
  device.type("\u001b]11;rgb:1a1a/1b1b/2626\u0007");
  device.type(white.slice(0, 9));
  device.type(`${white.slice(9)}x`);
  assert.ok(device.bytes().includes(accents.light));
  device.console.close();
  const chosen = await open({ asksBackground: true });
  chosen.type("/theme contrast \r");
  chosen.bytes();
  chosen.type(white);
  assert.ok(!chosen.bytes().includes(accents.light));
  chosen.console.close();
  const unasked = await open();
  assert.ok(!unasked.bytes().includes("]11;"));
  unasked.console.close();
});

test("whoever looks elsewhere is told that it is done, on the desktop where they want that; others are not", async () => {
  const heard = async (notify: "bell" | "desktop" | "off", isAway: boolean): Promise<string> => {
    const device = await open({ notify });
    if (isAway) device.type("\u001b[O");
    device.bytes();
    device.console.event({ kind: "user", text: "go" });
    device.console.event(done);
    const bytes = device.bytes();
    device.console.close();
    return bytes.replaceAll(/\u001b\]2;[^\u0007]*\u0007/g, "");
  };
  assert.equal(await heard("bell", true), "\u0007");
  assert.match(await heard("desktop", true), /\]9;Cloister is done · project.*\]777;notify;cloister;/);
  assert.equal(await heard("off", true), "");
  assert.equal(await heard("desktop", false), "");
});

test("of an edit with two changes one is taken, all are a yes, none a no, and escape goes back", async () => {
  const question = { tool: "Edit", text: "a.ts", effect: "contained", rule: "r", reason: undefined };
  const asked = async (keys: readonly string[]): Promise<unknown> => {
    const device = await open();
    const answer = device.console.approve({ ...question, diffs: [{ path: "a.ts", hunks }] }, never);
    for (const key of keys) device.type(key);
    device.type("");
    const approval = await answer;
    device.console.close();
    return approval;
  };
  assert.deepEqual(await asked(["h", " ", "\r"]), { kind: "part", accepted: [[1]] });
  assert.equal(await asked(["h", "\r"]), "once");
  assert.equal(await asked(["h", "n", "\r"]), "no");
  assert.deepEqual(await asked(["h", "n", "a", "j", " ", "\r"]), { kind: "part", accepted: [[0]] });
  const device = await open();
  const answer = device.console.approve({ ...question, diffs: [{ path: "a.ts", hunks }] }, never);
  device.type("h");
  device.type("\u001b[27u");
  device.type("y");
  assert.equal(await answer, "once");
  device.console.close();
});

test("vi's keys write, change and send; k goes to what was said before", async () => {
  const device = await open({ hasVim: true, history: { entries: ["said before"], add: () => {} } });
  const escape = "\u001b[27u";
  device.type("one two");
  device.type(`${escape}0cwthree`);
  device.type("\r");
  assert.deepEqual(device.commands, [{ do: "send", message: { text: "three two" } }]);
  device.type(escape);
  device.bytes();
  device.type("k");
  device.resize(80, 24);
  assert.match(device.bytes(), /◇ [^]*three two/u);
  device.type(`${escape}x`);
  device.console.close();
});

test("while the model has said nothing it is said to be reading, and how long that took the last time", async () => {
  let now = 0;
  const device = await open({ clock: { now: () => now, sleep: () => Promise.resolve() } });
  const seen = (): string => {
    device.bytes();
    device.resize(80, 24);
    return device.bytes().replaceAll(ownSequences, "");
  };
  device.console.event({ kind: "user", text: "go" });
  assert.match(seen(), /Working 0 s/u);
  now = 4000;
  assert.match(seen(), /The model reads 4 s/u);
  device.console.event({ kind: "text", text: "Here" });
  assert.match(seen(), /Working 4 s/u);
  const speed = { firstMs: 4000, tokensPerSecond: 40 };
  device.console.event({ kind: "turn", usage, speed } as unknown as AgentEvent);
  device.console.event({ kind: "result", id: "1", name: "Read", ok: true, text: "x" });
  now = 7000;
  assert.match(seen(), /The model reads last time 4\.0 s · 7 s/u);
  device.console.close();
});
