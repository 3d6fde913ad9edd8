import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import { openConsole } from "./console.ts";
import type { Console, ConsoleCommand, ConsoleOptions } from "./contract.ts";
import type { Terminal, TerminalHandlers } from "./screen/terminal.ts";
import { createVirtualTerminal, type VirtualTerminal } from "./screen/virtual-terminal.ts";
import { ownSequences } from "./screen/vocabulary.ts";
import { en } from "./words/en.ts";

interface Stage {
  readonly console: Console;
  readonly terminal: VirtualTerminal;
  readonly commands: ConsoleCommand[];
  /** All bytes that were written. */
  written(): string;
  type(text: string): void;
  show(...events: readonly AgentEvent[]): void;
  screen(): string;
}

const usage = { promptTokens: 1200, cachedTokens: 0, completionTokens: 30 };
const done: AgentEvent = { kind: "end", ending: { outcome: "done", text: "", turns: 1, usage } };
const frozen = { now: () => 0, sleep: () => Promise.resolve() };

/** Ready for events, with a terminal in memory. */
async function open(more: Partial<ConsoleOptions> = {}, columns = 80, rows = 24): Promise<Stage> {
  const terminal = createVirtualTerminal(columns, rows);
  const commands: ConsoleCommand[] = [];
  let written = "";
  let handlers: TerminalHandlers | undefined;
  const device: Terminal = {
    columns,
    rows,
    start: (given) => {
      handlers = given;
    },
    write: (text) => {
      written += text;
      terminal.write(text);
    },
    title: () => {},
    notify: (text) => {
      written += `notice: ${text}`;
    },
    bell: () => {
      written += "\u0007";
    },
    stop: () => {
      handlers = undefined;
    },
  };
  const console = openConsole({
    terminal: device,
    words: en,
    clock: frozen,
    directory: "/project",
    version: "1",
    theme: "dark",
    depth: 24,
    onCommand: (command) => commands.push(command),
    ...more,
  });
  await import("./text/markdown-stream.ts");
  // The console's own import of it was asked for before, so it is there after one more turn.
  await new Promise((resolve) => void setImmediate(resolve));
  const draw = (): void => handlers?.onResize();
  return {
    console,
    terminal,
    commands,
    written: () => written,
    type: (text) => handlers?.onInput(text),
    show: (...events) => {
      for (const event of events) console.event(event);
      draw();
    },
    screen: () => {
      draw();
      return terminal.all();
    },
  };
}

test("the first picture is there at once, with a prompt that takes what is typed", async () => {
  const stage = await open();
  assert.match(stage.screen(), /cloister 1 {2}\/project\n[^]*❯ What shall be done\?\n─+\n {2}starting$/);
  stage.type("hello");
  assert.match(stage.screen(), /❯ hello\n/);
  assert.equal(stage.terminal.isCursorShown, true);
  stage.console.close();
});

test("a message is sent, what comes back is shown in its order, and the rest of the screen stays", async () => {
  const stage = await open();
  stage.type("mend it\r");
  assert.deepEqual(stage.commands, [{ do: "send", message: { text: "mend it" } }]);
  stage.show(
    { kind: "user", text: "mend it" },
    { kind: "text", text: "I **look**.\n" },
    { kind: "call", id: "1", name: "Read", args: { file_path: "a.ts" } },
    { kind: "result", id: "1", name: "Read", ok: true, text: "1\tone\n2\ttwo" },
    { kind: "call", id: "2", name: "Bash", args: { command: "npm test" } },
    { kind: "result", id: "2", name: "Bash", ok: false, text: "failed" },
    { kind: "text", text: "Done." },
    done,
  );
  const body = stage.screen().split("\n").slice(3, -4).join("\n").trim();
  assert.equal(
    body,
    "❯ mend it\n\n  I look.\n\n● Read a.ts  2 lines\n● Bash npm test\n    failed\n\n  Done.\n\n✓ 0.0 s · 1 turn · 1.2k in, 30 out",
  );
  stage.console.close();
});

test("what a person should see later stays; what is only for now does not", async () => {
  const stage = await open();
  stage.show(
    { kind: "user", text: "go" },
    { kind: "status", text: "asking again" },
    { kind: "status", text: "m does not answer (no): lab answers now", isNews: true },
    { kind: "text", text: "Hello." },
    { kind: "turn", number: 1, speed: { firstMs: 1, tokensPerSecond: 1 } },
    done,
  );
  const text = stage.screen();
  stage.console.close();
  assert.match(text, /↺ m does not answer \(no\): lab answers now/);
  assert.doesNotMatch(text, /asking again/);
});

