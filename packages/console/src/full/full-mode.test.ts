import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import { openConsole } from "../console.ts";
import type { Console, ConsoleOptions } from "../contract.ts";
import type { TerminalHandlers } from "../screen/terminal.ts";
import { createVirtualTerminal } from "../screen/virtual-terminal.ts";
import { en } from "../words/en.ts";

interface Stage {
  readonly console: Console;
  readonly commands: readonly unknown[];
  type(text: string): void;
  show(...events: readonly AgentEvent[]): void;
  command(name: string): Promise<void>;
  screen(): string;
  /** With what scrolled away, where the terminal has a scroll. */
  all(): string;
  written(): string;
}

const usage = { promptTokens: 1200, cachedTokens: 0, completionTokens: 30 };
const done: AgentEvent = { kind: "end", ending: { outcome: "done", text: "", turns: 1, usage } };

async function open(more: Partial<ConsoleOptions> = {}): Promise<Stage> {
  const terminal = createVirtualTerminal(80, 24);
  const commands: unknown[] = [];
  let written = "";
  let handlers: TerminalHandlers | undefined;
  const nothing = (): void => {};
  const console = openConsole({
    terminal: {
      ...{ columns: 80, rows: 24, title: nothing, notify: nothing, bell: nothing },
      start: (given) => {
        handlers = given;
      },
      write: (text) => {
        written += text;
        terminal.write(text);
      },
      stop: () => {
        handlers = undefined;
      },
    },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    ...{ words: en, directory: "/project", version: "1", theme: "dark", depth: 24, isFull: true },
    onCommand: (command) => commands.push(command),
    ...more,
  });
  await import("./full-screen.ts");
  await import("../text/markdown-stream.ts");
  await new Promise((resolve) => void setImmediate(resolve));
  const draw = (): void => handlers?.onInput("\u001b[I");
  return {
    ...{ console, commands },
    type: (text) => handlers?.onInput(text),
    show: (...events) => {
      for (const event of events) console.event(event);
      draw();
    },
    command: async (name) => {
      handlers?.onInput(`/${name} \r`);
      await new Promise((resolve) => void setImmediate(resolve));
      draw();
    },
    screen: () => {
      draw();
      return terminal.screen();
    },
    all: () => terminal.all(),
    written: () => written,
  };
}

test("in the middle of an answer the screen changes both ways, and the answer is whole on both", async () => {
  const stage = await open();
  stage.show({ kind: "user", text: "go" }, { kind: "text", text: "One.\n\nTwo.\n\nThr" });
  assert.match(stage.screen(), /^cloister 1[^]*❯ go\n\n {2}One\.\n\n {2}Two\.\n\n {2}Thr\n/);
  await stage.command("fullscreen");
  stage.show({ kind: "text", text: "ee.\n\nFour.\n\nFi" });
  assert.match(stage.all(), /❯ go\n\n {2}One\.\n\n {2}Two\.\n\n {2}Three\.\n\n {2}Four\.\n\n {2}Fi\n/);
  await stage.command("fullscreen");
  stage.show({ kind: "text", text: "ve." });
  assert.match(stage.screen(), /❯ go\n\n {2}One\.\n\n {2}Two\.\n\n {2}Three\.\n\n {2}Four\.\n\n {2}Five\.\n/);
  stage.show({ kind: "text", text: "\n\nSix." }, done);
  assert.match(stage.screen(), /Five\.\n\n {2}Six\.\n\n✓/);
  stage.console.close();
  assert.match(stage.all(), /❯ go\n\n {2}One\.[^]*Six\.\n\n✓[^\n]*\nThe record of this session/);
});

