/** Modes and questions through the whole product: flags, settings, and the program at the other end of stdin. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import { isRecord } from "@cloister/base";
import { cloister, createPlace, mainFile, rehearse, type Place } from "./harness.ts";

const bash = (command: string): { readonly calls: NonNullable<RehearsalTurn["calls"]> } => ({
  calls: [{ name: "Bash", arguments: { command } }],
});

function settings(place: Place, value: object): void {
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister/settings.json"), JSON.stringify({ permissions: value }));
}

async function run(
  place: Place,
  turns: readonly RehearsalTurn[],
  flags: readonly string[] = [],
): Promise<{ readonly stdout: string; readonly stderr: string; readonly failures: readonly string[] }> {
  const rehearsal = await rehearse(turns);
  const args = ["-p", "go", "--endpoint", rehearsal.url, "--output-format", "stream-json", ...flags];
  const { stdout, stderr } = await cloister(place, args);
  await rehearsal.close();
  return { stdout, stderr, failures: rehearsal.failures };
}

test("in plan mode commands that look run, nothing is written, and the plan is the answer", async () => {
  using place = createPlace();
  const { stdout, failures } = await run(
    place,
    [
      bash("cat README.md"),
      { expect: { lastMessageContains: ["A project."] }, ...bash("touch made") },
      { expect: { lastMessageContains: ["mode plan"] }, text: "The plan: …" },
    ],
    ["--permission-mode", "plan"],
  );
  assert.deepEqual(failures, [], stdout);
  assert.match(stdout, /"permissionMode":"plan"/);
  assert.equal(existsSync(join(place.project, "made")), false);
});

test("settings hold for every run: a rule that denies, and the mode; a flag goes before the mode", async () => {
  using place = createPlace();
  settings(place, { deny: ["Bash(touch *)"], defaultMode: "plan" });
  const turns = [
    bash("mkdir made-too"),
    bash("touch made"),
    { expect: { lastMessageContains: ["settings.json"] }, text: "Done." },
  ];
  const { stdout, failures } = await run(place, turns, ["--permission-mode", "default"]);
  assert.deepEqual(failures, [], stdout);
  assert.equal(existsSync(join(place.project, "made")), false);
  assert.equal(existsSync(join(place.project, "made-too")), true);
  assert.match((await run(place, [{ text: "Hi." }])).stdout, /"permissionMode":"plan"/);
});

test("a setting that is misread stops the start", async () => {
  using place = createPlace();
  settings(place, { askFor: "some" });
  assert.match(
    (await run(place, [{ text: "Hi." }])).stderr,
    /"permissions": askFor: it is "guarded" or "all"/,
  );
});

/** A program that speaks to a session, and answers its questions. */
async function converse(
  place: Place,
  turns: readonly RehearsalTurn[],
  answer: (request: Record<string, unknown>) => object,
  flags: readonly string[] = [],
): Promise<{ readonly asked: readonly Record<string, unknown>[]; readonly failures: readonly string[] }> {
  const rehearsal = await rehearse(turns);
  const lines = ["--input-format", "stream-json", "--output-format", "stream-json"];
  const args = [...lines, "--permission-prompt-tool", "stdio", "--endpoint", rehearsal.url, ...flags];
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: place.project,
    env: { PATH: process.env["PATH"], HOME: place.home, TMPDIR: tmpdir() },
    stdio: ["pipe", "pipe", "ignore"],
    timeout: 60_000,
  });
  const say = (line: object): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  say({ type: "user", message: { role: "user", content: "go" } });
  const asked: Record<string, unknown>[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    const line: unknown = JSON.parse(text);
    if (!isRecord(line)) continue;
    if (line["type"] === "control_request" && isRecord(line["request"])) {
      asked.push(line["request"]);
      const response = {
        subtype: "success",
        request_id: line["request_id"],
        response: answer(line["request"]),
      };
      say({ type: "control_response", response });
    }
    if (line["type"] === "result") child.stdin.end();
  }
  await rehearsal.close();
  return { asked, failures: rehearsal.failures };
}

const write = { name: "Write", arguments: { file_path: "AGENTS.md", content: "Use tabs.\n" } };