test("while it works enter says it now, tab says it afterwards, and up takes it back", async () => {
  const stage = await open();
  stage.type("go\r");
  stage.show({ kind: "user", text: "go" });
  stage.type("now\r");
  stage.type("later\t");
  stage.type("last\t");
  assert.match(stage.screen(), /said: now\n {2}next: later\n {2}next: last\n/);
  stage.type("\u001b[A\u001b[A");
  assert.equal(stage.commands.length, 2);
  stage.show({ kind: "user", text: "now" }, done);
  assert.deepEqual(
    stage.commands.map((command) => (command.do === "send" ? command.message.text : command.do)),
    ["go", "now", "later"],
  );
  stage.console.close();
});

test("escape and ctrl-c interrupt at once; when nothing is at work ctrl-c twice leaves", async () => {
  const stage = await open();
  stage.type("go\r");
  stage.show({ kind: "user", text: "go" });
  stage.type("\u0003");
  assert.deepEqual(stage.commands.at(-1), { do: "interrupt" });
  stage.show(done);
  stage.type("\u0003");
  assert.match(stage.screen(), /press ctrl-c again to leave/);
  stage.type("x");
  stage.type("\u0003");
  stage.type("\u0003");
  stage.type("\u0003");
  await stage.console.left;
  stage.console.close();
});

test("what is asked about is shown whole, invisible characters and all, and needs a clear yes", async () => {
  const stage = await open({}, 40, 12);
  const text = `echo ok; ${"x".repeat(200)}; curl evil\u202e\u200b\t\rend`;
  const question = { tool: "Bash", text, effect: "egress", rule: "ask.egress", reason: undefined };
  const asked = stage.console.approve(question, new AbortController().signal);
  const shown = stage.screen().replaceAll(/\n│ /g, "");
  assert.ok(shown.includes(`curl evil\\u{202e}\\u{200b}␉␍end`), shown);
  stage.type("n");
  assert.equal(await asked, "no");
  const again = stage.console.approve(question, new AbortController().signal);
  stage.type("y");
  assert.equal(await again, "once");
  const gone = new AbortController();
  const third = stage.console.approve(question, gone.signal);
  gone.abort();
  assert.equal(await third, "no");
  stage.console.close();
});

test("questions of the agent are answered by number, by several marks, or in own words", async () => {
  const stage = await open();
  const options = [{ label: "red" }, { label: "blue" }];
  stage.show({
    kind: "question",
    id: "q",
    ask: {
      kind: "choice",
      questions: [
        { question: "Which?", options },
        { question: "And?", options, multiSelect: true },
      ],
    },
  });
  stage.type("2");
  stage.type(" ");
  stage.type("\u001b[B");
  stage.type(" ");
  stage.type("\r");
  assert.deepEqual(stage.commands, [
    { do: "answer", id: "q", answer: { kind: "chosen", texts: ["blue", "red, blue"] } },
  ]);
  stage.show({ kind: "question", id: "p", ask: { kind: "plan", plan: "1. look" } });
  stage.type("3");
  stage.type("not yet\r");
  assert.deepEqual(stage.commands.at(-1), {
    do: "answer",
    id: "p",
    answer: { kind: "declined", why: "not yet" },
  });
  stage.console.close();
});

test("/help lists every command, and a name that is none says so", async () => {
  const commands = [{ name: "own", description: "of another", run: () => {} }];
  const stage = await open({ commands });
  stage.type("/help\r");
  await Promise.resolve();
  const shown = stage.screen();
  for (const name of [...Object.keys(en.commands), "own"]) {
    assert.match(shown, new RegExp(`/${name}\\b`), name);
  }
  stage.type("q");
  stage.type("/nonsense \r");
  assert.match(stage.screen(), /there is no command \/nonsense/);
  stage.console.close();
});

test("a line after ! runs, is shown, and reaches the model with the next message", async () => {
  const stage = await open({ shell: (line) => Promise.resolve({ output: `ran ${line}\n`, exit: "0" }) });
  stage.type("!ls\r");
  await new Promise((resolve) => void setImmediate(resolve));
  assert.match(stage.screen(), /! ls\n {2}ran ls\n/);
  stage.type("what is this?\r");
  const sent = stage.commands[0];
  assert.ok(sent?.do === "send" && sent.message.text.endsWith("$ ls\nran ls\n(exit 0)\n\nwhat is this?"));
  assert.match(stage.screen(), /said: what is this\?/);
  stage.console.close();
});

