import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { createStatusLine, toStatusJson, withInput } from "./status-line.ts";

const facts = {
  ...{ directory: "/it's", version: "1", model: "a/b", endpoint: "home", label: "internal", mode: "default" },
  ...{ context: { used: 50, window: 200 }, cost: 0 },
};

test("the command reads the facts on its input, whatever is in them", () => {
  const evil = toStatusJson({ ...facts, model: "'; exit 3; $(id) \\ `id` \n %s" });
  const read = execFileSync("/bin/sh", ["-c", withInput("cat # a comment", evil)], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(read), evil);
});

test("of what waits the newest runs; colours are gone, and a command that fails shows nothing", async () => {
  const ran: string[] = [];
  const shown: (readonly string[])[] = [];
  const open: ((outcome: { output: string; exit: string }) => void)[] = [];
  const line = createStatusLine({
    command: "x",
    run: (text) => {
      ran.push(/"used_tokens":(\d+)/.exec(text)?.[1] ?? "");
      return new Promise((resolve) => open.push(resolve));
    },
    show: (lines) => shown.push(lines),
    onTrouble: (error) => assert.fail(String(error)),
  });
  const at = (used: number): void => line.refresh(toStatusJson({ ...facts, context: { used, window: 9 } }));
  for (const used of [1, 2, 3]) at(used);
  open[0]?.({ output: "\u001b[31mred\u001b[0m\nb\nc\nd\n", exit: "0" });
  await new Promise((resolve) => void setImmediate(resolve));
  assert.deepEqual(ran, ["1", "3"]);
  open[1]?.({ output: "trouble", exit: "1" });
  await new Promise((resolve) => void setImmediate(resolve));
  assert.deepEqual(shown, [["red", "b", "c"], []]);
});
