import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord, systemClock } from "@cloister/base";
import type { AnswerEvent, RawCall } from "@cloister/wire";
import type { AgentEvent } from "./events.ts";
import { runTask } from "./task.ts";

test("a task is: ask, run the calls, append the results, ask again, until there is only text", async () => {
  await using played = await play([
    { text: "Looking.", calls: [call("1", "Bash", { command: "ls" })] },
    { text: "Done." },
  ]);
  assert.deepEqual(kinds(played.events), ["start", "text", "turn", "call", "result", "text", "turn", "end"]);
  assert.deepEqual(played.commands, ["ls"]);
  const roles = played.lastMessages.map((message) => message["role"]);
  assert.deepEqual(roles, ["system", "user", "assistant", "tool"]);
});

test("broken arguments never enter the history: the call keeps its place with an empty object, and an exact error", async () => {
  await using played = await play([
    { calls: [{ id: "1", name: "Bash", arguments: '{"command": "l"s"}' }] },
    { text: "Sorry." },
  ]);
  assert.deepEqual(played.commands, []);
  const [, , assistant, result] = played.lastMessages;
  const calls = assistant?.["tool_calls"] as { function: { arguments: string } }[];
  assert.equal(calls[0]?.function.arguments, "{}");
  assert.match(String(result?.["content"]), /^Error \(syntax\)/);
});

test("results find their calls even when a server gives every call the same id", async () => {
  const same = call("call_1", "Bash", { command: "ls" });
  await using played = await play([{ calls: [same] }, { calls: [same] }, { text: "Done." }]);
  const ids = played.lastMessages
    .filter((message) => message["role"] === "tool")
    .map((message) => message["tool_call_id"]);
  assert.equal(new Set(ids).size, 2);
});

test("reasoning goes back with the calls it led to", async () => {
  await using played = await play([
    { reasoning: "I must look.", calls: [call("1", "Bash", { command: "ls" })] },
    { text: "Done." },
  ]);
  assert.equal(played.lastMessages[2]?.["reasoning_content"], "I must look.");
});

test("a failure of the server ends the task as failed, with its words", async () => {
  await using played = await play([{ failed: "out of memory" }]);
  const end = played.events.at(-1);
  assert.ok(
    end?.kind === "end" && end.ending.outcome === "failed" && end.ending.error?.message === "out of memory",
  );
});

test("a tool that throws is a tool that failed: the model is told, and the task goes on", async () => {
  await using played = await play([
    { calls: [call("1", "Bash", { command: "explode" })] },
    { text: "Done." },
  ]);
  assert.ok(
    played.events.some(
      (event) => event.kind === "result" && !event.ok && event.text.includes("the cell is gone"),
    ),
  );
  const end = played.events.at(-1);
  assert.ok(end?.kind === "end" && end.ending.outcome === "done");
});

test("a call that was denied stands in the history with the reason as its result, and the work goes on", async () => {
  await using played = await play([
    { calls: [call("1", "Bash", { command: "ls" })], denied: [call("1", "Bash", { command: "git push" })] },
    { text: "I may not push." },
  ]);
  assert.deepEqual(played.commands, ["ls"]);
  const [, , assistant, , result] = played.lastMessages;
  const calls = assistant?.["tool_calls"] as { function: { arguments: string } }[];
  assert.deepEqual(
    calls.map((each) => each.function.arguments),
    ['{"command":"ls"}', '{"command":"git push"}'],
  );
  assert.equal(result?.["content"], "Error (denied): not here");
  const end = played.events.at(-1);
  assert.ok(end?.kind === "end" && end.ending.outcome === "done");
});

test("a model that wants nothing else than what is denied is stopped as one that goes round in circles", async () => {
  const again = { denied: [call("1", "Bash", { command: "git push" })] };
  await using played = await play(Array.from({ length: 9 }, () => again));
  const end = played.events.at(-1);
  assert.ok(end?.kind === "end" && end.ending.error?.code === "no-progress", JSON.stringify(end));
});

interface Turn {
  readonly text?: string;
  readonly reasoning?: string;
  readonly calls?: readonly RawCall[];
  /** Kept back by the airlock. */
  readonly denied?: readonly RawCall[];
  readonly failed?: string;
}

interface Played extends AsyncDisposable {
  readonly events: readonly AgentEvent[];
  readonly commands: readonly string[];
  readonly lastMessages: readonly Record<string, unknown>[];
}

async function play(turns: readonly Turn[]): Promise<Played> {
  const workspace = realpathSync(mkdtempSync(join(tmpdir(), "task-")));
  const commands: string[] = [];
  const bodies: string[] = [];
  const world = {
    workspace,
    hasRipgrep: false,
    clock: systemClock,
    reads: new Map<string, string>(),
    run: (command: { readonly argv: readonly string[] } | { readonly shell: string }) => {
      const text = "shell" in command ? command.shell : command.argv.join(" ");
      if (text === "explode") return Promise.reject(new Error("the cell is gone"));
      commands.push(text);
      return Promise.resolve({
        exitCode: 0,
        signal: undefined,
        timedOut: false,
        output: "out\n",
        cutBytes: 0,
      });
    },
    ask: (body: readonly Uint8Array[]) => {
      bodies.push(Buffer.concat(body).toString("utf8"));
      return answer(turns[bodies.length - 1] ?? { failed: "the script is over" });
    },
  };
  const task = { prompt: "do it", model: "m", turnsMax: 10 };
  const events = await Array.fromAsync(runTask(task, world, new AbortController().signal));
  const last: unknown = JSON.parse(bodies.at(-1) ?? "{}");
  const lastMessages =
    isRecord(last) && Array.isArray(last["messages"]) ? last["messages"].filter(isRecord) : [];
  return {
    events,
    commands,
    lastMessages,
    [Symbol.asyncDispose]: async () => {
      rmSync(workspace, { recursive: true, force: true });
      await Promise.resolve();
    },
  };
}

async function* answer(turn: Turn): AsyncGenerator<AnswerEvent> {
  await Promise.resolve();
  if (turn.failed !== undefined) {
    yield { kind: "failed", code: "upstream-error", message: turn.failed };
    return;
  }
  if (turn.reasoning !== undefined) yield { kind: "reasoning", text: turn.reasoning };
  if (turn.text !== undefined) yield { kind: "text", text: turn.text };
  const calls = turn.calls ?? [];
  const cause = "denied" as const;
  const refused = (turn.denied ?? []).map((kept) => ({ cause, detail: "not here", call: kept }));
  const extension = { recovered: [], refused, retries: 0 };
  const finish = calls.length + refused.length > 0 ? "calls" : "stop";
  yield { kind: "end", finish, calls, usage: undefined, extension };
}

function call(id: string, name: string, args: object): RawCall {
  return { id, name, arguments: JSON.stringify(args) };
}

/** What is shown of the work itself; the conversation's growth and the window's filling are told beside it. */
function kinds(events: readonly AgentEvent[]): string[] {
  return events.map(({ kind }) => kind).filter((kind) => !["item", "user", "context"].includes(kind));
}