test("a tool's line opens to all that it gave, its difference or its thoughts, and what hides is made visible", async () => {
  const stage = await open();
  stage.show(
    { kind: "user", text: "go" },
    { kind: "call", id: "1", name: "Bash", args: { command: "seq 9" } },
    { kind: "result", id: "1", name: "Bash", ok: true, text: "1\n2\u001b[2J\n3\n4\n5" },
    done,
  );
  assert.doesNotMatch(stage.screen(), /␛/u);
  stage.type("\u001b[1;3A");
  stage.type("\r");
  assert.match(
    stage.screen(),
    /● Bash seq 9[^\n]*\n {4}\{"command":"seq 9"\}\n {4}1\n {4}2␛\[2J\n {4}3\n {4}4\n {4}5\n/u,
  );
  stage.type("\r");
  assert.doesNotMatch(stage.screen(), /␛/u);
  assert.equal(stage.commands.length, 0);
  stage.console.close();
});

test("a thought and a difference open, too, and what an edit was given is not said twice", async () => {
  let now = 0;
  const stage = await open({ clock: { now: () => now, sleep: () => Promise.resolve() } });
  const hunks = `@@ -1,60 +1,60 @@\n${Array.from({ length: 60 }, (_, index) => `+new ${index}\n`).join("")}`;
  stage.show({ kind: "user", text: "go" }, { kind: "reasoning", text: "Let me see." });
  now = 3000;
  stage.show(
    { kind: "call", id: "1", name: "Edit", args: { file_path: "a.ts", new_string: "secret words" } },
    {
      ...{ kind: "result", id: "1", name: "Edit", ok: true, text: "edited" },
      diff: { path: "a.ts", hunks, added: 60, removed: 0 },
    },
    done,
  );
  stage.type("\u001b[1;3A");
  stage.type("\r");
  stage.type("\u001b[1;5F");
  assert.match(stage.screen(), /new 59\n {4}edited\n/);
  assert.doesNotMatch(stage.all(), /secret words/);
  stage.type("\u001b[1;5H");
  stage.type("\u001b[1;3B");
  stage.type("\r");
  assert.match(stage.screen(), /∴ thought for 3\.0 s\n {4}Let me see\.\n/);
  stage.console.close();
});

test("a question is asked at the end, wherever one was reading; its keys stay its own, and the wheel scrolls", async () => {
  const stage = await open();
  stage.show({ kind: "user", text: "go" }, { kind: "text", text: "row\n\n".repeat(60) }, done);
  stage.type("\u001b[5~");
  assert.match(stage.screen(), /more lines · \/ search · esc to the end/);
  const question = { tool: "Bash", text: "rm x", effect: "egress", rule: "r", reason: undefined };
  const asked = stage.console.approve(question, new AbortController().signal);
  assert.match(stage.screen(), /rm x[^]*May this happen\?/);
  assert.doesNotMatch(stage.screen(), /more lines/);
  stage.type("\u001b[<64;3;3M");
  assert.match(stage.screen(), /more lines · ctrl-end to the question/);
  stage.type("/");
  stage.type("n");
  assert.equal(await asked, "no");
  stage.console.close();
});

test("the transcript is read on the same screen, and the wheel moves in it", async () => {
  const stage = await open();
  stage.show({ kind: "user", text: "go" }, { kind: "text", text: "row\n\n".repeat(60) }, done);
  const before = stage.screen();
  stage.type("\u000f");
  const place = (): string => /\d+\/\d+/.exec(stage.screen())?.[0] ?? "";
  const last = place();
  stage.type("\u001b[<64;3;3M");
  assert.notEqual(place(), last);
  stage.type("q");
  assert.equal(stage.screen(), before);
  assert.equal(stage.written().split("\u001b[?1049h").length, 2);
  stage.console.close();
});

test("a reader's theme has no full screen, at the start or by its name; no mouse is asked for where none is wanted", async () => {
  const reader = await open({ theme: "reader" });
  assert.match(reader.screen(), /The reader theme has no full screen/);
  assert.doesNotMatch(reader.written(), /\?1049h/);
  reader.console.close();
  const stage = await open({ hasMouse: false });
  assert.doesNotMatch(stage.written(), /\?100[06]/);
  assert.match(stage.written(), /\?1049h/);
  await stage.command("theme reader");
  assert.match(stage.written(), /\?1049l/);
  await stage.command("fullscreen");
  assert.match(stage.screen(), /The reader theme has no full screen/);
  stage.console.close();
});

test("somebody watches over the terminal exactly as long as the screen is ours", async () => {
  const heard: string[] = [];
  const guard = (restore: string): (() => void) => {
    assert.match(restore.replaceAll("\u001b[", ""), /\?1006l\?1000l\?1007l\?1049l\?25h/);
    heard.push("on");
    return () => void heard.push("off");
  };
  const stage = await open({ guard });
  assert.deepEqual(heard, ["on"]);
  await stage.command("fullscreen");
  assert.deepEqual(heard, ["on", "off"]);
  await stage.command("fullscreen");
  stage.console.close();
  stage.console.close();
  assert.deepEqual(heard, ["on", "off", "on", "off"]);
});

test("who leaves before it is there gets no screen of ours", async () => {
  let written = "";
  const nothing = (): void => {};
  const terminal = {
    columns: 80,
    rows: 24,
    title: nothing,
    notify: nothing,
    bell: nothing,
    start: nothing,
    stop: nothing,
  };
  const console = openConsole({
    terminal: { ...terminal, write: (text) => (written += text) },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    ...{ words: en, directory: "/project", version: "1", theme: "dark", depth: 24, isFull: true },
    onCommand: nothing,
  });
  console.close();
  await import("./full-screen.ts");
  await new Promise((resolve) => void setImmediate(resolve));
  assert.doesNotMatch(written, /\?1049h/);
});
