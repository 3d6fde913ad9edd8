import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsoleCommand } from "../contract.ts";
import { plainText } from "../text/line.ts";
import { consoleWords } from "../words/words.ts";
import { createAsides } from "./aside.ts";
import { createPanelSlot, type PanelSlot } from "./slot.ts";

test("a side question is asked, its answer is shown as it comes, and closed it is gone", async () => {
  const { asides, panels, commands, shown } = open();
  const closed = asides.open("why *this*?");
  await until(() => panels.open !== undefined);
  assert.deepEqual(commands, [{ do: "aside", id: "btw-1", question: "why *this*?" }]);
  assert.match(shown(), /\/btw why \*this\*\?\n.*…/u);
  asides.event({ kind: "aside", id: "btw-1", what: { kind: "text", text: "Because of **that" } });
  asides.event({ kind: "aside", id: "another", what: { kind: "text", text: "nobody's" } });
  asides.event({ kind: "aside", id: "btw-1", what: { kind: "text", text: "**." } });
  assert.match(shown(), / {2}Because of that\.\n/u);
  panels.input({ kind: "key", key: "enter" });
  assert.notEqual(panels.open, undefined, "enter does not cut an answer off");
  asides.event({ kind: "aside", id: "btw-1", what: { kind: "end" } });
  panels.input({ kind: "key", key: "enter" });
  await closed;
  assert.equal(panels.open, undefined);
  assert.equal(commands.length, 1);
});

test("escape before the end stops the answer", async () => {
  const { asides, panels, commands } = open();
  const closed = asides.open("why?");
  await until(() => panels.open !== undefined);
  panels.input({ kind: "key", key: "escape" });
  await closed;
  assert.deepEqual(commands.at(-1), { do: "stop", id: "btw-1" });
});

test("a long answer is scrolled; what went wrong is told", async () => {
  const { asides, panels, shown } = open();
  void asides.open("list");
  await until(() => panels.open !== undefined);
  const text = Array.from({ length: 40 }, (_, index) => `- item ${index}`).join("\n");
  asides.event({ kind: "aside", id: "btw-1", what: { kind: "text", text } });
  assert.ok(shown().includes("item 39") && !shown().includes("item 3\n"));
  for (let page = 0; page < 10; page++) panels.input({ kind: "key", key: "pageup" });
  assert.ok(shown().includes("item 0") && !shown().includes("item 39"));
  const error = { code: "x", message: "the server is gone", next: "start it" };
  asides.event({ kind: "aside", id: "btw-1", what: { kind: "end", error } });
  assert.match(shown(), /the server is gone\n.*→ start it/u);
});

interface Opened {
  readonly asides: ReturnType<typeof createAsides>;
  readonly panels: PanelSlot;
  readonly commands: readonly ConsoleCommand[];
  readonly shown: () => string;
}

function open(): Opened {
  const panels = createPanelSlot(() => {});
  const commands: ConsoleCommand[] = [];
  const asides = createAsides({
    ...{ panels, words: consoleWords("en") },
    onCommand: (command) => commands.push(command),
    changed: () => {},
  });
  const shown = (): string => (panels.open?.lines(60, 24) ?? []).map(plainText).join("\n");
  return { asides, panels, commands, shown };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100_000 && !isSo(); tries++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
