/** Files that no cell may write: an edit that a person allowed is made by the keeper, and nothing else is. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import { bodies, cloister, createPlace, rehearse, type Place } from "./harness.ts";

const steering = [
  ".vscode/tasks.json",
  ".vscode/deep/er.json",
  ".idea/workspace.xml",
  ".claude/settings.json",
  ".cursor/rules/a.md",
  ".cloister/hooks.json",
  ".git/hooks/pre-commit",
  ".github/workflows/ci.yml",
  ".circleci/config.yml",
  ".husky/pre-commit",
  ".devcontainer/devcontainer.json",
  ".npmrc",
  ".mcp.json",
  "mise.toml",
  "AGENTS.md",
  ".cloisterignore",
];

/** All files are written, read again, changed, and read by a command; what each call gave. */
async function steer(place: Place, flags: readonly string[] = []): Promise<readonly string[]> {
  const each = (call: (path: string) => object): RehearsalTurn =>
    ({ calls: steering.map(call) }) as unknown as RehearsalTurn;
  const rehearsal = await rehearse([
    each((path) => ({ name: "Write", arguments: { file_path: path, content: `made for ${path}\n` } })),
    each((path) => ({ name: "Read", arguments: { file_path: path } })),
    each((path) => ({
      name: "Edit",
      arguments: { file_path: path, old_string: "made for", new_string: "changed in" },
    })),
    { calls: [{ name: "Bash", arguments: { command: `cat ${steering.join(" ")}` } }] },
    { text: "Done." },
  ]);
  const args = ["-p", "x", "--endpoint", rehearsal.url, "--allow", "Write", "--allow", "Edit", ...flags];
  const result = await cloister(place, args);
  await rehearsal.close();
  assert.equal(result.code, 0, result.stderr);
  return resultsIn(bodies(rehearsal).at(-1) ?? "");
}

/** The texts of the messages from tools, in order. */
function resultsIn(body: string): readonly string[] {
  const { messages } = JSON.parse(body) as {
    readonly messages: readonly { role: string; content: string }[];
  };
  return messages.filter(({ role }) => role === "tool").map(({ content }) => content);
}

const repository = { ".git/HEAD": "ref: refs/heads/main\n", ".git/config": "[core]\n" };

function holdsAll(place: Place, results: readonly string[]): void {
  const count = steering.length;
  for (const [index, path] of steering.entries()) {
    assert.match(results[index] ?? "", /^(?:Created|Replaced) /);
    assert.match(results[count + index] ?? "", /made for/);
    assert.match(results[2 * count + index] ?? "", /^Edited /);
    assert.match(results.at(-1) ?? "", new RegExp(`changed in ${path}`));
    assert.equal(readFileSync(join(place.project, path), "utf8"), `changed in ${path}\n`);
    assert.equal(statSync(join(place.project, path)).uid, statSync(place.project).uid, path);
    assert.equal(statSync(dirname(join(place.project, path))).uid, statSync(place.project).uid, path);
  }
}

test("a write of a steering file that was allowed succeeds where its folder is missing, and is seen at once", async () => {
  using place = createPlace(repository);
  holdsAll(place, await steer(place));
});

test("and where file and folder are there, and belong to another user than the keeper", async () => {
  using place = createPlace({ ...repository, ...Object.fromEntries(steering.map((path) => [path, ""])) });
  if (process.getuid?.() === 0) execFileSync("chown", ["-R", "65534:65534", place.base]);
  holdsAll(place, await steer(place));
});

test("under review they are written into the overlay, and come to the project by a word of their own", async () => {
  using place = createPlace(repository);
  await steer(place, ["--review=keep"]);
  const isThere = (path: string): boolean => existsSync(join(place.project, path));
  assert.deepEqual(steering.filter(isThere), []);
  const [id = ""] = readdirSync(join(place.home, ".cloister/reviews"));
  await cloister(place, ["cell", "review", "promote", id, "--promote-guarded"]);
  assert.deepEqual(steering.filter(isThere), steering);
});