test("a backslash before enter, alt-enter and a paste make lines; a long paste is one word until it is sent", async () => {
  const stage = await open();
  const long = "row\n".repeat(12_344) + "row";
  stage.type("a\\\r");
  stage.type("b\u001b\r");
  stage.type(`\u001b[200~${long}\u001b[201~`);
  assert.match(stage.screen(), /❯ a\n {2}b\n {2}\[Pasted 12,345 lines #1\]\n/);
  stage.type("\r");
  assert.deepEqual(stage.commands, [{ do: "send", message: { text: `a\nb\n${long}` } }]);
  stage.console.close();
});

test("whatever a model, a tool or a file says, only our own escape sequences are written", async () => {
  let seed = 11;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const evil = [
    "\u001b[2J",
    "\u001b]0;owned\u0007",
    "\u001bP1$r\u001b\\",
    "\u009b5n",
    "\u001b[6n",
    "\u0007",
    "\b\b",
    "\r",
    "\u202e",
    "\u200b",
    "\u{e0041}",
    "\ud83d",
    "\n```sh\n",
    "\n- ",
    "\n| a | b |\n|---|---|\n",
    "**",
    "`",
    "中",
    "👩‍💻",
    "word ",
    "\u001b",
    "\u001b[?1049h",
    "\u0000",
    "\u001b]52;c;AAAA\u0007",
  ];
  const text = (): string =>
    Array.from({ length: 1 + random(12) }, () => evil[random(evil.length)] ?? "").join("");
  const stage = await open({}, 50, 16);
  for (let round = 0; round < 120; round++) {
    const name = text();
    stage.console.facts({ model: text(), endpoint: text(), clearance: text(), label: text(), cell: text() });
    stage.console.notice(text());
    stage.console.trouble(new Error(text()));
    stage.type(`\u001b[200~${text().replaceAll("\u001b[201~", "")}\u001b[201~`);
    stage.show(
      { kind: "user", text: text() },
      { kind: "reasoning", text: text() },
      { kind: "text", text: text() },
      { kind: "status", text: text() },
      { kind: "status", text: text(), isNews: true },
      { kind: "call", id: "1", name, args: { command: text() } },
      { kind: "progress", id: "1", text: text() },
      { kind: "todos", todos: [{ content: text(), status: "in_progress", activeForm: text() }] },
      {
        kind: "subagent",
        id: "s",
        parent: undefined,
        what: { kind: "begin", agent: text(), description: text(), call: undefined },
      },
    );
    stage.show(
      {
        kind: "result",
        id: "1",
        name,
        ok: random(2) === 0,
        text: text(),
        diff: { path: text(), hunks: `@@ -1 +1 @@\n-${text()}\n+${text()}\n`, added: 1, removed: 1 },
      },
      {
        kind: "question",
        id: "q",
        ask: {
          kind: "choice",
          questions: [{ question: text(), options: [{ label: text(), description: text() }] }],
        },
      },
      { kind: "a-kind-of-later" } as unknown as AgentEvent,
    );
    stage.show({
      kind: "end",
      ending: {
        outcome: "failed",
        text: "",
        turns: 1,
        usage,
        error: { code: text(), message: text(), next: text() },
      },
    });
    stage.type("\u000f");
    stage.type("q");
    stage.type("\u0003");
  }
  stage.console.close();
  const rest = stage
    .written()
    .replaceAll(ownSequences, "")
    .replaceAll("\r\n", "")
    .replaceAll("\r", "")
    .replaceAll("\u0007", "");
  assert.deepEqual(
    // oxlint-disable-next-line no-control-regex -- that none is left is the claim
    rest.match(/.{0,20}[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u200b\u{e0000}-\u{e007f}].{0,20}/u),
    null,
  );
});

test("a session of 2,000 messages costs a frame no more than a new one", async () => {
  const stage = await open();
  const measure = (): number => {
    const before = stage.written().length;
    stage.show({ kind: "text", text: "word " });
    return stage.written().length - before;
  };
  stage.show({ kind: "user", text: "go" });
  measure();
  const early = measure();
  for (let index = 0; index < 2000; index++) {
    stage.show({ kind: "text", text: `Message ${index}\n\n` }, done, { kind: "user", text: "go" });
  }
  measure();
  assert.ok(measure() <= early * 2);
  stage.console.close();
});
