import assert from "node:assert/strict";
import { test } from "node:test";
import { createHooks, parseHooks, type Occasion } from "@cloister/agent/extensions";

const origin = { scope: "user", path: "/s" } as const;
const group = [{ hooks: [{ type: "command", command: "a" }] }];

test("a hook for an event that never happens here is named with the reason, and one of a known event is not", () => {
  const { hooks, losses } = parseHooks(
    { FileChanged: group, Nonsense: group, StopFailure: group, constructor: group },
    { origin },
  );
  assert.deepEqual(
    hooks.map(({ event }) => event),
    ["StopFailure"],
  );
  assert.deepEqual(
    losses.map(({ subject, why }) => `${subject}: ${why}`),
    [
      "hooks.FileChanged: nothing watches files",
      "hooks.Nonsense: no such event happens here",
      "hooks.constructor: no such event happens here",
    ],
  );
});

test("of a hook whose kind exists here it is said what it lacks", () => {
  const handlers = [
    { type: "agent" },
    { type: "prompt", prompt: " " },
    { type: "mcp_tool", server: "s" },
    { type: "http", url: "file:///etc" },
    { type: "command" },
    { type: "other" },
  ];
  const { hooks, losses } = parseHooks(
    { PreToolUse: [{ hooks: handlers }] },
    { origin, timeoutUnitMs: 1000 },
  );
  assert.deepEqual(hooks, []);
  assert.deepEqual(
    losses.map(({ why }) => why),
    [
      'a hook of type "agent" needs a prompt',
      'a hook of type "prompt" needs a prompt',
      'a hook of type "mcp_tool" needs a server and a tool',
      'a hook of type "http" needs a url that begins with http:// or https://',
      'a hook of type "command" needs a command',
      'hooks of type "other" are not run here',
    ],
  );
});

test("a subagent's own hook is asked of its calls and of nobody else's", async () => {
  const { hooks } = parseHooks({ PreToolUse: group }, { origin, agent: "tester" });
  const told: unknown[] = [];
  const running = createHooks(hooks, {
    session: { sessionId: "s", transcriptPath: "", cwd: "/w", permissionMode: "default" },
    places: { workspace: "/w", home: undefined },
    run: async (_hook, { input }) => {
      told.push(JSON.parse(input));
      return { kind: "ended", exitCode: 2, stdout: "", stderr: "no" };
    },
  });
  const bash: Occasion = { event: "PreToolUse", tool: "Bash", input: { command: "ls" }, callId: "c" };
  const { signal } = new AbortController();
  assert.equal(running.has(bash), false);
  assert.equal((await running.on(bash, signal, { id: "s1", type: "other" })).permission, undefined);
  const own = await running.on(bash, signal, { id: "s2", type: "tester" });
  assert.equal(own.permission?.verdict, "deny");
  assert.partialDeepStrictEqual(told, [{ agent_id: "s2", agent_type: "tester" }]);
});

test("no judge is asked about a judge's calls; where the organisation demands it, the call is refused instead", async () => {
  const hooks = {
    PreToolUse: [{ hooks: [{ type: "prompt", prompt: "May it?", failClosed: true }] }],
  };
  const read: Occasion = { event: "PreToolUse", tool: "Read", input: { file_path: "a.ts" }, callId: "c1" };
  const decided = async (scope: "user" | "managed"): Promise<readonly [boolean, boolean]> => {
    const parsed = parseHooks(hooks, { origin: { scope, path: "/s" } });
    const running = createHooks(parsed.hooks, {
      session: { sessionId: "ses_1", transcriptPath: "", cwd: "/p", permissionMode: "default" },
      places: { workspace: "/p", home: "/h" },
      run: () => Promise.reject(new Error("it was asked")),
    });
    const judged = running.forJudges();
    const { permission } = await judged.on(read, new AbortController().signal);
    return [judged.has(read), permission?.verdict === "deny"];
  };
  assert.deepEqual(await decided("user"), [false, false]);
  assert.deepEqual(await decided("managed"), [true, true]);
});
