import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../words/en.ts";
import { serverItem } from "./mcp.ts";

test("a server's line says how it is now, and what helps", () => {
  const rights = "reads the project, no network: node s.js";
  assert.deepEqual(serverItem("db", undefined, rights, en), {
    ...{ label: "○ db", note: "not in this session", more: rights },
  });
  assert.equal(serverItem("db", { name: "db", state: "ready", tools: 1 }, rights, en).note, "ready · 1 tool");
  const failed = serverItem("db", { name: "db", state: "failed", tools: 0, why: "exit 3\nmore" }, rights, en);
  assert.deepEqual([failed.note, failed.more], ["not there", `exit 3 · ${rights}`]);
  const login = serverItem("db", { name: "db", state: "login", tools: 0, why: "401" }, undefined, en);
  assert.match(login.more ?? "", /cloister mcp login db; then r$/);
});
