import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArguments } from "./arguments.ts";

test("who gives a task without -p is told how, and a command that is nearly one is named", () => {
  const next = (argv: readonly string[], expected: RegExp): void =>
    assert.throws(() => parseArguments(argv), { code: "usage", next: expected }, argv.join(" "));
  next(["fix the bug"], /cloister -p "fix the bug"/);
  next(["session"], /cloister sessions/);
  next(["perm"], /cloister permissions/);
  next(["xyz"], /cloister --help/);
});

test("an option that there is not is named, without a lecture on positional arguments", () => {
  assert.throws(() => parseArguments(["--endpont", "x"]), {
    code: "usage",
    message: "Unknown option '--endpont'",
    next: "cloister help run lists the options",
  });
});

test("the full screen is for a terminal", () => {
  const args = parseArguments(["--full-screen"]);
  assert.ok(args.command === "interactive" && args.isFull === true);
  assert.throws(() => parseArguments(["-p", "x", "--full-screen"]), { code: "usage" });
});
