import assert from "node:assert/strict";
import { test } from "node:test";
import { toKnownCall } from "./known-tools.ts";

test("a call through UseTool is judged as the call that it makes", () => {
  const args = { name: "NotebookEdit", arguments: { notebook_path: "a.ipynb", new_source: "x" } };
  const known = toKnownCall("UseTool", args);
  assert.equal(known.kind === "edit" && known.path, "a.ipynb");
  const wrapped = toKnownCall("UseTool", { name: "Bash", arguments: '{"command":"curl example.org"}' });
  assert.deepEqual(wrapped, { kind: "command", tool: "Bash", text: "curl example.org" });
});

test("UseTool that only asks for a schema, or that names itself, reaches nothing", () => {
  assert.equal(toKnownCall("UseTool", { name: "Bash" }).tool, "UseTool");
  const itself = { name: "UseTool", arguments: { name: "Bash", arguments: { command: "id" } } };
  assert.equal(toKnownCall("UseTool", itself).tool, "UseTool");
});

test("a foreign tool of another name is never unwrapped", () => {
  const known = toKnownCall("use_tool", { name: "Bash", arguments: { command: "id" } });
  assert.deepEqual(known, { kind: "other", tool: "use_tool", text: "" });
});
