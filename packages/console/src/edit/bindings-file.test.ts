import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf } from "./bindings.ts";
import { readBindings } from "./bindings-file.ts";

test("a person's keys go before ours, in whatever order their modifiers are written, and can be switched off", () => {
  const { bindings, problems } = readBindings({
    "Alt+Ctrl+x": "leave",
    "ctrl+o": "none",
    "ctrl++": "undo",
    f2: "redraw",
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    ["ctrl+alt+x", "ctrl+o", "ctrl++", "f2", "ctrl+a"].map((key) => actionOf(key, bindings)),
    ["leave", undefined, "undo", "redraw", "line-start"],
  );
});

test("what is not understood is named with what would be, and the rest holds", () => {
  const { bindings, problems } = readBindings({
    "hyper+x": "leave",
    "ctrl+ctrl+x": "leave",
    x: "leave",
    "ctrl+q": "quit",
    "ctrl+s": 3,
    "ctrl+c": "undo",
    "ctrl+e": "leave",
  });
  assert.deepEqual(bindings, { "ctrl+e": "leave" });
  assert.equal(problems.length, 6);
  assert.match(problems[0] ?? "", /no key "hyper\+x"/);
  assert.match(problems[3] ?? "", /"ctrl\+q" cannot do "quit"; there are .*leave/);
  assert.match(problems[5] ?? "", /stays "interrupt"/);
  assert.equal(readBindings([]).problems.length, 1);
});
