import assert from "node:assert/strict";
import {
  existsSync,
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
import { isRecord, type JsonObject } from "@cloister/base";
import { skillInTests } from "./brings.ts";
import type { HookRun } from "./extension/hooks/outcome.ts";
import { contentOf } from "./history.ts";
import { call, rehearse, type RehearsedOptions, type Request } from "./rehearsed.ts";

const ended = (exitCode: number, said: { stdout?: string; stderr?: string } = {}): HookRun => ({
  kind: "ended",
  ...{ exitCode, stdout: said.stdout ?? "", stderr: said.stderr ?? "" },
});
const json = (value: object): HookRun => ended(0, { stdout: JSON.stringify(value) });

/** One hook for an event, which answers so. */
function hooked(
  event: string,
  answer: HookRun | ((input: Record<string, unknown>) => HookRun),
  matcher = "",
): Pick<RehearsedOptions, "brings" | "runHook"> {
  return {
    brings: { hookSettings: { [event]: [{ matcher, hooks: [{ type: "command", command: "h" }] }] } },
    runHook: async (_id, { input }) => {
      const value: unknown = JSON.parse(input);
      assert.ok(isRecord(value));
      return typeof answer === "function" ? answer(value) : answer;
    },
  };
}

const last = (request: Request | undefined): string => contentOf(request?.messages.at(-1));
const bash = (command: string): ReturnType<typeof call> => call("1", "Bash", { command });

test("a hook that exits with 2 keeps a call from running, and the model is told why", async () => {
  using played = rehearse([{ calls: [bash("rm x")] }], {
    ...hooked(
      "PreToolUse",
      (input) => {
        assert.deepEqual([input["tool_name"], input["tool_input"]], ["Bash", { command: "rm x" }]);
        return ended(2, { stderr: "never rm" });
      },
      "Bash",
    ),
  });
  await played.ask("go");
  assert.deepEqual(played.commands, []);
  assert.match(last(played.requests[1]), /^Not run: a hook refused it: never rm$/);
});

test("a hook about another tool is not asked; one that fails is a status, and the call runs", async () => {
  using other = rehearse([{ calls: [bash("ls")] }], hooked("PreToolUse", ended(2), "Write|Edit"));
  await other.ask("go");
  assert.deepEqual(other.commands, ["ls"]);
  using broken = rehearse([{ calls: [bash("ls")] }], hooked("PreToolUse", { kind: "timed-out" }));
  await broken.ask("go");
  assert.deepEqual(broken.commands, ["ls"]);
  assert.ok(broken.of("status").some(({ text }) => /PreToolUse hook of .*: it took too long/.test(text)));
});

test("a required check of the organisation refuses by a timeout, a crash, and when nobody can start it", async () => {
  for (const answer of [{ kind: "timed-out" }, ended(127), undefined] as const) {
    const hookSettings = {
      PreToolUse: [{ hooks: [{ type: "command", command: "gone", failClosed: true }] }],
    };
    using played = rehearse([{ calls: [bash("ls")] }], {
      brings: { isManaged: true, hookSettings },
      ...(answer === undefined ? {} : { runHook: () => Promise.resolve(answer) }),
    });
    await played.ask("go");
    assert.deepEqual(played.commands, []);
    assert.match(last(played.requests[1]), /a required check could not be made/);
  }
});

test("what a hook wants asked is refused where nobody is, and goes by the answer where somebody is", async () => {
  const asks = hooked(
    "PreToolUse",
    json({ hookSpecificOutput: { permissionDecision: "ask", permissionDecisionReason: "risky" } }),
  );
  using alone = rehearse([{ calls: [bash("ls")] }], asks);
  await alone.ask("go");
  assert.deepEqual(alone.commands, []);
  assert.match(last(alone.requests[1]), /wants a person's word for it \(risky\), and nobody is here/);
  for (const [answer, commands] of [
    ["Yes", ["ls"]],
    ["No", []],
  ] as const) {
    using attended = rehearse([{ calls: [bash("ls")] }], { ...asks, isAttended: true });
    attended.session.send({ text: "go" });
    const { id } = await attended.until("question");
    attended.session.answer(id, { kind: "chosen", texts: [answer] });
    await attended.until("end");
    assert.deepEqual(attended.commands, commands);
  }
});

test("what a hook makes of a call runs if the keeper lets that call pass, and is told", async () => {
  const changed = hooked("PreToolUse", (input) => {
    const isBash = input["tool_name"] === "Bash";
    const updatedInput = isBash ? { command: "ls -l" } : { file_path: "b.txt", content: "formatted" };
    return json({ hookSpecificOutput: { permissionDecision: "allow", updatedInput } });
  });
  const write = call("2", "Write", { file_path: "a.txt", content: "A" });
  const judged: unknown[] = [];
  using played = rehearse([{ calls: [bash("ls")] }, { calls: [write] }], {
    ...changed,
    judge: async ({ name, args }) => {
      judged.push([name, args]);
      return { kind: "pass" };
    },
  });
  await played.ask("go");
  assert.deepEqual(judged, [
    ["Bash", { command: "ls -l" }],
    ["Write", { file_path: "b.txt", content: "formatted" }],
  ]);
  assert.deepEqual(played.commands, ["ls -l"]);
  assert.equal(readFileSync(join(played.workspace, "b.txt"), "utf8"), "formatted");
  assert.ok(!existsSync(join(played.workspace, "a.txt")));
  assert.match(last(played.requests[1]), /\[hook\] its arguments were changed to \{"command":"ls -l"\}/);
});

test("a changed call that is refused, unfit for its tool or judged by nobody does not run", async () => {
  const changes = (updatedInput: JsonObject): ReturnType<typeof hooked> =>
    hooked("PreToolUse", json({ hookSpecificOutput: { permissionDecision: "allow", updatedInput } }));
  const write = call("1", "Write", { file_path: "a.txt", content: "A" });
  const passes = { judge: () => Promise.resolve({ kind: "pass" as const }) };
  const denies = { judge: () => Promise.resolve({ kind: "deny" as const, why: "a rule denies it" }) };
  const whole = { file_path: "a.txt", content: "planted" };
  for (const [input, judge, said] of [
    [whole, denies, /those are refused: a rule denies it/],
    [whole, {}, /nobody is here who could judge them/],
    [{ file_path: "a.txt" }, passes, /required argument "content" is missing/],
  ] as const) {
    using played = rehearse([{ calls: [write] }], { ...changes(input), ...judge });
    await played.ask("go");
    assert.match(last(played.requests[1]), said);
    assert.ok(!existsSync(join(played.workspace, "a.txt")));
  }
});

test("what a hook says of a result stands behind it, for a failure by its own event", async () => {
  using fine = rehearse([{ calls: [bash("ls")] }], {
    ...hooked("PostToolUse", json({ decision: "block", reason: "lint failed" })),
    run: async () => ({ output: "out" }),
  });
  await fine.ask("go");
  assert.match(last(fine.requests[1]), /out\n*\[hook\] lint failed$/);
  using failed = rehearse([{ calls: [call("1", "Read", { file_path: "none" })] }], {
    ...hooked("PostToolUseFailure", (input) => ended(2, { stderr: String(input["error"]).slice(0, 4) })),
  });
  await failed.ask("go");
  assert.match(last(failed.requests[1]), /\[hook\] none$/);
});

test("a hook makes the work go on, told that it did, and not for ever", async () => {
  const active: unknown[] = [];
  using played = rehearse(() => ({ text: "Done." }), {
    ...hooked("Stop", (input) => {
      active.push(input["stop_hook_active"]);
      return json({ decision: "block", reason: "tests are red" });
    }),
  });
  const { outcome } = await played.ask("go");
  assert.equal(outcome, "done");
  assert.deepEqual(active, [false, true, true, true, true, true]);
  assert.equal(played.requests.length, 6);
  assert.match(last(played.requests[1]), /A hook asks you to go on: tests are red/);
});

test("what a hook has for the person, and that it failed, is seen later too, and said once", async () => {
  const turns = [{ calls: [bash("ls")] }, { calls: [bash("ls -a")] }, { text: "Done." }];
  for (const [answer, text] of [
    [{ kind: "timed-out" }, /PreToolUse hook of .*: it took too long/],
    [json({ systemMessage: "read the rules" }), /^read the rules$/],
  ] as const) {
    using played = rehearse(turns, hooked("PreToolUse", answer));
    await played.ask("go");
    const said = played.of("status").filter((each) => text.test(each.text));
    assert.deepEqual(
      said.map(({ isNews }) => isNews),
      [true, undefined],
    );
  }
});

test("a hook that says continue: false ends the work", async () => {
  using played = rehearse(
    [{ calls: [bash("ls")] }],
    hooked("PostToolUse", json({ continue: false, stopReason: "enough" })),
  );
  const { outcome, error } = await played.ask("go");
  assert.deepEqual([outcome, error?.code], ["failed", "stopped-by-hook"]);
  assert.match(error?.next ?? "", /\/hooks/);
  assert.equal(played.requests.length, 1);
});

test("a message that a hook refuses is not sent; what it adds comes behind the message", async () => {
  using refused = rehearse([], hooked("UserPromptSubmit", ended(2, { stderr: "no names" })));
  const { error } = await refused.ask("about Bob");
  assert.deepEqual([error?.code, refused.requests.length], ["prompt-refused", 0]);
  using added = rehearse(
    [{ text: "Done." }],
    hooked("UserPromptSubmit", ended(0, { stdout: "branch main" })),
  );
  await added.ask("go");
  assert.deepEqual(
    added.requests[0]?.messages.slice(1).map((message) => contentOf(message)),
    ["go", "[Cloister] A hook says: branch main"],
  );
});

test("a hook at the start adds to the conversation, and one against making room is heard when it was asked for", async () => {
  using started = rehearse([{ text: "Done." }], hooked("SessionStart", ended(0, { stdout: "on call: A" })));
  await started.ask("go");
  assert.match(contentOf(started.requests[0]?.messages[1]), /A hook says: on call: A/);
  using full = rehearse(
    [{ text: "One." }, { text: "Two." }],
    hooked("PreCompact", ended(2, { stderr: "not now" })),
  );
  await full.ask("go");
  full.session.compact();
  await full.until("status");
  await full.ask("on");
  assert.equal(full.of("compaction").length, 0);
});

test("a model may decide as a hook, in a conversation of its own", async () => {
  const hookSettings = { PreToolUse: [{ hooks: [{ type: "prompt", prompt: "Fine? $ARGUMENTS" }] }] };
  using played = rehearse(
    ({ text }) => {
      if (text.includes("Fine?")) return { text: '{"ok": false, "reason": "too risky"}' };
      return text.includes("too risky") ? { text: "Done." } : { calls: [bash("ls")] };
    },
    { brings: { hookSettings } },
  );
  await played.ask("go");
  assert.deepEqual(played.commands, []);
  assert.equal(played.requests[1]?.messages.length, 2);
});

test("the hooks of a subagent are those of the session, and its end is its own event", async () => {
  const types: unknown[] = [];
  const task = call("1", "Task", { description: "d", prompt: "p" });
  using played = rehearse([{ calls: [task] }, { text: "Report." }], {
    ...hooked("SubagentStop", (input) => {
      types.push(input["agent_type"], input["last_assistant_message"]);
      return ended(0);
    }),
  });
  await played.ask("go");
  assert.deepEqual(types, ["general", "Report."]);
});

test("/command puts its text behind the person's words, with arguments, a file and the output of a command", async () => {
  const skills = [skillInTests("command", "fix", "Mend #$1 in @src.txt: !`git log`")];
  using played = rehearse([{ text: "Done." }], {
    brings: { skills },
    files: { "src.txt": "content\n" },
    run: async () => ({ output: "a log\n" }),
  });
  await played.ask("/fix 12 now");
  assert.deepEqual(played.commands, ["git log"]);
  const [words, text] = played.requests[0]?.messages.slice(-2) ?? [];
  assert.equal(contentOf(words), "/fix 12 now");
  assert.match(contentOf(text), /^The command \/fix says:\n\nMend #12 in \nsrc\.txt:\n1\tcontent\n: a log$/);
  assert.deepEqual(text?.["cloister"], { source: "command", files: [{ path: "src.txt", from: 1, to: 1 }] });
});

test("a command whose insert fails is not sent, and a path at the start is no command", async () => {
  const skills = [skillInTests("command", "fix", "!`false`")];
  using failing = rehearse([], { brings: { skills }, run: async () => ({ exitCode: 1, output: "no" }) });
  const { error } = await failing.ask("/fix");
  assert.match(error?.message ?? "", /\/fix could not be used: false: it ended with 1: no/);
  using path = rehearse([{ text: "Done." }], { brings: { skills } });
  await path.ask("/usr/bin/x is missing");
  assert.equal(last(path.requests[0]), "/usr/bin/x is missing");
});

test("a file that a prompt mentions is attached as if it had been read; what is none stays a word", async () => {
  using played = rehearse([{ text: "Done." }], { files: { "a.txt": "one\ntwo\nthree\n" } });
  await played.ask("see @a.txt#L2-3, ask @team and @scope/package, mail a@b.txt");
  const messages = played.requests[0]?.messages.slice(1) ?? [];
  assert.equal(messages.length, 2);
  assert.match(contentOf(messages[1]), /^a\.txt, which the user mentions:\n\n2\ttwo\n3\tthree$/);
  assert.deepEqual(messages[1]?.["cloister"], {
    ...{ source: "file", tool: "Read", files: [{ path: "a.txt", from: 2, to: 3 }] },
  });
});

test("skills are listed at the beginning, and their text comes by the tool Skill", async () => {
  const skills = [skillInTests("skill", "deploy", "Ship to $ARGUMENTS.")];
  const wish = { name: "Skill", arguments: { skill: "deploy", args: "prod" } };
  using played = rehearse([{ calls: [call("1", "UseTool", wish)] }], { brings: { skills } });
  await played.ask("go");
  assert.match(
    contentOf(played.requests[0]?.messages[1]),
    /UseTool \{"name": "Skill".*\n- deploy: about deploy$/,
  );
  assert.match(last(played.requests[1]), /Ship to prod\.$/);
});

test("a rule for some files is told once, behind the results in which the first of them is seen, and not again on resume", async () => {
  const rule = {
    origin: { scope: "project", path: "/r/ts.md" },
    paths: ["src/**"],
    text: "No any.",
  } as const;
  const read = (id: string, file: string): ReturnType<typeof call> => call(id, "Read", { file_path: file });
  using played = rehearse(
    [
      { calls: [read("1", "b.md")] },
      { calls: [read("2", "src/a.ts"), read("3", "b.md")] },
      { calls: [read("4", "src/a.ts")] },
    ],
    { brings: { rules: [rule] }, files: { "b.md": "b\n" } },
  );
  mkdirSync(join(played.workspace, "src"));
  writeFileSync(join(played.workspace, "src/a.ts"), "1\n");
  await played.ask("go");
  const told = (request: Request | undefined): number => request?.text.split("No any.").length ?? 0;
  assert.deepEqual(played.requests.map(told), [1, 1, 2, 2]);
  assert.match(last(played.requests[2]), /from \/r\/ts\.md:\n\nNo any\.$/);
  for (const [n, { text }] of played.requests.slice(1).entries()) {
    assert.ok(text.startsWith(played.requests[n]?.text.slice(0, -2) ?? ""), `request ${n + 2}`);
  }
  const items = played.of("item").map(({ item }) => item);
  using resumed = rehearse([{ calls: [read("5", "src/a.ts")] }], {
    brings: { rules: [rule] },
    resume: items,
  });
  mkdirSync(join(resumed.workspace, "src"));
  writeFileSync(join(resumed.workspace, "src/a.ts"), "1\n");
  await resumed.ask("on");
  assert.deepEqual(resumed.requests.map(told), [2, 2]);
});

test("a file of an opened folder is read, not by a link that leads out of it, and not edited", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cloister-opened-")));
  writeFileSync(join(folder, "a.txt"), "opened\n");
  symlinkSync("/etc/passwd", join(folder, "link"));
  const read = (id: string, name: string): ReturnType<typeof call> =>
    call(id, "Read", { file_path: join(folder, name) });
  const edit = { file_path: join(folder, "a.txt"), old_string: "opened", new_string: "x" };
  using played = rehearse(
    [{ calls: [read("1", "a.txt")] }, { calls: [read("2", "link")] }, { calls: [call("3", "Edit", edit)] }],
    { brings: { opened: [folder] } },
  );
  await played.ask("go");
  rmSync(folder, { recursive: true });
  assert.deepEqual(
    played.of("result").map(({ ok, text }) => [ok, text.includes("opened\n") || text.endsWith("opened")]),
    [
      [true, true],
      [false, false],
      [false, false],
    ],
  );
});

test("an output style stands behind the instructions, and never in the system prompt", async () => {
  using plain = rehearse([{ text: "Done." }]);
  using styled = rehearse([{ text: "Done." }], { brings: { style: "Speak like a pirate." } });
  await plain.ask("go");
  await styled.ask("go");
  assert.deepEqual(styled.requests[0]?.messages[0], plain.requests[0]?.messages[0]);
  assert.match(contentOf(styled.requests[0]?.messages[1]), /pirate/);
});

test("the language of answers is told behind the instructions, and never in the system prompt", async () => {
  using plain = rehearse([{ text: "Done." }]);
  using spoken = rehearse([{ text: "Done." }], { brings: { answerLanguage: "简体中文" } });
  await plain.ask("go");
  await spoken.ask("go");
  assert.deepEqual(spoken.requests[0]?.messages[0], plain.requests[0]?.messages[0]);
  assert.match(contentOf(spoken.requests[0]?.messages[1]), /in this language: 简体中文/);
});
