import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, rehearse, type Place, type RunOutcome } from "./harness.ts";

/** The agent writes a file, a command reads and changes it, and a hook is made. */
async function work(place: Place, ...options: string[]): Promise<RunOutcome> {
  const command =
    "cat made.txt; echo two >> made.txt; echo 'echo hooked' > .git/hooks/pre-commit; rm old.txt";
  const rehearsal = await rehearse([
    { calls: [{ name: "Write", arguments: { file_path: "made.txt", content: "one\n" } }] },
    { calls: [{ name: "Bash", arguments: { command } }] },
    {
      expect: { lastMessageContains: ["one"] },
      calls: [{ name: "Read", arguments: { file_path: "made.txt" } }],
    },
    { expect: { lastMessageContains: ["two"] }, text: "Done." },
  ]);
  const result = await cloister(place, [
    "-p",
    "x",
    "--endpoint",
    rehearsal.url,
    "--allow",
    "Bash",
    ...options,
  ]);
  await rehearsal.close();
  assert.deepEqual(rehearsal.failures, [], result.stderr);
  return result;
}

function createProject(): Place {
  const place = createPlace({ "old.txt": "old\n", ".git/HEAD": "ref: refs/heads/main\n" });
  mkdirSync(join(place.project, ".git/hooks"));
  return place;
}

function idIn({ stderr }: RunOutcome): string {
  const id = /cell review show (\S+)/.exec(stderr)?.[1];
  assert.ok(id !== undefined, stderr);
  return id;
}

const hook = ".git/hooks/pre-commit";

test("agent and commands see one overlay; nothing is in the project until it is promoted", async () => {
  using place = createProject();
  const at = (path: string): string => join(place.project, path);
  const result = await work(place, "--review=keep");
  assert.deepEqual([result.code, result.stdout], [0, "Done.\n"], result.stderr);
  assert.deepEqual(
    readdirSync(place.project)
      .filter((name) => !name.startsWith("."))
      .toSorted(),
    ["README.md", "old.txt"],
  );
  assert.equal(existsSync(at(hook)), false);
  const id = idIn(result);
  assert.match(result.stderr, /3 changes left aside/);

  const list = await cloister(place, ["cell", "review", "list"]);
  assert.match(list.stdout, new RegExp(`^${id} .*${place.project}\n$`));
  const shown = await cloister(place, ["cell", "review", "show", id]);
  assert.match(shown.stderr, /3 changes[^]*made\.txt[^]*\+one[^]*\+two/);
  assert.equal(existsSync(at("made.txt")), false);

  // What a person did meanwhile is not written over.
  writeFileSync(at("old.txt"), "mine\n");
  const promoted = await cloister(place, ["cell", "review", "promote", id]);
  assert.equal(readFileSync(at("made.txt"), "utf8"), "one\ntwo\n", promoted.stderr);
  assert.equal(readFileSync(at("old.txt"), "utf8"), "mine\n");
  assert.equal(existsSync(at(hook)), false, "what would run by itself needs a word of its own");
  assert.match(promoted.stderr, /still aside/);

  const all = await cloister(place, ["cell", "review", "promote", id, "--promote-guarded"]);
  assert.equal(readFileSync(at(hook), "utf8"), "echo hooked\n", all.stderr);
  assert.match(all.stderr, /1 promoted, 1 left aside/);
  assert.equal(readFileSync(at("old.txt"), "utf8"), "mine\n");
  const gone = await cloister(place, ["cell", "review", "discard", id]);
  assert.equal(gone.code, 0, gone.stderr);
  assert.deepEqual(readdirSync(join(place.home, ".cloister/reviews")), []);
  const entries = (await place.entries()).filter(({ t }) => t === "tool.review");
  assert.deepEqual(
    entries.map(({ changes, promoted: count, session }) => [changes, count, session]),
    [
      [3, 1, id],
      [2, 1, id],
    ],
  );
});

test("a flag promotes or throws away at the end of the session", async () => {
  for (const [how, isThere] of [
    ["promote", true],
    ["discard", false],
  ] as const) {
    using place = createProject();
    const result = await work(place, `--review=${how}`);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(existsSync(join(place.project, "made.txt")), isThere, result.stderr);
    assert.equal(existsSync(join(place.project, "old.txt")), !isThere);
    assert.equal(existsSync(join(place.project, hook)), false);
    // What would run by itself is left aside by the one, and thrown away by the other.
    assert.equal(result.stderr.includes("1 left aside"), isThere, result.stderr);
    if (isThere) await cloister(place, ["cell", "review", "discard", idIn(result)]);
    assert.deepEqual(readdirSync(join(place.home, ".cloister/reviews")), []);
  }
});

test("the settings ask for it; where nobody can be asked, what was written is kept", async () => {
  using place = createProject();
  mkdirSync(join(place.home, ".cloister"));
  writeFileSync(join(place.home, ".cloister/settings.json"), '{"cell": {"review": true}}');
  const result = await work(place);
  assert.equal(existsSync(join(place.project, "made.txt")), false);
  const discarded = await cloister(place, ["cell", "review", "discard", idIn(result)]);
  assert.equal(discarded.code, 0, discarded.stderr);
  assert.deepEqual(readdirSync(join(place.home, ".cloister/reviews")), []);
});

test("a session that was killed loses nothing of what was written", async () => {
  using place = createProject();
  const command = "echo written > made.txt; sleep 60";
  const rehearsal = await rehearse([
    { calls: [{ name: "Bash", arguments: { command } }] },
    { text: "Done." },
  ]);
  const reviews = join(place.home, ".cloister/reviews");
  const isWritten = (): boolean =>
    existsSync(reviews) &&
    readdirSync(reviews).some((id) => existsSync(join(reviews, id, "overlay/upper/made.txt")));
  await cloister(place, ["-p", "x", "--endpoint", rehearsal.url, "--review=keep"], {
    onStart: async (child) => {
      for (let look = 0; look < 500 && !isWritten(); look++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      child.kill("SIGKILL");
    },
  });
  await rehearsal.close();
  const [id = ""] = readdirSync(reviews);
  const promoted = await cloister(place, ["cell", "review", "promote", id]);
  assert.equal(readFileSync(join(place.project, "made.txt"), "utf8"), "written\n", promoted.stderr);
});

test("a review that is not there, and a session without a cell, are refused", async () => {
  using place = createPlace();
  const missing = await cloister(place, ["cell", "review", "show", "ses_none"]);
  assert.match(missing.stderr, /no-such-review/);
  const none = await cloister(place, [
    "-p",
    "x",
    "--endpoint",
    "http://127.0.0.1:9",
    "--cell",
    "none",
    "--review",
  ]);
  assert.notEqual(none.code, 0);
  assert.match(none.stderr, /without a cell|cloister:/);
});
