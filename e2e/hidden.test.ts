/** Files that hold keys are hidden from agent and commands alike, by whatever tool, and the refusal names the rule. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bodies, cloister, createPlace, rehearse } from "./harness.ts";

const files = {
  ".env.local": "TOKEN=CANARY-ENV\n",
  ".env.example": "TOKEN=example-seen\n",
  ".cursorignore": "contracts/\n",
  "contracts/one.txt": "CANARY-CONTRACT\n",
};

const attempts = [
  "cat .env.local contracts/one.txt; grep -r CANARY . ; head .env.local; awk 1 .env.local",
  'node -e \'console.log(require("fs").readFileSync(".env.local", "utf8"))\'',
  "cp .env.local x; tar c . | base64 -d; tar cf - .env.local contracts | base64 | base64 -d; ln .env.local y; cat x y",
  "echo > .cursorignore; rm -f .cursorignore; mv contracts away; cat away/one.txt; cat .env.example",
];

test("no command reads a hidden file, and none can change the rule for the next one", async () => {
  using place = createPlace(files);
  for (const attempt of [...attempts, ...attempts]) {
    const { stdout, stderr } = await cloister(place, ["cell", "--", "sh", "-c", attempt]);
    assert.doesNotMatch(stdout + stderr, /CANARY-/, attempt);
    assert.doesNotMatch(Buffer.from(stdout, "base64").toString("latin1"), /CANARY-/, attempt);
  }
  const { stdout } = await cloister(place, ["cell", "--", "cat", ".env.example"]);
  assert.match(stdout, /example-seen/);
  assert.equal(readFileSync(join(place.project, ".cursorignore"), "utf8"), files[".cursorignore"]);
});

test("a person shows what a rule hides, for one run", async () => {
  using place = createPlace(files);
  const shown = await cloister(place, ["cell", "--show", ".env.local", "--", "cat", ".env.local"]);
  assert.match(shown.stdout, /CANARY-ENV/);
  const folder = await cloister(place, ["cell", "--show", "contracts", "--", "cat", "contracts/one.txt"]);
  assert.match(folder.stdout, /CANARY-CONTRACT/);
});

test("the agent's tools refuse in the same words, and what a model is sent holds no byte of it", async () => {
  using place = createPlace({ ...files, "try.sh": attempts.join("\n") });
  const calls = [
    { name: "Read", arguments: { file_path: ".env.local" } },
    { name: "Read", arguments: { file_path: join(place.project, "contracts/one.txt") } },
    { name: "Edit", arguments: { file_path: ".env.local", old_string: "TOKEN", new_string: "X" } },
    { name: "Write", arguments: { file_path: "contracts/new.txt", content: "x" } },
    { name: "Grep", arguments: { pattern: "TOKEN", path: ".env.local", output_mode: "content" } },
    { name: "Glob", arguments: { pattern: "contracts/*" } },
    { name: "Write", arguments: { file_path: ".env.test", content: "made" } },
  ];
  const open = [
    { name: "Grep", arguments: { pattern: "TOKEN|CANARY", output_mode: "content" } },
    { name: "Bash", arguments: { command: "sh try.sh" } },
  ];
  const said: string[] = [];
  // In short sessions: one that meets refusals only is given up before long.
  for (const pair of [calls.slice(0, 2), calls.slice(2, 4), calls.slice(4, 6), calls.slice(6), open]) {
    const rehearsal = await rehearse([...pair.map((call) => ({ calls: [call] })), { text: "Done." }]);
    const result = await cloister(place, ["-p", "look", "--endpoint", rehearsal.url]);
    await rehearsal.close();
    assert.equal(result.code, 0, result.stderr);
    const last = bodies(rehearsal).at(-1) ?? "";
    const refused = last.match(/is hidden by a rule \((environment file|\.cursorignore)\)[^"]*--show/g) ?? [];
    assert.equal(refused.length, pair === open ? 0 : pair.length, JSON.stringify(pair));
    said.push(last);
  }
  assert.doesNotMatch(said.join("\n"), /CANARY-/);
  assert.match(said.at(-1) ?? "", /example-seen/);
});

test("what a command leaves that would run is told, and is in the ledger", async () => {
  using place = createPlace({ "make.sh": "echo '{}' > .mcp.json" });
  const rehearsal = await rehearse([
    { calls: [{ name: "Bash", arguments: { command: "sh make.sh" } }] },
    { text: "Done." },
  ]);
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.match(result.stderr, /settings-made .*\.mcp\.json.*put aside/);
  const entry = (await place.entries()).find(({ t }) => t === "cell.finding");
  assert.deepEqual([entry?.["finding"], entry?.["aside"]], ["settings-made", true]);
});
