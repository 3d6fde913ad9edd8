import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createHooks,
  parseHooks,
  permitCall,
  type HookDecision,
  type HookRun,
  type Occasion,
  type Scope,
} from "@cloister/agent/extensions";

const session = { sessionId: "ses_1", transcriptPath: "", cwd: "/proj/app", permissionMode: "default" };
const places = { workspace: "/proj/app", home: "/home/u" };
const bash = (command: string): Occasion => ({
  event: "PreToolUse",
  tool: "Bash",
  input: { command },
  callId: "c1",
});
const edit: Occasion = { event: "PreToolUse", tool: "Edit", input: { file_path: "a.ts" }, callId: "c2" };
const stop: Occasion = { event: "Stop", isContinued: false, lastText: "done" };
const prompt: Occasion = { event: "UserPromptSubmit", prompt: "hello" };
const after: Occasion = {
  event: "PostToolUse",
  tool: "Edit",
  input: { file_path: "a.ts" },
  callId: "c3",
  response: "ok",
  durationMs: 1,
};

const ended = (exitCode: number, stdout: unknown = "", stderr = ""): HookRun => ({
  kind: "ended",
  exitCode,
  stdout: typeof stdout === "string" ? stdout : JSON.stringify(stdout),
  stderr,
});
const says = (own: object): object => ({ hookSpecificOutput: { hookEventName: "PreToolUse", ...own } });
const verdict = (permissionDecision: string, more: object = {}): object =>
  says({ permissionDecision, permissionDecisionReason: permissionDecision, ...more });

interface World {
  readonly scope?: Scope;
  readonly path?: string;
  readonly runs: Readonly<Record<string, HookRun | Error>>;
}

/** Runs the hooks of one settings file; each handler's result is found by its command, address or prompt. */
async function run(
  hooks: unknown,
  occasion: Occasion,
  { scope = "user", path = "/home/u/.claude/settings.json", runs }: World,
): Promise<{ decision: HookDecision; ran: string[]; losses: number }> {
  const parsed = parseHooks(hooks, { origin: { scope, path }, timeoutUnitMs: 1000 });
  const ran: string[] = [];
  const running = createHooks(parsed.hooks, {
    session,
    places,
    run: async ({ handler }) => {
      const name =
        handler.kind === "command" ? handler.command : handler.kind === "http" ? handler.url : "prompt";
      ran.push(name);
      const result = runs[name] ?? ended(0);
      if (result instanceof Error) throw result;
      return result;
    },
  });
  const decision = await running.on(occasion, new AbortController().signal);
  return { decision, ran, losses: parsed.losses.length };
}

const command = (name: string, more: object = {}): object => ({ type: "command", command: name, ...more });
const pre = (matcher: string | undefined, ...hooks: object[]): object => ({
  PreToolUse: [{ ...(matcher === undefined ? {} : { matcher }), hooks }],
});

const matchers: readonly [string, object, Occasion, readonly string[]][] = [
  ["no matcher is every tool", pre(undefined, command("a")), edit, ["a"]],
  ["a star is every tool", pre("*", command("a")), edit, ["a"]],
  ["one name is that tool", pre("Bash", command("a")), edit, []],
  ["names between bars", pre("Write|Edit", command("a")), edit, ["a"]],
  ["names between commas", pre("Write, Edit", command("a")), edit, ["a"]],
  ["a name is whole: Edit is not MultiEdit", pre("MultiEdit", command("a")), edit, []],
  ["another sign makes it an unanchored expression", pre("Ed.t", command("a")), edit, ["a"]],
  ["an expression finds a part of a name", pre(".di", command("a")), edit, ["a"]],
  [
    "Qwen's names of tools are ours",
    pre("write_file|replace|run_shell_command", command("a")),
    bash("ls"),
    ["a"],
  ],
  ["an expression that is none matches nothing", pre("(((", command("a")), edit, []],
  ["letters of another case are another tool", pre("bash", command("a")), bash("ls"), []],
  [
    "events without a subject take no matcher",
    { Stop: [{ matcher: "nonsense", hooks: [command("a")] }] },
    stop,
    ["a"],
  ],
  [
    "the same handler in two groups runs once",
    { PreToolUse: [{ hooks: [command("a")] }, { matcher: "Bash", hooks: [command("a"), command("b")] }] },
    bash("ls"),
    ["a", "b"],
  ],
  [
    "`if` keeps it to calls its rule speaks of",
    pre("Bash", command("a", { if: "Bash(git *)" })),
    bash("ls"),
    [],
  ],
  [
    "`if` sees each part of a command",
    pre("Bash", command("a", { if: "Bash(git *)" })),
    bash("cd x && git push"),
    ["a"],
  ],
  [
    "`if` on an event without calls never holds",
    { Stop: [{ hooks: [command("a", { if: "Bash(git *)" })] }] },
    stop,
    [],
  ],
];

