/** Commands that hide behind what a person allowed, through the real judge, the real question and the real cell. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openSide } from "@cloister/ledger";
import { attend } from "./attack-classes/attended.ts";
import { disguises } from "./attack-classes/disguises.ts";
import type { Call } from "./attacks/model.ts";
import { cloister, createPlace, rehearse, type Place } from "./harness.ts";

const files = {
  "notes.md": "touch made\n",
  names: "made\n",
  "run.sh": "#!/bin/sh\ntouch made\n",
  "run.sed": "1w made\n",
  "run.awk": 'BEGIN { system("touch made") }\n',
};

function allow(place: Place, rules: readonly string[]): void {
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  const settings = { permissions: { askFor: "all", allow: rules } };
  writeFileSync(join(place.home, ".cloister/settings.json"), JSON.stringify(settings));
}

/** What is refused three times in a row ends the work, and so does what goes round in a circle: in between it looks about. */
const trying = (calls: readonly Call[]): Call[] =>
  calls.flatMap((call, at) => [call, { name: "Glob", args: { pattern: `*.${at}` } }]);

const bash = (command: string): Call => ({ name: "Bash", args: { command } });

/** The whole texts of refused calls, from the ledger's encrypted side. */
async function refusedCalls(place: Place): Promise<string[]> {
  const side = openSide(place.ledger);
  try {
    const entries = await place.entries();
    return entries
      .filter(({ t }) => t === "decision")
      .flatMap(({ parts }) => (Array.isArray(parts) ? parts : []))
      .map((part) => side.open(part))
      .map((opened) => (opened.kind === "open" ? opened.data.toString("utf8") : opened.kind));
  } finally {
    side.close();
  }
}

for (const { allowed, harmless, commands } of disguises) {
  test(`nothing hides behind ${allowed.join(", ")}: ${commands.length} commands are asked about whole, recorded whole, and not run`, async () => {
    using place = createPlace(files);
    allow(place, allowed);
    const script = [bash(harmless), ...trying(commands.map(bash)), bash(harmless), "Done."];
    const { asked } = await attend(place, script);
    assert.deepEqual(
      asked.map(({ input }) => input["command"]),
      commands,
      "exactly these were asked about, to the byte, and the harmless ones in between were not",
    );
    const made = readdirSync(place.project, { recursive: true }).filter((name) =>
      String(name).includes("made"),
    );
    assert.deepEqual(made, []);
    const recorded = new Set(await refusedCalls(place));
    for (const command of commands) assert.ok(recorded.has(command), `on record: ${JSON.stringify(command)}`);
    for (const { text } of asked) {
      assert.doesNotMatch(text, / {40}|\n{40}|\r|\u00a0/, "a hidden tail is in sight");
    }
  });
}

test("a command that outlives its time limit is ended with all it started, and nothing of it comes later", async () => {
  using place = createPlace();
  const late = "touch made-late";
  const ways = [
    `sleep 2; ${late}-1`,
    `(sleep 2; ${late}-2) & sleep 9`,
    `setsid sh -c 'sleep 2; ${late}-3' & sleep 9`,
    `nohup sh -c 'sleep 2; ${late}-4' >/dev/null 2>&1 & disown; sleep 9`,
    `trap '' TERM HUP INT; sleep 2; ${late}-5`,
  ];
  const rehearsal = await rehearse([
    ...ways.map((command, at) => ({
      expect: { lastMessageContains: [at === 0 ? "go" : "still running after 1000 ms"] },
      calls: [{ name: "Bash", arguments: { command, timeout: 1000 } }],
    })),
    {
      expect: { lastMessageContains: ["still running after 1000 ms"] },
      calls: [{ name: "Bash", arguments: { command: "sleep 2.2" } }],
    },
    { text: "Done." },
  ]);
  const outcome = await cloister(place, ["-p", "go", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual([outcome.code, rehearsal.failures], [0, []], outcome.stderr);
  assert.deepEqual(readdirSync(place.project), ["README.md"]);
});

test("a command that is denied is denied in the background too", async () => {
  using place = createPlace();
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  const settings = { permissions: { deny: ["Bash(touch *)"] } };
  writeFileSync(join(place.home, ".cloister/settings.json"), JSON.stringify(settings));
  const ways: Call[] = [
    { name: "Bash", args: { command: "touch made" } },
    { name: "Bash", args: { command: "touch made", run_in_background: true } },
    { name: "Bash", args: { command: "sleep 0 & touch made &", run_in_background: true } },
  ];
  await attend(place, [...trying(ways), "Done."]);
  assert.deepEqual(readdirSync(place.project), ["README.md"]);
  assert.equal((await refusedCalls(place)).length, ways.length);
});
