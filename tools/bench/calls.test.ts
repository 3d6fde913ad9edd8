import assert from "node:assert/strict";
import { test } from "node:test";
import { callFor, toolsOf } from "./calls.ts";
import { stepsOf } from "./scenario.ts";

const tool = (name: string, properties: Record<string, unknown>, required: readonly string[]): object => ({
  type: "function",
  function: { name, parameters: { type: "object", properties, required } },
});
const text = { type: "string" };
const [read, search, edit, run] = stepsOf("S2");

test("a step is said in the words of whichever tool does it", () => {
  assert.ok(read !== undefined && search !== undefined && edit !== undefined && run !== undefined);
  const one = toolsOf({
    tools: [
      tool("Read", { file_path: text, offset: { type: "integer" }, limit: { type: "integer" } }, [
        "file_path",
      ]),
      tool("Grep", { pattern: text, path: text, output_mode: text }, ["pattern"]),
      tool("Edit", { file_path: text, old_string: text, new_string: text }, []),
      tool("Bash", { command: text }, ["command"]),
    ],
  });
  const other = toolsOf({
    tools: [
      tool("read", { path: text }, ["path"]),
      tool("edit", { path: text, edits: { type: "array" } }, ["path", "edits"]),
      tool("run_shell_command", { command: text, is_background: { type: "boolean" } }, [
        "command",
        "is_background",
      ]),
    ],
  });
  assert.deepEqual(callFor(read, one, "/p")?.arguments, {
    file_path: "/p/src/module-0.ts",
    offset: 1,
    limit: 60,
  });
  assert.deepEqual(callFor(read, other, "/p"), { name: "read", arguments: { path: "/p/src/module-0.ts" } });
  assert.equal(callFor(search, one, "/p")?.arguments["output_mode"], "content");
  assert.equal(callFor(search, other, "/p"), undefined);
  assert.deepEqual(callFor(edit, other, "/p")?.arguments["edits"], [
    { oldText: "mark-0-60", newText: "seen-0" },
  ]);
  assert.deepEqual(callFor(run, other, "/p")?.arguments, {
    command: "tail -n 1 src/module-0.ts",
    is_background: false,
  });
});