test("a question goes to the program on stdin as can_use_tool, with the whole call; its yes is carried out", async () => {
  using place = createPlace();
  const { asked, failures } = await converse(place, [{ calls: [write] }, { text: "Done." }], ({ input }) => ({
    behavior: "allow",
    updatedInput: input,
  }));
  assert.deepEqual(failures, []);
  assert.equal(readFileSync(join(place.project, "AGENTS.md"), "utf8"), "Use tabs.\n");
  const [request] = asked;
  assert.equal(asked.length, 1);
  assert.deepEqual(
    [request?.["subtype"], request?.["tool_name"], request?.["input"]],
    ["can_use_tool", "Write", write.arguments],
  );
  assert.equal(typeof request?.["tool_use_id"], "string");
});

test("its no reaches the model with its words, and a call that it changed is not run", async () => {
  using place = createPlace();
  const no = { expect: { lastMessageContains: ["the user said no: not that file"] }, calls: [write] };
  const changed = { expect: { lastMessageContains: ["the host changed the call"] }, text: "Done." };
  const answers = [
    { behavior: "deny", message: "not that file" },
    { behavior: "allow", updatedInput: { file_path: "other.md", content: "x" } },
  ];
  const second = {
    ...no,
    calls: [{ ...write, arguments: { ...write.arguments, content: "Use spaces.\n" } }],
  };
  const { failures } = await converse(
    place,
    [{ calls: [write] }, second, changed],
    () => answers.shift() ?? {},
  );
  assert.deepEqual(failures, []);
  assert.equal(existsSync(join(place.project, "AGENTS.md")), false);
  assert.equal(existsSync(join(place.project, "other.md")), false);
});

test("what is to hold for all times stands in the person's own file, and answers in the next session", async () => {
  using place = createPlace();
  settings(place, { askFor: "all" });
  const turns = [bash("npm --version"), { text: "Done." }];
  const { asked } = await converse(place, turns, (request) => ({
    behavior: "allow",
    updatedPermissions: request["permission_suggestions"],
  }));
  assert.equal(asked.length, 1);
  const own = readFileSync(join(place.home, ".cloister/permissions.yaml"), "utf8");
  assert.match(own, /Bash\(npm --version\)/);
  const later = await converse(place, turns, () => ({ behavior: "deny", message: "no" }));
  assert.deepEqual(later.asked, []);
  const { stdout } = await cloister(place, ["permissions", "list"]);
  assert.match(stdout, /allow +Bash\(npm --version\) +\S+permissions\.yaml:\d+/);
  const why = await cloister(place, ["permissions", "why", "Bash(npm --version)"]);
  assert.match(why.stdout, /allowed\n {2}by Bash\(npm --version\) in \S+permissions\.yaml:\d+/);
});

test("why says which rule of which file decides, and which flag would help", async () => {
  using place = createPlace({ ".claude/settings.json": '{"permissions":{\n"deny":["Bash(git push *)"]}}\n' });
  const denied = await cloister(place, ["permissions", "why", "Bash(git push origin)"]);
  assert.match(
    denied.stdout,
    /denied\n {2}by Bash\(git push \*\) in \S+\.claude\/settings\.json:2/,
    denied.stderr,
  );
  const asked = await cloister(place, ["permissions", "why", "Write(AGENTS.md)", "--json"]);
  const found: unknown = JSON.parse(asked.stdout);
  assert.ok(isRecord(found));
  assert.deepEqual([found["outcome"], found["flag"]], ["ask", "--allow 'Write(AGENTS.md)'"]);
});

test("a clone that nobody trusts allows nothing and chooses no mode, by whatever agent's settings; what it forbids counts", async () => {
  const block = {
    permissions: {
      allow: ["Bash", "Edit(AGENTS.md)"],
      deny: ["Bash(rm *)"],
      defaultMode: "bypassPermissions",
    },
  };
  using place = createPlace({
    ".claude/settings.json": JSON.stringify(block),
    ".claude/settings.local.json": JSON.stringify(block),
    ".cloister/settings.json": JSON.stringify(block),
    ".cloister/permissions.yaml": "allow: [Bash]\n",
    ".env": "CLOISTER_PERMISSION_MODE=bypass\n",
  });
  const { stdout, stderr } = await cloister(place, ["permissions", "--json"]);
  const found: unknown = JSON.parse(stdout);
  assert.ok(isRecord(found) && Array.isArray(found["rules"]), stderr);
  assert.equal(found["mode"], "default");
  const rules = found["rules"].filter(isRecord).map(({ kind, rule }) => `${String(kind)} ${String(rule)}`);
  assert.deepEqual(new Set(rules), new Set(["deny Bash(rm *)"]));
});
