import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, rehearse, type Place, type RunOutcome } from "./harness.ts";

const secret = ["sk", "live", "8dJ2kQw9Zr5Tn3Xb7Vm4Lc6P"].join("_");

/** A session of two messages: the first reads a secret, the second edits a file and runs a command. */
async function worked(place: Place): Promise<void> {
  const rehearsal = await rehearse([
    { calls: [{ name: "Read", arguments: { file_path: "config.js" } }] },
    { text: "Read <b>it</b>." },
    { calls: [{ name: "Edit", arguments: { file_path: "a.txt", old_string: "one", new_string: "two" } }] },
    { calls: [{ name: "Bash", arguments: { command: "echo made > made.txt; rm gone.txt" } }] },
    { text: "Done." },
    { text: "Once more." },
  ]);
  try {
    const first = await cloister(place, ["-p", "read the config", "--endpoint", rehearsal.url]);
    assert.equal(first.code, 0, first.stderr);
    const second = await cloister(place, ["-p", "now change it", "-c", "--endpoint", rehearsal.url]);
    assert.equal(second.code, 0, second.stderr);
  } finally {
    await rehearsal.close();
  }
}

test("sessions are listed, shown, named, exported, taken back and removed", async () => {
  using place = createPlace({
    "config.js": `export const key = "${secret}";\n`,
    "a.txt": "one\n",
    "gone.txt": "gone\n",
  });
  await worked(place);
  const sessions = (...args: string[]): Promise<RunOutcome> => cloister(place, ["sessions", ...args]);

  const listed = await sessions();
  const [id = ""] = /ses_\w+/.exec(listed.stdout) ?? [];
  assert.match(listed.stdout, /read the config.*5 turns.*internal/, listed.stderr);
  const renamed = await sessions("rename", id, "the config");
  assert.equal(renamed.code, 0, renamed.stderr);
  const shown = await sessions("show", "the config");
  assert.match(shown.stdout, /1 .*read the config\n.*2 .*now change it/, shown.stderr);

  const md = (await sessions("export", id)).stdout;
  assert.match(md, /^# the config/);
  assert.match(md, /```diff\n[^]*-one\n\+two/);
  assert.match(md, /CLS_[A-Z2-7]+_/);
  const page = join(place.base, "session.html");
  const exported = await sessions("export", id, "--format", "html", "--out", page);
  assert.equal(exported.code, 0, exported.stderr);
  const html = readFileSync(page, "utf8");
  assert.match(html, /Read &lt;b&gt;it&lt;\/b&gt;/);
  assert.match(html, /<span class="add">\+two/);
  const json = (await sessions("export", id, "--format", "json")).stdout;
  assert.ok(Array.isArray((JSON.parse(json) as { items: unknown }).items));
  for (const text of [md, html, json]) assert.ok(!text.includes(secret));

  writeFileSync(join(place.project, "mine.txt"), "mine\n");
  const picture = await sessions("rewind", id, "--to", "2", "--dry-run");
  assert.match(picture.stderr, /M a\.txt[^]*A gone\.txt[^]*D made\.txt/);
  assert.match(picture.stderr, /kept.*mine\.txt/);
  assert.equal(readFileSync(join(place.project, "a.txt"), "utf8"), "two\n");
  assert.match((await sessions("rewind", id, "--to", "2")).stderr, /--yes/);
  const rewound = await sessions("rewind", id, "--to", "2", "--yes");
  assert.equal(rewound.code, 0, rewound.stderr);
  assert.equal(readFileSync(join(place.project, "a.txt"), "utf8"), "one\n");
  assert.equal(readFileSync(join(place.project, "gone.txt"), "utf8"), "gone\n");
  assert.ok(!existsSync(join(place.project, "made.txt")));
  assert.ok(existsSync(join(place.project, "mine.txt")));
  assert.doesNotMatch((await sessions("show", id)).stdout, /now change it/);

  assert.equal((await sessions("delete", id)).code, 0);
  assert.match((await sessions()).stderr, /no sessions in this folder/);
});
