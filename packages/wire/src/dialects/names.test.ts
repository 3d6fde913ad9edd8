import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestName, resolveName } from "./names.ts";

const tools = ["read_file", "run_command", "mcp__tide-db__list_tables", "Read"].map((name) => ({ name }));

test("a name is mended where it can mean one tool only", () => {
  const written: Record<string, string | undefined> = {
    read_file: "read_file",
    ReadFile: "read_file",
    "functions.read_file": "read_file",
    "functions.read_file:12": "read_file",
    "read_file</arg_value>": "read_file",
    "<|message|>run_command": "run_command",
    "run_command<|channel|>commentary": "run_command",
    '"run-command"': "run_command",
    mcp__tide_db__list_tables: "mcp__tide-db__list_tables",
    READ: "Read",
    "assistant<|channel|>analysis": undefined,
    "read_file<|x|>run_command": undefined,
    write_to_file: undefined,
    read_files: undefined,
    "": undefined,
  };
  for (const [name, real] of Object.entries(written)) assert.equal(resolveName(name, tools), real, name);
});

test("two tools that differ in case only are never taken for each other", () => {
  const twins = [{ name: "read" }, { name: "Read" }];
  assert.equal(resolveName("Read", twins), "Read");
  assert.equal(resolveName("READ", twins), undefined);
});

test("an alias stands for the real name, and only for an offered one", () => {
  assert.equal(resolveName("shell", tools, { shell: "run_command", x: "gone" }), "run_command");
  assert.equal(resolveName("x", tools, { x: "gone" }), undefined);
  assert.equal(resolveName("constructor", tools, {}), undefined);
});

test("the nearest name is proposed, and nothing when none is near", () => {
  assert.equal(nearestName("read_the_file", tools), "read_file");
  assert.equal(nearestName("teleport", tools), undefined);
});