for (const [claim, hooks, occasion, expected] of matchers) {
  test(`hook matcher: ${claim}`, async () => {
    assert.deepEqual((await run(hooks, occasion, { runs: {} })).ran, expected);
  });
}

type Part = Partial<HookDecision>;

const answers: readonly [string, Occasion, readonly HookRun[], Part][] = [
  ["exit 0 without a word decides nothing", bash("ls"), [ended(0)], { permission: undefined, context: [] }],
  [
    "exit 2 denies, with what stands on stderr",
    bash("rm x"),
    [ended(2, "", "no rm here\n")],
    { permission: { verdict: "deny", reason: "no rm here" } },
  ],
  [
    "exit 2 denies even if the output allows",
    bash("ls"),
    [ended(2, verdict("allow"), "no")],
    { permission: { verdict: "deny", reason: "no" } },
  ],
  [
    "exit 1 does not block",
    bash("ls"),
    [ended(1, "", "oops")],
    {
      permission: undefined,
      troubles: ["PreToolUse hook of /home/u/.claude/settings.json: it ended with 1: oops"],
    },
  ],
  [
    "JSON counts on any exit code",
    bash("ls"),
    [ended(1, verdict("deny"))],
    { permission: { verdict: "deny", reason: "deny" } },
  ],
  [
    "deny wins over defer, ask and allow",
    bash("ls"),
    [
      ended(0, verdict("allow")),
      ended(0, verdict("ask")),
      ended(0, verdict("defer")),
      ended(0, verdict("deny")),
    ],
    { permission: { verdict: "deny", reason: "deny" } },
  ],
  [
    "defer wins over ask",
    bash("ls"),
    [ended(0, verdict("ask")), ended(0, verdict("defer"))],
    { permission: { verdict: "defer", reason: "defer" } },
  ],
  [
    "ask wins over allow",
    bash("ls"),
    [ended(0, verdict("allow")), ended(0, verdict("ask"))],
    { permission: { verdict: "ask", reason: "ask" } },
  ],
  [
    "a verdict that does not exist asks",
    bash("ls"),
    [ended(0, verdict("alow"))],
    { permission: { verdict: "ask", reason: "a hook gave a verdict that does not exist" } },
  ],
  [
    "the older `approve` allows",
    bash("ls"),
    [ended(0, { decision: "approve", reason: "fine" })],
    { permission: { verdict: "allow", reason: "fine" } },
  ],
  [
    "the older `block` denies",
    bash("ls"),
    [ended(0, { decision: "block", reason: "not fine" })],
    { permission: { verdict: "deny", reason: "not fine" } },
  ],
  [
    "an updated input is the whole input",
    bash("ls"),
    [ended(0, verdict("allow", { updatedInput: { command: "ls -l" } }))],
    { updatedInput: { command: "ls -l" }, permission: { verdict: "allow", reason: "allow" } },
  ],
  [
    "what is denied is not updated",
    bash("ls"),
    [ended(0, verdict("allow", { updatedInput: { command: "ls -l" } })), ended(2, "", "no")],
    { updatedInput: undefined },
  ],
  [
    "one hook does not allow what another one changed",
    bash("ls"),
    [ended(0, verdict("allow")), ended(0, says({ updatedInput: { command: "rm -r ." } }))],
    {
      updatedInput: { command: "rm -r ." },
      permission: { verdict: "ask", reason: "a hook changed what another one allowed" },
    },
  ],
  [
    "output meant for another event does not count",
    edit,
    [ended(0, { hookSpecificOutput: { hookEventName: "PostToolUse", permissionDecision: "deny" } })],
    { permission: undefined },
  ],
  [
    "context of several hooks is kept in order",
    prompt,
    [
      ended(0, "branch: main"),
      ended(0, { hookSpecificOutput: { hookEventName: "UserPromptSubmit", additionalContext: "ticket 7" } }),
    ],
    { context: ["branch: main", "ticket 7"] },
  ],
  ["plain text of a tool's hook is no context", bash("ls"), [ended(0, "hello")], { context: [] }],
  [
    "a blocked prompt gives its reason",
    prompt,
    [ended(0, { decision: "block", reason: "holds a customer's name" })],
    { block: "holds a customer's name" },
  ],
  [
    "a stop goes on with the reason",
    stop,
    [ended(0, { decision: "block", reason: "run the tests" })],
    { block: "run the tests" },
  ],
  ["exit 2 at a stop goes on too", stop, [ended(2, "", "run the tests")], { block: "run the tests" }],
  [
    "feedback after a tool is for the model",
    after,
    [ended(2, "", "lint: unused x")],
    { block: "lint: unused x" },
  ],
  [
    "a tool's output can be replaced",
    after,
    [ended(0, { hookSpecificOutput: { hookEventName: "PostToolUse", updatedToolOutput: "short" } })],
    { updatedOutput: "short" },
  ],
  [
    "`continue: false` stops everything",
    stop,
    [ended(0, { continue: false, stopReason: "budget" })],
    { stop: "budget" },
  ],
  ["a message is for the person", bash("ls"), [ended(0, { systemMessage: "seen" })], { messages: ["seen"] }],
  ["a timeout gives no decision", bash("ls"), [{ kind: "timed-out" }], { permission: undefined }],
  [
    "an HTTP error does not block",
    bash("ls"),
    [{ kind: "answered", status: 500, body: '{"decision":"block"}' }],
    { permission: undefined },
  ],
  [
    "an HTTP answer can block",
    bash("ls"),
    [{ kind: "answered", status: 200, body: '{"decision":"block","reason":"no"}' }],
    { permission: { verdict: "deny", reason: "no" } },
  ],
  [
    "a model's judgement can block",
    stop,
    [{ kind: "judged", text: 'Well: {"ok": false, "reason": "tests fail"}' }],
    { block: "tests fail" },
  ],
  [
    "a session's end cannot be blocked",
    { event: "SessionEnd", reason: "exit" },
    [ended(2, "", "no")],
    { block: undefined, messages: ["no"] },
  ],
];

