import assert from "node:assert/strict";
import { test } from "node:test";
import { rivalsIn, toKnownCall } from "./known-tools.ts";

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

test("a rename by a language server is an edit of each file that it names, and reading where it names none", () => {
  const rename = { action: "rename", path: "a.ts", line: 2, symbol: "add", new_name: "sum" };
  const known = toKnownCall("UseTool", {
    name: "Lsp",
    arguments: { ...rename, files: ["a.ts", ".github/x.yml"] },
  });
  assert.deepEqual(known.kind === "patch" && known.files, [
    { path: "a.ts", before: "add", after: "sum" },
    { path: ".github/x.yml", before: "add", after: "sum" },
  ]);
  assert.deepEqual(toKnownCall("Lsp", rename), { kind: "read", tool: "Lsp", path: "a.ts" });
  const asking = { action: "references", path: "a.ts", files: ["b.ts"] };
  assert.deepEqual(toKnownCall("Lsp", asking), { kind: "read", tool: "Lsp", path: "a.ts" });
  assert.deepEqual(toKnownCall("RepoMap", { path: "src" }), { kind: "read", tool: "RepoMap", path: "src" });
});

test("a call that names two files, or two commands, has no one reading", () => {
  assert.deepEqual(rivalsIn("read_file", { file_path: "a", path: "secrets/b" }), ["file_path", "path"]);
  const typed = { id: "bash_1", command: "ls", text: "git push" };
  assert.deepEqual(rivalsIn("UseTool", { name: "BashInput", arguments: typed }), ["command", "text"]);
  assert.equal(rivalsIn("Read", { file_path: "a", path: "a" }), undefined);
  assert.equal(rivalsIn("mcp__x__y", { path: "a", file_path: "b" }), undefined);
});
