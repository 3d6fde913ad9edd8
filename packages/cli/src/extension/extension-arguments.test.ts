import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePluginArguments, parseTrustArguments } from "./extension-arguments.ts";

test("one thing to do with trust, and asking without any", () => {
  const all = [[], ["--yes"], ["--show"], ["--forget"]].map((argv) => parseTrustArguments(argv));
  assert.deepEqual(
    all,
    (["ask", "allow", "show", "forget"] as const).map((what) => ({ command: "trust", do: what })),
  );
  for (const argv of [["--yes", "--show"], ["x"], ["--always"]]) {
    assert.throws(() => parseTrustArguments(argv), { code: "usage" });
  }
});

test("plugins are added from a folder, listed, and removed by name", () => {
  assert.deepEqual(parsePluginArguments(["add", "./p"]), { command: "plugin", do: "add", source: "./p" });
  assert.deepEqual(parsePluginArguments(["list"]), { command: "plugin", do: "list" });
  assert.deepEqual(parsePluginArguments(["list", "m"]), { command: "plugin", do: "list", source: "m" });
  assert.deepEqual(parsePluginArguments(["remove", "p"]), { command: "plugin", do: "remove", name: "p" });
  for (const argv of [[], ["add"], ["list", "x", "y"], ["add", "a", "b"], ["--all"]]) {
    assert.throws(() => parsePluginArguments(argv), { code: "usage" });
  }
});
