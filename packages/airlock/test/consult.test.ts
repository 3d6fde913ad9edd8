/** What hooks may say to a question of the keeper's, what skills bring with them, and calls that a hook changed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsultedCall, Opinion } from "../src/index.ts";
import { rulesOf, startJudging, type Judging } from "./judging.ts";

const asksForMake = { tools: [{ tool: "Bash", match: "make*", decision: "ask" }] };
const no = { approve: () => Promise.resolve("no" as const) };
const { signal } = new AbortController();
const allows: Opinion = { kind: "allow", by: "hook of settings.json", why: "" };

/** A session in which all is asked, and whose hooks say so. */
async function consulting(
  opinion: Opinion | ((call: ConsultedCall) => Opinion),
  options: Parameters<typeof startJudging>[0] = {},
  world: Parameters<typeof startJudging>[1] = {},
): Promise<Judging & { readonly consulted: readonly ConsultedCall[] }> {
  const judging = await startJudging({ askFor: "all", ...no, ...options }, world);
  const consulted: ConsultedCall[] = [];
  judging.world.session.judgement.consult = (call) => {
    consulted.push(call);
    return Promise.resolve(typeof opinion === "function" ? opinion(call) : opinion);
  };
  return Object.assign(judging, { consulted });
}

test("a hook's yes spares the question that nobody's rule asked, and its command starts", async () => {
  await using judging = await consulting(allows);
  assert.equal(await judging.bash("npm test"), undefined);
  assert.equal(await judging.judge("Write", { file_path: "a", content: "x" }), undefined);
  assert.equal(judging.questions.length, 0);
  await judging.world.client.run({ shell: "npm test" }, { timeoutMs: 60_000, signal });
  const words = (await judging.world.entries()).filter(({ t }) => t === "endorse");
  assert.deepEqual(
    words.map(({ by }) => by),
    ["hook of settings.json", "hook of settings.json"],
  );
});

test("a hook's yes answers no policy, no rule that asks or denies, and nothing that an edit plants", async () => {
  const rules = rulesOf({ deny: ["Bash(rm *)"], ask: ["Bash(git push *)"] });
  await using judging = await consulting(
    allows,
    { rules },
    { policy: { ...asksForMake, code: { "new-host": "ask" } } },
  );
  for (const command of ["make x", "git push origin", "rm x", "$X"]) {
    assert.match((await judging.bash(command)) ?? "passed", /not allowed/, command);
  }
  const edit = { file_path: "a.js", content: 'fetch("https://api.new-place.io/x")' };
  assert.match((await judging.judge("Write", edit)) ?? "passed", /not allowed/);
  assert.match(
    (await judging.judge("Write", { file_path: ".github/workflows/a.yml", content: "x" })) ?? "passed",
    /not allowed/,
  );
  assert.deepEqual(
    judging.consulted.map(({ isSparable }) => isSparable),
    judging.consulted.map(() => false),
  );
});

test("a hook's no is told to the model, and the person is not asked", async () => {
  await using judging = await consulting({ kind: "deny", by: "hook of s.json", why: "not on Fridays" });
  assert.match((await judging.bash("npm test")) ?? "", /hook of s\.json.*not on Fridays/);
  assert.equal(judging.questions.length, 0);
});

test("a hook that has no opinion leaves the question to the person; one that throws is a refusal", async () => {
  await using judging = await consulting({ kind: "nothing" }, { approve: () => Promise.resolve("once") });
  assert.equal(await judging.bash("npm test"), undefined);
  assert.equal(judging.questions.length, 1);
  judging.world.session.judgement.consult = () => Promise.reject(new Error("gone"));
  assert.match((await judging.bash("npm run build")) ?? "", /could not be judged/);
});

test("hooks are told of the tool that is meant, and not where there is no question", async () => {
  const rules = rulesOf({ allow: ["Bash(npm test)"] });
  await using judging = await consulting({ kind: "nothing" }, { rules });
  await judging.bash("npm test");
  assert.equal(judging.consulted.length, 0);
  await judging.judge("UseTool", { name: "mcp__db__query", arguments: { sql: "x" } });
  assert.deepEqual(
    judging.consulted.map(({ name, args }) => [name, args]),
    [["mcp__db__query", { sql: "x" }]],
  );
});

test("what a skill brings holds until the person's next message, within what rules and policy say", async () => {
  const rules = rulesOf({ deny: ["Bash(git push --force *)"], ask: ["Bash(git reset *)"] });
  await using judging = await startJudging({ askFor: "all", ...no, rules }, { policy: { tools: [] } });
  const { judgement } = judging.world.session;
  const used: string[] = [];
  judgement.onSkill = (name) => {
    used.push(name);
    judgement.grant(rulesOf({ allow: ["Bash(git *)"], deny: ["WebFetch"] }, `skill ${name}`));
  };
  assert.match((await judging.bash("git add a")) ?? "passed", /not allowed/);
  assert.match(
    (await judging.judge("UseTool", { name: "Skill", arguments: { skill: "commit" } })) ?? "",
    /not allowed/,
  );
  assert.deepEqual(used, [], "a skill that may not be used brings nothing");
  judgement.setMode("bypass");
  assert.equal(await judging.judge("UseTool", { name: "Skill", arguments: { skill: "commit" } }), undefined);
  judgement.setMode("default");
  assert.deepEqual(used, ["commit"]);
  assert.equal(await judging.bash("git add a"), undefined);
  for (const command of ["git push --force origin", "git reset --hard", "npm test"]) {
    assert.match((await judging.bash(command)) ?? "passed", /not allowed/, command);
  }
  assert.match((await judging.judge("WebFetch", { url: "https://example.org/" })) ?? "passed", /not allowed/);
  judgement.endGrants();
  assert.match((await judging.bash("git add b")) ?? "passed", /not allowed/);
});

test("a changed call is judged like a model's: rules, policy, person and record; and brings no skill", async () => {
  const rules = rulesOf({ deny: ["Bash(rm *)", "Edit(src/**)"], allow: ["Bash(npm *)"] });
  await using judging = await startJudging({ askFor: "all", ...no, rules }, { policy: asksForMake });
  const { client, session } = judging.world;
  let skills = 0;
  session.judgement.onSkill = () => (skills += 1);
  const ask = async (name: string, args: Record<string, string>): Promise<string> => {
    const verdict = await client.judge({ id: "1", name, args }, signal);
    return verdict.kind === "pass" ? "pass" : verdict.why;
  };
  assert.equal(await ask("Bash", { command: "npm test" }), "pass");
  assert.match(await ask("Bash", { command: "rm x" }), /the rule Bash\(rm \*\)/);
  assert.match(await ask("Write", { file_path: "src/a.ts", content: "" }), /the rule Edit\(src/);
  assert.match(await ask("Bash", { command: "make x" }), /the user said no/);
  assert.equal(judging.questions.length, 1);
  session.judgement.setMode("bypass");
  assert.equal(await ask("Skill", { skill: "commit" }), "pass");
  assert.equal(skills, 0);
  const changed = (await judging.world.entries()).filter(({ t }) => t === "call.changed");
  assert.equal(changed.length, 5);
});
