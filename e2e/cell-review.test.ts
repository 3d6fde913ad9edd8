/** `cloister cell --review` and `--observe`: what a command would change, and what it did. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, until, type Place, type RunOutcome } from "./harness.ts";

const changes = [
  "sed -i s/two/TWO/ a.txt",
  "rm gone.txt",
  "rm -r folder; mkdir folder; echo new > folder/new",
  "mkdir -p n/m; echo deep > n/m/f",
  "chmod 755 run.sh",
  "ln -s n/m inside; ln -s /etc/passwd outside",
  "head -c 3000 /dev/urandom > blob",
  "mv moved.txt renamed.txt",
  "touch same.txt; echo x > brief; rm brief",
  "mkfifo pipe",
].join("; ");

const files = {
  "a.txt": "one\ntwo\nthree\n",
  "gone.txt": "x\n",
  "folder/1": "1\n",
  "folder/2": "2\n",
  "run.sh": "echo\n",
  "moved.txt": "m\n",
  "same.txt": "s\n",
};

test("a review shows every change and touches nothing until it is promoted", async () => {
  using place = createPlace(files);
  const before = list(place.project);
  const shown = await review(place, "show", changes);
  assert.equal(shown.code, 0, shown.stderr);
  for (const line of [
    "M a.txt  +1 −1",
    "D gone.txt",
    "D folder/1",
    "A folder/new",
    "A n/m/f",
    "M run.sh  mode 644 → 755",
    "A inside → n/m",
    "A blob  3000 bytes",
    "D moved.txt",
    "A renamed.txt",
    "-two",
    "+TWO",
  ]) {
    assert.ok(shown.stderr.includes(line), `${line} in\n${shown.stderr}`);
  }
  assert.doesNotMatch(shown.stderr, /same\.txt|brief/, "what is as it was is no change");
  assert.deepEqual(list(place.project), before);
});

test("promoted, the project is as the command left it, but for what is guarded or no file", async () => {
  using place = createPlace(files);
  const result = await review(place, "promote", changes);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(readFileSync(join(place.project, "a.txt"), "utf8"), "one\nTWO\nthree\n");
  assert.deepEqual(readdirSync(join(place.project, "folder")), ["new"]);
  assert.equal(statSync(join(place.project, "run.sh")).mode & 0o777, 0o755);
  assert.equal(readFileSync(join(place.project, "inside", "f"), "utf8"), "deep\n");
  assert.equal(statSync(join(place.project, "blob")).size, 3000);
  const names = readdirSync(place.project).toSorted();
  assert.deepEqual(names, "README.md a.txt blob folder inside n renamed.txt run.sh same.txt".split(" "));
  const entry = (await place.entries()).find((one) => one["t"] === "tool.review");
  assert.ok(Number(entry?.["promoted"]) > 10, "the decision is recorded");
});

test("discarded, nothing is left of it", async () => {
  using place = createPlace(files);
  const before = list(place.project);
  await review(place, "discard", changes);
  assert.deepEqual(list(place.project), before);
});

test("a hook, git's settings and an editor's tasks are promoted only by name", async () => {
  using place = createPlace();
  execFileSync("git", ["init", "-q", place.project]);
  const plant =
    "git config core.pager evil; echo evil > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; mkdir .vscode; echo {} > .vscode/tasks.json; git init -q sub; git add README.md; echo fine > fine.txt";
  const careful = await review(place, "promote", plant);
  assert.match(careful.stderr, /guarded/);
  assert.equal(existsSync(join(place.project, "fine.txt")), true);
  assert.equal(existsSync(join(place.project, ".git/index")), true, "git's own files are ordinary");
  assert.doesNotMatch(readFileSync(join(place.project, ".git/config"), "utf8"), /evil/);
  for (const path of [".git/hooks/pre-commit", ".vscode", "sub/.git"]) {
    assert.equal(existsSync(join(place.project, path)), false, path);
  }
  const named = await cloister(place, [
    "cell",
    "--review=promote",
    "--promote-guarded",
    "--",
    "sh",
    "-c",
    plant,
  ]);
  assert.equal(named.code, 0, named.stderr);
  assert.match(readFileSync(join(place.project, ".git/config"), "utf8"), /evil/);
  assert.equal(existsSync(join(place.project, ".vscode/tasks.json")), true);
});

test("what a person changed meanwhile is not overwritten", async () => {
  using place = createPlace({ "a.txt": "old\n", "b.txt": "old\n" });
  const meeting = join(place.base, "meeting");
  mkdirSync(meeting);
  const script = `echo theirs > a.txt; echo theirs > b.txt; touch ${meeting}/here; while [ ! -e ${meeting}/go ]; do sleep 0.05; done`;
  const options = ["--review=promote", "--write", meeting];
  const result = await cloister(place, ["cell", ...options, "--", "sh", "-c", script], {
    onStart: async () => {
      await until("the command", () => existsSync(join(meeting, "here")) || undefined);
      writeFileSync(join(place.project, "a.txt"), "mine\n");
      writeFileSync(join(meeting, "go"), "");
    },
  });
  assert.equal(readFileSync(join(place.project, "a.txt"), "utf8"), "mine\n", result.stderr);
  assert.equal(readFileSync(join(place.project, "b.txt"), "utf8"), "theirs\n");
  assert.match(result.stderr, /changed outside meanwhile/);
});

test("secrets in the changes are not printed", async () => {
  const key = ["AK", "IA", "Q7ZX4M2NB5VC3KLD"].join("");
  using place = createPlace({ "config.js": "// nothing\n" });
  const result = await review(place, "show", `echo 'const key = "${key}";' >> config.js`);
  assert.match(result.stderr, /M config\.js/);
  assert.doesNotMatch(result.stderr, new RegExp(key));
});

test("names and contents cannot steer the terminal", async () => {
  using place = createPlace();
  const result = await review(
    place,
    "show",
    String.raw`printf '\033]0;evil\007\n' > "$(printf 'a\033[2Jb\nc')"`,
  );
  // oxlint-disable-next-line no-control-regex -- that none is there is the claim
  assert.doesNotMatch(result.stderr, /[\u0007\u001b]/);
});

test(
  "an ordinary user can review too",
  { skip: process.getuid?.() !== 0 && "it is one already" },
  async () => {
    using place = createPlace(files);
    chmodSync(place.base, 0o755);
    execFileSync("chown", ["-R", "65534:65534", place.project]);
    const result = await review(place, "promote", changes);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(statSync(join(place.project, "n/m/f")).uid, 65534, "new files are the owner's, not root's");
    assert.equal(lstatSync(join(place.project, "inside")).uid, 65534);
  },
);

test("--review without a terminal to ask on is refused before anything runs", async () => {
  using place = createPlace();
  const result = await cloister(place, ["cell", "--review", "--", "touch", "ran"]);
  assert.equal(result.code, 64);
  assert.match(result.stderr, /--review=promote/);
  assert.deepEqual(await place.entries().catch(() => []), []);
});

test("--observe tells what was read, written, started and asked for, and nothing of how the cell was made", async () => {
  using place = createPlace({ "in.txt": "x" });
  const report = join(place.base, "seen.jsonl");
  const script = `cat in.txt > "out ü"; cat ~/.netrc; rm "out ü"; mv in.txt to.txt; exec 3<>/dev/tcp/203.0.113.5/443`;
  const result = await cloister(place, ["cell", "--observe", report, "--", "bash", "-c", script]);
  assert.match(result.stderr, /observed/);
  const lines = readFileSync(report, "utf8").trim().split("\n");
  const seen = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const has = (kind: string, more: Record<string, unknown>): boolean =>
    seen.some(
      (one) => one["kind"] === kind && Object.entries(more).every(([name, value]) => one[name] === value),
    );
  assert.ok(has("read", { path: join(place.project, "in.txt"), result: "ok" }));
  assert.ok(has("write", { path: join(place.project, "out ü"), result: "ok" }));
  assert.ok(has("read", { path: join(place.home, ".netrc"), result: "ENOENT" }));
  assert.ok(has("delete", { path: join(place.project, "out ü") }));
  assert.ok(has("rename", { path: join(place.project, "in.txt"), to: join(place.project, "to.txt") }));
  assert.ok(has("connect", { address: "203.0.113.5:443", result: "ENETUNREACH" }));
  assert.equal(seen[0]?.["kind"], "exec");
  assert.deepEqual(seen[0]?.["argv"], ["bash", "-c", script]);
  assert.doesNotMatch(lines.join("\n"), /newroot|bwrap|uid_map/);
});

test("observed and reviewed at once, with the command's exit code", async () => {
  using place = createPlace();
  const report = join(place.base, "seen.jsonl");
  const options = ["--observe", report, "--review=promote"];
  const result = await cloister(place, ["cell", ...options, "--", "sh", "-c", "echo x > made; exit 5"]);
  assert.equal(result.code, 5, result.stderr);
  assert.equal(existsSync(join(place.project, "made")), true);
  assert.match(readFileSync(report, "utf8"), /made/);
});

function review(place: Place, how: string, script: string): Promise<RunOutcome> {
  return cloister(place, ["cell", `--review=${how}`, "--", "sh", "-c", script]);
}

function list(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
}
