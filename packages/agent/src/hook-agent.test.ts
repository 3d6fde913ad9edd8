import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { contentOf } from "./history.ts";
import { call, rehearse, type Request, type ScriptedTurn } from "./rehearsed.ts";

const bash = (command: string): ReturnType<typeof call> => call("1", "Bash", { command });
const agentHook = (more: object = {}): object => ({
  type: "agent",
  prompt: "Is it fine? $ARGUMENTS",
  ...more,
});

/** What the judge was told; undefined in every other conversation. */
const isJudge = ({ messages }: Request): boolean =>
  messages.some((item) => contentOf(item).includes("Is it fine?"));
const resultsIn = ({ messages }: Request): string[] =>
  messages.filter(({ role }) => role === "tool").map(contentOf);

/** The main model makes one call; the judge does what `judged` says, by how many results it has. */
function script(judged: (results: readonly string[]) => ScriptedTurn) {
  return (request: Request): ScriptedTurn => {
    if (isJudge(request)) return judged(resultsIn(request));
    return resultsIn(request).length > 0 ? { text: "Done." } : { calls: [bash("make deploy")] };
  };
}

test("an agent hook reads what it wants to know, and its judgement decides about the call", async () => {
  using played = rehearse(
    script((results) =>
      results.length === 0
        ? { calls: [call("r", "Read", { file_path: "FREEZE" })] }
        : { text: `{"ok": false, "reason": "frozen: ${results[0]?.includes("until May") === true}"}` },
    ),
    {
      files: { FREEZE: "until May\n" },
      brings: { hookSettings: { PreToolUse: [{ matcher: "Bash", hooks: [agentHook()] }] } },
    },
  );
  await played.ask("go");
  assert.deepEqual(played.commands, []);
  assert.match(contentOf(played.requests.at(-1)?.messages.at(-1)), /a hook refused it: frozen: true$/);
  const begun = played.of("subagent").find(({ what }) => what.kind === "begin");
  assert.equal(begun?.what.kind === "begin" && begun.what.agent, "hook");
});

test("whoever judges for a hook runs nothing and writes nothing, whatever it is told, and is not judged itself", async () => {
  const tries = [
    bash("rm -rf ."),
    call("w", "Write", { file_path: "a", content: "x" }),
    call("t", "Task", { description: "d", prompt: "p" }),
    call("u", "UseTool", { name: "BashTerminal", arguments: { command: "sh" } }),
    call("s", "UseTool", { name: "Skill", arguments: { skill: "x" } }),
  ];
  using played = rehearse(
    script((results) => (results.length === 0 ? { calls: tries } : { text: '{"ok": true}' })),
    { brings: { hookSettings: { PreToolUse: [{ hooks: [agentHook()] }] } } },
  );
  await played.ask("go");
  assert.deepEqual(played.commands, ["make deploy"], "only the call that was judged ran");
  const own = played.requests.filter(isJudge);
  assert.equal(own.length, 2, "no judge was asked about the judge's calls");
  for (const text of resultsIn(own[1] as Request)) assert.match(text, /may not use|Plan mode/);
});

test("a program's hook also stands before what a judge reads", async () => {
  const seen: unknown[] = [];
  using played = rehearse(
    script((results) =>
      results.length === 0
        ? { calls: [call("r", "Read", { file_path: "secret.txt" })] }
        : { text: '{"ok": true}' },
    ),
    {
      files: { "secret.txt": "hidden words" },
      brings: {
        hookSettings: {
          PreToolUse: [
            { matcher: "Bash", hooks: [agentHook()] },
            { matcher: "Read", hooks: [{ type: "command", command: "guard" }] },
          ],
        },
      },
      runHook: async (_id, { input }) => {
        const value: unknown = JSON.parse(input);
        if (isRecord(value)) seen.push(value["agent_type"]);
        return { kind: "ended", exitCode: 2, stdout: "", stderr: "not for eyes" };
      },
    },
  );
  await played.ask("go");
  assert.deepEqual(seen, ["hook"]);
  assert.ok(!played.requests.some(({ text }) => text.includes("hidden words")));
});

test("a judge that takes too long, or says nothing that can be read, decides nothing unless the organisation says so", async () => {
  for (const [isManaged, commands] of [
    [false, ["make deploy"]],
    [true, []],
  ] as const) {
    using vague = rehearse(
      script(() => ({ text: "Well." })),
      {
        brings: {
          isManaged,
          hookSettings: { PreToolUse: [{ hooks: [agentHook({ failClosed: isManaged })] }] },
        },
      },
    );
    await vague.ask("go");
    assert.deepEqual(vague.commands, commands);
  }
  using slow = rehearse(
    script(() => ({ text: "Hm", hangs: true })),
    { brings: { hookSettings: { PreToolUse: [{ hooks: [agentHook({ timeout: 5 })] }] } } },
  );
  slow.session.send({ text: "go" });
  await slow.until("subagent");
  while (slow.requests.filter(isJudge).length === 0) await slow.until("subagent");
  slow.clock.advance(6000);
  await slow.until("end");
  assert.deepEqual(slow.commands, ["make deploy"]);
  assert.ok(slow.of("status").some(({ text }) => /PreToolUse hook of .*: it took too long/.test(text)));
});

test("a judge that goes on looking is stopped after its turns", async () => {
  let reads = 0;
  using played = rehearse(
    script(() => ({ calls: [call(`r${(reads += 1)}`, "Read", { file_path: `f${reads}` })] })),
    { brings: { hookSettings: { PreToolUse: [{ hooks: [agentHook()] }] } } },
  );
  await played.ask("go");
  assert.ok(reads <= 20);
  assert.deepEqual(played.commands, ["make deploy"]);
  assert.ok(played.of("status").some(({ text }) => text.startsWith("PreToolUse hook of")));
});

test("a hook of either kind that names another vendor's model asks the session's own", async () => {
  for (const type of ["prompt", "agent"]) {
    using played = rehearse(
      script(() => ({ text: '{"ok": true}' })),
      { brings: { hookSettings: { PreToolUse: [{ hooks: [agentHook({ type, model: "haiku" })] }] } } },
    );
    await played.ask("go");
    assert.ok(played.requests.every(({ text }) => text.includes('"model":"m"')));
    assert.deepEqual(played.commands, ["make deploy"]);
  }
});