for (const [claim, occasion, results, expected] of answers) {
  test(`hook answer: ${claim}`, async () => {
    const names = results.map((_, index) => `h${index}`);
    const hooks = { [occasion.event]: [{ hooks: names.map((name) => command(name)) }] };
    const runs = Object.fromEntries(names.map((name, index) => [name, results[index] ?? ended(0)]));
    const { decision } = await run(hooks, occasion, { runs });
    assert.deepEqual({ ...decision, ...expected }, decision);
  });
}

const failures: readonly [string, HookRun | Error][] = [
  ["a timeout", { kind: "timed-out" }],
  ["a crash", { kind: "failed", why: "killed" }],
  ["a missing script", ended(127, "", "not found")],
  ["a crash that printed consent", ended(1, verdict("allow"))],
  ["output that is half JSON", ended(0, '{"hookSpec')],
  ["a runner that throws", new Error("no cell")],
];

for (const [what, result] of failures) {
  test(`a managed hook that fails closed denies after ${what}; nobody else's does`, async () => {
    const hooks = pre("Bash", command("check", { failClosed: true }));
    const runs = { check: result };
    const managed = await run(hooks, bash("ls"), { scope: "managed", runs });
    assert.equal(managed.decision.permission?.verdict, "deny");
    const users = await run(hooks, bash("ls"), { scope: "user", runs });
    assert.notEqual(users.decision.permission?.verdict, "deny");
    assert.equal(users.losses, 1, "and it is told that the flag is vain");
  });
}

test("a managed check that cannot be understood refuses rather than being forgotten", async () => {
  const unknown = pre("Bash", { type: "oracle", prompt: "look", failClosed: true });
  assert.equal(
    (await run(unknown, bash("ls"), { scope: "managed", runs: {} })).decision.permission?.verdict,
    "deny",
  );
  const matcher = pre("(((", command("check", { failClosed: true }));
  assert.deepEqual((await run(matcher, bash("ls"), { scope: "managed", runs: {} })).ran, ["check"]);
});

test("a hook's allow spares only the question that no rule asked", async () => {
  const { decision } = await run(pre("Bash", command("a")), bash("ls"), {
    runs: { a: ended(0, verdict("allow")) },
  });
  const ruled = { reason: "", rules: [] };
  const verdictOf = (by: "allow" | "ask" | "deny", why: "rule" | "nothing" | "unreadable"): string =>
    permitCall({ ...ruled, verdict: by, by: why }, decision).verdict;
  assert.equal(verdictOf("ask", "nothing"), "allow");
  assert.equal(verdictOf("ask", "rule"), "ask");
  assert.equal(verdictOf("ask", "unreadable"), "ask");
  assert.equal(verdictOf("deny", "rule"), "deny");
});

test("hooks that run once run once, and those in the background decide nothing", async () => {
  const { hooks } = parseHooks(
    { Stop: [{ hooks: [command("a", { once: true }), command("b", { async: true })] }] },
    { origin: { scope: "user", path: "/s" } },
  );
  const ran: string[] = [];
  const running = createHooks(hooks, {
    session,
    places,
    run: async ({ handler }) => {
      ran.push(handler.kind === "command" ? handler.command : "");
      return ended(2, "", "go on");
    },
  });
  const { signal } = new AbortController();
  assert.equal((await running.on(stop, signal)).block, "go on");
  assert.equal((await running.on(stop, signal)).block, undefined);
  assert.deepEqual(ran, ["a", "b", "b"]);
});
