/** Work that is held to a goal: on the command line, over a resume, and at the screen. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord, parseJson } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse } from "./harness.ts";
import { openPane } from "./tmux.ts";

const check = "grep -q hello greeting.txt";
const write = { calls: [{ name: "Write", arguments: { file_path: "greeting.txt", content: "hello\n" } }] };

test("-p --until goes on until the command ends with 0, in a cell and on record", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([
    { text: "It is done." },
    { expect: { lastMessageContains: ["The goal is not reached (look 1 of 25)", "No such file"] }, ...write },
    { text: "Now it is." },
  ]);
  const args = ["-p", "write a greeting", "--until", check, "--endpoint", rehearsal.url];
  const { code, stdout, stderr } = await cloister(place, [...args, "--output-format", "json"]);
  await rehearsal.close();
  assert.deepEqual([code, rehearsal.failures], [0, []], stderr);
  const result = parseJson(stdout, "the result");
  assert.ok(isRecord(result));
  assert.deepEqual(result["goal"], { goal: "write a greeting", check, isReached: true, looks: 2 });
  const [first = "", second = ""] = bodies(rehearsal);
  assert.ok(second.startsWith(first.slice(0, -2)));
  const checks = (await place.entries()).filter(({ t }) => t === "tool.call");
  assert.equal(checks.length, 2, "each look is a command in the ledger");
});

test("a secret in the goal or in its check is in nothing that is printed", async () => {
  using place = createPlace();
  const secret = ["sk", "live", "8dJ2kQw9Zr5Tn3Xb7Vm4Lc6P"].join("_");
  for (const format of ["json", "stream-json"]) {
    const rehearsal = await rehearse([{ text: "It is done." }]);
    const args = ["-p", `greet ${secret}`, "--until", `true ${secret}`, "--endpoint", rehearsal.url];
    const how = ["--output-format", format, ...(format === "json" ? [] : ["--verbose"])];
    const { code, stdout, stderr } = await cloister(place, [...args, ...how]);
    await rehearsal.close();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /"check":"true CLS_/);
    assert.ok(!`${stdout}${stderr}`.includes(secret), format);
  }
});

test("a goal that is not reached is exit code 1, whatever the model says; a resume goes on with it", async () => {
  using place = createPlace();
  // A scripted model answers after how much was said.
  const said = [{ text: "Done." }, { text: "Done!" }, { text: "Done, really." }];
  const first = await rehearse(said);
  const given = await cloister(place, ["-p", "write a greeting", "--until", check, "--endpoint", first.url]);
  await first.close();
  assert.equal(given.code, 1);
  assert.match(given.stderr, /look 2 of 25[^]*done nothing between the last 3 looks \[no-progress\]/);

  const second = await rehearse([...said, write, { text: "Now." }]);
  const resumed = await cloister(place, ["-p", "go on", "--continue", "--endpoint", second.url]);
  await second.close();
  assert.deepEqual([resumed.code, resumed.stdout], [0, "Now.\n"], resumed.stderr);
  assert.match(resumed.stderr, /the goal is reached/);

  const third = await rehearse([...said, write, { text: "Now." }, { text: "Hello." }]);
  const later = await cloister(place, ["-p", "hello", "--continue", "--endpoint", third.url]);
  await third.close();
  assert.deepEqual([later.code, third.requests.length], [0, 1], "what was reached holds nobody any more");
});

test("a check that the policy denies ends the work, and says so", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "Done." }]);
  const args = ["-p", "x", "--until", "git push origin", "--deny", "Bash(git push *)"];
  const { code, stderr } = await cloister(place, [...args, "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(code, 1);
  assert.match(stderr, /goal-not-checked/);
});

test("at the screen /goal sends the work off, shows each look, and its state; clear takes it back", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([
    { text: "I think it is there." },
    write,
    { text: "Written." },
    { text: "Anything else?" },
  ]);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rehearsal.close());
  using pane = openPane(place);
  await pane.sees("$");
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees("What shall be done?");
  pane.type(`/goal write a greeting --until ${check}`);
  pane.press("Enter");
  await pane.sees("the goal is not reached (look 1 of 25)");
  await pane.sees("the goal is reached");
  await pane.sees("Written.");
  assert.ok(existsSync(join(place.project, "greeting.txt")));
  pane.type("/goal");
  pane.press("Enter");
  await pane.sees("no goal is set");
  assert.ok(bodies(rehearsal).length >= 3);
});

test("-p with /goal and no command: the model's judgement is a request like any other, and on record", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([
    { text: "README.md names the project." },
    { text: '{"reached": true, "why": "it was read"}' },
  ]);
  const args = [
    "-p",
    "/goal know what this project is",
    "--output-format",
    "json",
    "--endpoint",
    rehearsal.url,
  ];
  const { code, stdout, stderr } = await cloister(place, args);
  await rehearsal.close();
  assert.equal(code, 0, stderr);
  const result = parseJson(stdout, "the result");
  assert.ok(isRecord(result) && isRecord(result["goal"]));
  assert.deepEqual(
    [result["result"], result["goal"]["isReached"]],
    ["README.md names the project.", true],
    "the judgement is no part of the answer",
  );
  const intents = (await place.entries()).filter(({ t }) => t === "exposure.intent");
  assert.equal(intents.length, rehearsal.requests.length);
  assert.equal(rehearsal.requests.length, 2);
});
