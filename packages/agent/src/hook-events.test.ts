/** The events beside those about single calls: when each of them happens, and what it is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import { skillInTests } from "./brings.ts";
import type { HookRun } from "./extension/hooks/outcome.ts";
import { contentOf } from "./history.ts";
import { call, rehearse, type RehearsedOptions, type Request } from "./rehearsed.ts";

const ended = (exitCode: number, stdout: string | object = "", stderr = ""): HookRun => ({
  kind: "ended",
  exitCode,
  stdout: typeof stdout === "string" ? stdout : JSON.stringify(stdout),
  stderr,
});

interface Watched {
  readonly told: JsonObject[];
  readonly options: Pick<RehearsedOptions, "brings" | "runHook">;
}

/** Hooks for these events, which answer so. */
function watch(
  events: readonly string[],
  answer: (input: JsonObject) => HookRun = () => ended(0),
  brings: RehearsedOptions["brings"] = {},
): Watched {
  const told: JsonObject[] = [];
  const handler = { hooks: [{ type: "command", command: "h" }] };
  return {
    told,
    options: {
      brings: { ...brings, hookSettings: Object.fromEntries(events.map((event) => [event, [handler]])) },
      runHook: async (_id, { input }) => {
        const value: unknown = JSON.parse(input);
        assert.ok(isRecord(value));
        told.push(value as JsonObject);
        return answer(value as JsonObject);
      },
    },
  };
}

const last = (request: Request | undefined): string => contentOf(request?.messages.at(-1));
const bash = (command: string): ReturnType<typeof call> => call("1", "Bash", { command });

test("a batch is told with all its calls and results; what a hook adds is told, and a refusal ends the work", async () => {
  const calls = [call("a", "Read", { file_path: "x" }), call("b", "Glob", { pattern: "*" })];
  const context = {
    hookSpecificOutput: { hookEventName: "PostToolBatch", additionalContext: "mind the gap" },
  };
  const adding = watch(["PostToolBatch"], () => ended(0, context));
  using added = rehearse([{ calls }], { ...adding.options, files: { x: "text\n" } });
  await added.ask("go");
  assert.equal(adding.told.length, 1);
  assert.partialDeepStrictEqual(adding.told[0]?.["tool_calls"], [
    { tool_name: "Read", tool_use_id: "a", tool_response: { success: true } },
    { tool_name: "Glob", tool_input: { pattern: "*" } },
  ]);
  assert.equal(last(added.requests[1]), "[Cloister] A hook says: mind the gap");
  const ending = watch(["PostToolBatch"], () => ended(2, "", "enough"));
  using stopped = rehearse([{ calls: [bash("ls")] }], ending.options);
  assert.match((await stopped.ask("go")).error?.message ?? "", /a hook ended the work: enough/);
});

test("work that fails is told as a failure, and work that is done is not", async () => {
  const failing = watch(["StopFailure", "Stop"]);
  using played = rehearse([{ failed: { code: "server-error", message: "it broke" } }], failing.options);
  await played.ask("go");
  await played.ask("again");
  assert.deepEqual(
    failing.told.map(({ hook_event_name, error, error_details }) => [hook_event_name, error, error_details]),
    [
      ["StopFailure", "server-error", "it broke"],
      ["Stop", undefined, undefined],
    ],
  );
});

test("a subagent's beginning may be added to, and what happens in it names it", async () => {
  const { told, options } = watch(["SubagentStart", "PreToolUse"], ({ hook_event_name }) =>
    hook_event_name === "SubagentStart"
      ? ended(0, { hookSpecificOutput: { additionalContext: "use the test database" } })
      : ended(0),
  );
  using played = rehearse(({ text, messages }) => {
    const isOwn = text.includes("You are a subagent");
    const hasResult = messages.some(({ role }) => role === "tool");
    if (hasResult) return { text: "Report." };
    return { calls: [isOwn ? bash("ls") : call("t", "Task", { description: "d", prompt: "p" })] };
  }, options);
  await played.ask("go");
  assert.ok(played.requests[1]?.text.includes("A hook says: use the test database"));
  assert.deepEqual(
    told.map(({ hook_event_name, tool_name, agent_type }) => [hook_event_name, tool_name, agent_type]),
    [
      ["PreToolUse", "Task", undefined],
      ["SubagentStart", undefined, "general"],
      ["PreToolUse", "Bash", "general"],
    ],
  );
});

test("a person's /command is told before its text is made, and may be refused", async () => {
  const skills = [skillInTests("command", "deploy", "Deploy $1.")];
  const { told, options } = watch(["UserPromptExpansion"], () => ended(2, "", "not today"), { skills });
  using played = rehearse([], options);
  const { error } = await played.ask("/deploy north now");
  assert.match(error?.message ?? "", /\/deploy could not be used: not today/);
  assert.equal(played.requests.length, 0);
  assert.partialDeepStrictEqual(told[0], {
    command_name: "deploy",
    command_args: "north now",
    command_source: "project",
    prompt: "/deploy north now",
  });
  await played.ask("deploy it");
  assert.equal(told.length, 1);
});

test("after room was made the hooks are told the notes, and what they say at a start is said again", async () => {
  const { told, options } = watch(["PostCompact", "SessionStart"], ({ source }) =>
    source === "compact" ? ended(0, "on call: A") : ended(0),
  );
  using played = rehearse([{ text: "One." }, { text: "The notes." }, { text: "Two." }], options);
  await played.ask("go");
  played.session.compact();
  await played.until("compaction");
  await played.ask("on");
  assert.deepEqual(
    told.map(({ hook_event_name, source, compact_summary }) => [hook_event_name, source ?? compact_summary]),
    [
      ["SessionStart", "startup"],
      ["PostCompact", "The notes."],
      ["SessionStart", "compact"],
    ],
  );
  assert.ok(played.requests.at(-1)?.text.includes("A hook says: on call: A"));
});

test("each file of instructions is told once, with whose it is", async () => {
  const loaded = [
    { path: "/w/AGENTS.md", memory: "Project", reason: "session_start" },
    { path: "/w/more.md", memory: "Project", reason: "include", parent: "/w/AGENTS.md" },
  ] as const;
  const instructions = { text: "Use tabs.", files: [], names: [], loaded };
  const { told, options } = watch(["InstructionsLoaded"], undefined, { instructions });
  using played = rehearse([{ text: "Done." }], options);
  await played.ask("go");
  assert.deepEqual(
    told.map(({ file_path, memory_type, load_reason, parent_file_path }) => {
      const whose = [memory_type, load_reason];
      return [file_path, whose, parent_file_path];
    }),
    [
      ["/w/AGENTS.md", ["Project", "session_start"], undefined],
      ["/w/more.md", ["Project", "include"], "/w/AGENTS.md"],
    ],
  );
});
