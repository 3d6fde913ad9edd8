import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import type { JsonObject } from "@cloister/base";
import {
  classify,
  joinRules,
  parsePolicy,
  parseRules,
  type PermissionRules,
  type Policy,
  type RuleLists,
} from "@cloister/policy";
import type { AnswerEvent } from "@cloister/wire";
import { createWorld as createWorldFor, request, user, type World, type WorldOptions } from "./world.ts";

type End = Extract<AnswerEvent, { kind: "end" }>;

function policyOf(value: JsonObject): Policy {
  const parsed = parsePolicy({ version: 1, name: "house", ...value });
  assert.ok(parsed.kind === "policy", JSON.stringify(parsed));
  return parsed.policy;
}

/** What a person said with flags. */
function flags(lists: { readonly allow?: readonly string[]; readonly deny?: readonly string[] }): {
  readonly rules: PermissionRules;
} {
  const read = (origin: string, wanted: RuleLists): PermissionRules => {
    const { rules, problems } = parseRules(wanted, { origin, isTrusted: true });
    assert.deepEqual(problems, []);
    return rules;
  };
  const endorsed = read("--allow", { endorsed: lists.allow ?? [] });
  return { rules: joinRules(endorsed, read("--deny", { deny: lists.deny ?? [] })) };
}

function call(name: string, args: JsonObject): RehearsalTurn {
  return { calls: [{ name, arguments: args }] };
}

const bash = (command: string): RehearsalTurn => call("Bash", { command });
const never = (...turns: RehearsalTurn[]): RehearsalTurn[] => [...turns, ...turns, ...turns];

async function ask(world: World): Promise<{ end: End; text: string; names: string[] }> {
  const events = await world.ask(request(user("hi")));
  const end = events.at(-1);
  assert.ok(end?.kind === "end", JSON.stringify(end));
  const text = events.map((event) => (event.kind === "text" ? event.text : "")).join("");
  return { end, text, names: end.calls.map(({ name }) => name) };
}

/** Another program asks, unless a test says that it is our own agent. */
function createWorld(options: WorldOptions = {}): Promise<World> {
  return createWorldFor({ evidence: "claimed", ...options });
}

