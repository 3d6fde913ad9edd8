import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTasks, parseTasks, tickTask } from "./tasks.ts";

const planned = [
  { title: "Count\n words", details: "In src/count.ts.\n\nNot in comments.", check: "npm test" },
  { title: "Say so", details: "" },
];

test("what was written is read again, with its details and its check", () => {
  const tasks = parseTasks(formatTasks("count", planned), "tasks.md");
  assert.deepEqual(tasks, [
    {
      title: "Count words",
      details: "In src/count.ts.\n\nNot in comments.",
      check: "npm test",
      isDone: false,
      line: 3,
    },
    { title: "Say so", details: "", check: undefined, isDone: false, line: 9 },
  ]);
});

test("a tick changes one box and nothing else", () => {
  const text = formatTasks("count", planned);
  const [first] = parseTasks(text, "tasks.md");
  assert.ok(first !== undefined);
  const ticked = tickTask(text, first);
  assert.deepEqual(
    parseTasks(ticked, "tasks.md").map(({ isDone }) => isDone),
    [true, false],
  );
  assert.equal(ticked.replace("[x]", "[ ]"), text);
});

test("a person may write it by hand: stars, no numbers, prose between, Windows line ends", () => {
  const text =
    "Notes first.\r\n\r\n* [ ] One\r\n    Check: `make`\r\n\r\n## Later\r\n\r\n  indented prose\r\n- [X] Two\r\n";
  const tasks = parseTasks(text, "tasks.md");
  assert.deepEqual(
    tasks.map(({ title, check, details, isDone }) => ({ title, check, details, isDone })),
    [
      { title: "One", check: "make", details: "", isDone: false },
      { title: "Two", check: undefined, details: "", isDone: true },
    ],
  );
});

test("a file without tasks says how to write one", () => {
  assert.throws(() => parseTasks("# Tasks\n\nnone\n", "tasks.md"), { code: "bad-tasks" });
});
