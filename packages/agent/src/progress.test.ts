import assert from "node:assert/strict";
import { test } from "node:test";
import { createWatch, type Call } from "./progress.ts";
import { contentOf } from "./history.ts";
import { call, rehearse } from "./rehearsed.ts";
import { canonicalText } from "./sameness.ts";

const bash = (command: string): Call => ({
  name: "Bash",
  args: { command },
  effect: "run",
  isPolling: false,
});
const edit = (old: string): Call => ({
  name: "Edit",
  args: { file_path: "a.ts", old_string: old, new_string: "x" },
  effect: "edit",
  isPolling: false,
});

test("BS-20: the same call with the same result is nudged at the third time, also when it succeeds, and stopped at the fifth", async () => {
  using played = rehearse((_request, number) => ({
    calls: [call(`c${number}`, "Bash", { command: "ls" })],
  }));
  const { outcome, error, turns } = await played.ask("go");
  assert.deepEqual([outcome, error?.code, turns], ["failed", "no-progress", 5]);
  const results = played.of("result").map(({ text }) => text);
  assert.deepEqual(
    results.map((text) => text.includes("same result 3 times")),
    [false, false, true, false, false],
  );
  assert.ok(error?.next !== undefined);
});

test("BS-20: a tool that waits may be called for ever", () => {
  const watch = createWatch();
  const poll: Call = { name: "BashOutput", args: { id: "1" }, effect: "read", isPolling: true };
  for (let n = 0; n < 20; n++) {
    assert.equal(watch.see(poll, { ok: true, text: "still running" }).kind, "go-on");
  }
});

test("BS-21: labels, white space, times and ids do not make a call or a result another one; a count does", () => {
  const same = [
    canonicalText(
      "Bash",
      { command: "npm  test", description: "first try" },
      "ok at 2026-11-21T10:00:00Z in 1.2s",
    ),
    canonicalText(
      "Bash",
      { description: "once more", command: "npm test " },
      "ok at 2026-11-21T11:30:09Z in  0.9s\n",
    ),
  ];
  assert.equal(same[0], same[1]);
  const run = (id: string): string => canonicalText("Bash", { command: "x" }, `run ${id} failed`);
  assert.equal(run("6f9619ff-8b86-d011-b42d-00cf4fc964ff"), run("16fd2706-8baf-433b-82eb-8c7fada847da"));
  const count = (n: number): string => canonicalText("Bash", { command: "x" }, `${n} of 10 done`);
  assert.notEqual(count(3), count(4));
});

test("running the tests again after each edit is no circle", () => {
  const watch = createWatch();
  for (let n = 0; n < 10; n++) {
    assert.equal(watch.see(edit(`${n}`), { ok: true, text: `edited ${n}` }).kind, "go-on");
    assert.equal(watch.see(bash("npm test"), { ok: false, text: "1 failed" }).kind, "go-on");
  }
});

test("an edit that is made and unmade again and again is one", () => {
  const watch = createWatch();
  const verdicts = new Set<string>();
  for (let n = 0; n < 12; n++) {
    verdicts.add(watch.see(edit(n % 2 === 0 ? "a" : "b"), { ok: true, text: "edited" }).kind);
  }
  assert.ok(verdicts.has("nudge") && verdicts.has("stop"));
});

test("the third failed edit of a file in a row asks to read it again; reading it clears the count", () => {
  const watch = createWatch();
  const failed = (n: number): string => watch.see(edit(`${n}`), { ok: false, text: `no match ${n}` }).kind;
  assert.deepEqual([failed(1), failed(2), failed(3)], ["go-on", "go-on", "nudge"]);
  watch.see(
    { name: "Read", args: { file_path: "a.ts" }, effect: "read", isPolling: false },
    { ok: true, text: "…" },
  );
  assert.deepEqual([failed(4), failed(5), failed(6)], ["go-on", "go-on", "nudge"]);
});

test("calls that the guard refuses again and again are a circle too", async () => {
  using played = rehearse((_request, number) => ({
    calls: [{ id: `c${number}`, name: "Bash", arguments: "{" }],
  }));
  assert.equal((await played.ask("go")).error?.code, "no-progress");
});

test("BS-22: an empty turn after a result is asked about once, then it is a failure that is seen", async () => {
  using played = rehearse([{ calls: [call("1", "Bash", { command: "ls" })] }, { text: "" }, { text: " " }]);
  const { outcome, error } = await played.ask("go");
  assert.deepEqual([outcome, error?.code, played.requests.length], ["failed", "empty-turn", 3]);
  assert.match(contentOf(played.requests[2]?.messages.at(-1)), /Your last answer was empty/);
});