/** A world with files of its own. */
async function withFiles(
  files: Readonly<Record<string, string>>,
  options: WorldOptions,
): Promise<World & { readonly folder: string }> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "judge-test-")));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const world = await createWorld({ ...options, workspace: folder });
  const close = world[Symbol.asyncDispose].bind(world);
  return {
    ...world,
    folder,
    async [Symbol.asyncDispose]() {
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

test("a call that the policy denies never reaches the client; the model hears rule, line and reason, and answers in text", async () => {
  const policy = policyOf({
    tools: [{ tool: "Bash", match: "git push*", decision: "deny", reason: "the build server pushes" }],
  });
  const told = { expect: { lastMessageContains: ["Error (denied)", "tools[0]", "the build server pushes"] } };
  await using world = await createWorld({
    policy,
    turns: [bash("git push"), { ...told, text: "I may not push." }],
  });
  const { end, text, names } = await ask(world);
  assert.deepEqual([names, end.finish, text], [[], "stop", "I may not push."]);
  assert.deepEqual(world.rehearsal.failures, []);
  const [entry] = await world.recorded("decision");
  assert.deepEqual(
    [entry?.["decision"], entry?.["tool"], entry?.["effect"], entry?.["policy"]],
    [{ kind: "deny", rule: "tools[0]" }, "Bash", "egress", "house"],
  );
  assert.doesNotMatch(JSON.stringify(entry), /git push/, "the command is not in the leaf");
});

test("a model that insists three times gets no further, and the client gets a text that says why", async () => {
  const policy = policyOf({ tools: [{ tool: "Bash", decision: "deny" }] });
  await using world = await createWorld({ policy, turns: never(bash("ls")) });
  const { end, text, names } = await ask(world);
  assert.deepEqual([names, end.finish], [[], "stop"]);
  assert.match(text, /\[denied\] Bash is not allowed here, and was not run: ls/);
  assert.deepEqual(
    end.extension?.refused.map(({ cause }) => cause),
    ["denied"],
  );
  assert.equal(world.sent().length, 3);
});

test("our own agent gets the calls that were denied, to answer them in its history: nothing is asked again, and no word is put into the model's mouth", async () => {
  const policy = policyOf({ tools: [{ tool: "Bash", match: "rm *", decision: "deny" }] });
  const calls = ["ls", "rm -r src"].map((command) => ({ name: "Bash", arguments: { command } }));
  await using world = await createWorld({ policy, evidence: "started", turns: [{ text: "So.", calls }] });
  const { end, text } = await ask(world);
  assert.deepEqual([end.calls.length, text, world.sent().length], [1, "So.", 1]);
  const [refused] = end.extension?.refused ?? [];
  assert.equal(refused?.cause, "denied");
  assert.deepEqual(
    [refused.call?.name, refused.call?.arguments],
    ["Bash", JSON.stringify({ command: "rm -r src" })],
  );
});

test("a call that was denied comes back to our agent as it went to the model: its secrets sealed", async () => {
  const policy = policyOf({ tools: [{ tool: "Bash", decision: "deny" }] });
  const secret = ["sk", "live", "4bQ9xT2mVw7Lr8Kc5Nd3Zf6H"].join("_");
  await using world = await createWorld({
    policy,
    evidence: "started",
    turns: [bash("echo {{match:CLS_[A-Z2-7]{8,}_[A-Z0-9]+}}")],
  });
  const events = await world.ask(request(user(`key = "${secret}"`)));
  assert.ok(!JSON.stringify(events).includes(secret));
  assert.match(JSON.stringify(events.at(-1)), /CLS_/);
});

test("of two calls the allowed one passes, and the note says what became of the other", async () => {
  const policy = policyOf({ tools: [{ tool: "Bash", match: "rm *", decision: "deny" }] });
  const calls = ["ls", "rm -r src"].map((command) => ({ name: "Bash", arguments: { command } }));
  await using world = await createWorld({ policy, turns: [{ calls }] });
  const { end, text } = await ask(world);
  assert.deepEqual(
    end.calls.map((one) => one.arguments),
    ['{"command":"ls"}'],
  );
  assert.match(text, /was not run: rm -r src/);
});

test("what asks is denied when nobody is there, with the flag that would allow it", async () => {
  const turns = never(call("Write", { file_path: ".github/workflows/ci.yml", content: "x" }));
  await using world = await createWorld({ turns });
  const { text, names } = await ask(world);
  assert.deepEqual(names, []);
  assert.match(text, /--allow 'Write\(\.github\/workflows\/ci\.yml\)'/);
  assert.deepEqual({ ...world.session.judgement.approvals }, { asked: 1, allowed: 0, denied: 1 });
});

test("a person's rule turns a question into a yes, recorded with the hash of the very call; it never beats a refusal", async () => {
  const policy = policyOf({
    tools: [
      { tool: "Bash", match: "git push*", decision: "ask" },
      { tool: "Bash", match: "*--force*", decision: "deny" },
    ],
  });
  const judgement = flags({ allow: ["Bash(git push*)"] });
  await using world = await createWorld({
    policy,
    judgement,
    turns: [bash("git push"), ...never(bash("git push --force"))],
  });
  assert.deepEqual((await ask(world)).names, ["Bash"]);
  const [entry] = await world.recorded("endorse");
  assert.match(JSON.stringify(entry?.["call"]), /^"[0-9a-f]{64}"$/);
  assert.equal(entry?.["by"], "--allow Bash(git push*)");
  assert.deepEqual({ ...world.session.judgement.approvals }, { asked: 1, allowed: 1, denied: 0 });
  await using other = await createWorld({ policy, judgement, turns: never(bash("git push --force")) });
  assert.deepEqual((await ask(other)).names, []);
  await using forbidding = await createWorld({
    judgement: flags({ deny: ["Bash(ls*)"] }),
    turns: never(bash("cd x && ls")),
  });
  assert.match((await ask(forbidding)).text, /--deny Bash\(ls\*\)/);
});

test("a person is asked with the whole command, what is invisible in it written out; once in an answer, however often the model tries", async () => {
  const questions: string[] = [];
  const policy = policyOf({ tools: [{ tool: "Bash", decision: "ask" }] });
  const turns = never(bash("echo a\u202e\nrm b"));
  const judgement = {
    approve: (question: { text: string }) => {
      questions.push(question.text);
      return Promise.resolve("no" as const);
    },
  };
  await using world = await createWorld({ policy, turns, judgement });
  assert.deepEqual((await ask(world)).names, []);
  assert.deepEqual(questions, ["echo a\\u{202e}\nrm b"]);
});

test("always holds for the same text only", async () => {
  let asked = 0;
  const policy = policyOf({ tools: [{ tool: "Bash", decision: "ask" }] });
  const judgement = { approve: () => ((asked += 1), Promise.resolve("always" as const)) };
  await using world = await createWorld({ policy, judgement, turns: [bash("make")] });
  await ask(world);
  await ask(world);
  assert.equal(asked, 1);
});

test("an edit that plants is stopped; a harmless finding passes, and is shown and recorded", async () => {
  const files = { "src/a.ts": "const a = 1;\nconst b = 2;\n" };
  const edit = (text: string): RehearsalTurn =>
    call("Edit", { file_path: "src/a.ts", old_string: "const b = 2;", new_string: text });
  await using bad = await withFiles(files, {
    turns: never(edit("https.get(u, { rejectUnauthorized: false })")),
  });
  assert.match((await ask(bad)).text, /code\.tls-checks-off.*src\/a\.ts, line 2/);
  await using good = await withFiles(files, { turns: [edit('fetch("https://api.new-place.io/x")')] });
  const { end, names } = await ask(good);
  assert.deepEqual(names, ["Edit"]);
  assert.deepEqual(
    end.extension?.findings?.map(({ kind, path, line, verdict }) => [kind, path, line, verdict]),
    [["new-host", "src/a.ts", 2, "allow"]],
  );
  const [entry] = await good.recorded("finding");
  assert.deepEqual([entry?.["kind"], entry?.["verdict"]], ["new-host", "allow"]);
});

test("the same finding asks once something untrusted was read", async () => {
  const turns = never(call("Write", { file_path: "a.ts", content: 'fetch("https://api.new-place.io/x")' }));
  await using world = await createWorld({ turns });
  world.session.standing.raise(classify("public", [], "untrusted"));
  assert.deepEqual((await ask(world)).names, []);
});

test("a secret that the model makes up for the code asks, and is nowhere in clear; one that stands in the file is no news", async () => {
  const key = ["sk", "live", "4bQ9xT2mVw7Lr8Kc5Nd3Zf6H"].join("_");
  const other = ["sk", "live", "9dQ1xT2mVw7Lr8Kc5Nd3Zf6K"].join("_");
  const write = (text: string): RehearsalTurn => call("Write", { file_path: "a.ts", content: text });
  await using world = await withFiles(
    { "a.ts": `const k = "${key}";\n` },
    { turns: never(write(`const k = "${other}";\n`)) },
  );
  const { text } = await ask(world);
  assert.match(text, /hard-coded-credential in a\.ts, line 1/);
  assert.doesNotMatch(`${text}${JSON.stringify(await world.entries())}`, new RegExp(other));
  // What the model copied is the placeholder that it was shown.
  const shown = world.session.seals.seal(`const k = "${key}";\n`, "a.ts").text;
  await using fine = await withFiles(
    { "a.ts": `const k = "${key}";\n` },
    { turns: [write(`${shown}const b = 1;\n`)] },
  );
  fine.session.seals.seal(key);
  assert.deepEqual((await ask(fine)).names, ["Write"]);
});

test("a link is judged by where it leads", async () => {
  await using world = await withFiles(
    { ".github/workflows/ci.yml": "on: push\n" },
    { turns: never(call("Write", { file_path: "notes.txt", content: "x" })) },
  );
  symlinkSync(".github/workflows/ci.yml", join(world.folder, "notes.txt"));
  assert.match((await ask(world)).text, /effects\.persistent/);
  assert.equal(readFileSync(join(world.folder, "notes.txt"), "utf8"), "on: push\n");
});

test("text streams on while a call waits for a person", { timeout: 120_000 }, async () => {
  const policy = policyOf({ tools: [{ tool: "Bash", decision: "ask" }] });
  const seen = Promise.withResolvers<"once">();
  const judgement = { approve: () => seen.promise };
  await using world = await createWorld({
    policy,
    judgement,
    turns: [{ text: "Now I run it.", ...bash("make") }],
  });
  const body = [Buffer.from(JSON.stringify(request(user("hi"))))];
  let text = "";
  for await (const event of world.client.ask(body, new AbortController().signal)) {
    if (event.kind === "text") text += event.text;
    if (text === "Now I run it.") seen.resolve("once");
    if (event.kind === "end") assert.equal(event.calls[0]?.name, "Bash");
  }
  assert.equal(text, "Now I run it.");
});

test("an endorsement that cannot be recorded is none", async () => {
  const policy = policyOf({ tools: [{ tool: "Bash", decision: "ask" }] });
  await using world = await createWorld({
    policy,
    judgement: flags({ allow: ["Bash"] }),
    turns: never(bash("make")),
    wrapLedger: (ledger) => ({
      ...ledger,
      append: (entry) =>
        entry.type === "endorse" ? Promise.reject(new Error("no space left")) : ledger.append(entry),
    }),
  });
  const { names, text } = await ask(world);
  assert.deepEqual(names, []);
  assert.match(text, /no space left/);
  assert.equal(world.troubles.length, 1);
});

test("a command that no call said is judged where it is started; one that was endorsed runs", async () => {
  const policy = policyOf({ tools: [{ tool: "Bash", match: "touch *", decision: "ask" }] });
  const options = { timeoutMs: 60_000, signal: new AbortController().signal };
  await using world = await createWorld({ policy });
  await assert.rejects(world.client.run({ shell: "touch made" }, options), { code: "denied" });
  await using other = await createWorld({ policy, judgement: flags({ allow: ["Bash(touch made)"] }) });
  assert.equal((await other.client.run({ shell: "touch made" }, options)).exitCode, 0);
});

test("what a command did to files that steer others is put back, however it did it; the rest stays", async () => {
  await using world = await createWorld();
  const options = { timeoutMs: 60_000, signal: new AbortController().signal };
  const run = (script: string): ReturnType<typeof world.client.run> =>
    world.client.run({ shell: `node -e '${script}'` }, options);
  const inWorkspace = (path: string): string => join(world.workspace, path);
  mkdirSync(inWorkspace(".github/workflows"), { recursive: true });
  writeFileSync(inWorkspace(".github/workflows/ci.yml"), "on: push\n");
  writeFileSync(inWorkspace("AGENTS.md"), "Use tabs.\n");
  const script =
    'const f = require("fs"); f.writeFileSync(".github/workflows/ci.yml", "bad"); f.writeFileSync("CLAUDE.md", "bad"); f.rmSync("AGENTS.md"); f.writeFileSync("made.txt", "good")';
  const result = await run(script);
  assert.match(result.output, /changed \.github\/workflows\/ci\.yml, AGENTS\.md, CLAUDE\.md; /);
  assert.equal(readFileSync(inWorkspace(".github/workflows/ci.yml"), "utf8"), "on: push\n");
  assert.equal(readFileSync(inWorkspace(".github/workflows/ci.yml.aside"), "utf8"), "bad");
  assert.equal(readFileSync(inWorkspace("AGENTS.md"), "utf8"), "Use tabs.\n");
  assert.throws(() => readFileSync(inWorkspace("CLAUDE.md")));
  assert.equal(readFileSync(inWorkspace("made.txt"), "utf8"), "good");
  // A folder that became a link is not followed.
  const outside = mkdtempSync(join(tmpdir(), "judge-out-"));
  writeFileSync(join(outside, "ci.yml"), "outside");
  await run(
    `const f = require("fs"); f.renameSync(".github", ".x"); f.mkdirSync(".github"); f.symlinkSync("${outside}", ".github/workflows")`,
  );
  assert.equal(readFileSync(join(outside, "ci.yml"), "utf8"), "outside");
  rmSync(outside, { recursive: true });
});
