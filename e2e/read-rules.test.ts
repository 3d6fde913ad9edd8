/** What a permission rule forbids to read, no command reads either: by whatever program, and under whatever name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodies, cloister, createPlace, rehearse } from "./harness.ts";

const files = {
  "private/deep/one.txt": "CANARY-ONE\n",
  "plans.md": "CANARY-PLANS\n",
  "seen.txt": "SEEN-IT\n",
  "dist/app.js": "BUILT\n",
  "try.sh":
    "cat */*/one.txt; grep -rh CANARY .; p=plans; awk 1 $p.md; cp $p.md x; ln -s $p.md y; cat x y seen.txt dist/app.js; mv private z; cat z/deep/*",
};

test("a file that a rule forbids to read is out of reach of every command, and --show does not show it", async () => {
  using place = createPlace(files);
  const rehearsal = await rehearse([
    { calls: [{ name: "Bash", arguments: { command: "sh try.sh" } }] },
    { calls: [{ name: "Bash", arguments: { command: "sh ./try.sh" } }] },
    { calls: [{ name: "Read", arguments: { file_path: "plans.md" } }] },
    { text: "Done." },
  ]);
  const denials = ["Read(private/**)", "Read(/plans.md)", "Read(dist/**)"].flatMap((rule) => [
    "--deny",
    rule,
  ]);
  const result = await cloister(place, [
    ...["-p", "look", "--endpoint", rehearsal.url, "--show", "plans.md", ...denials],
  ]);
  await rehearsal.close();
  assert.equal(result.code, 0, result.stderr);
  const last = bodies(rehearsal).at(-1) ?? "";
  assert.doesNotMatch(last, /CANARY-/);
  assert.match(last, /SEEN-IT/);
  // What builds write stays, as docs/guide/permissions.md says.
  assert.match(last, /BUILT/);
  assert.match(last, /Read\(\/plans\.md\)/);
});
