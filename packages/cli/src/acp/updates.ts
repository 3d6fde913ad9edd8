/**
 * What happens in a session, as an editor is told of it: `session/update` of the Agent Client Protocol
 * (agentclientprotocol.com, protocol version 1, "Prompt Turn", "Tool Calls", "Agent Plan", "Session Modes").
 */
import { isAbsolute, resolve } from "node:path";
import type { AgentEvent } from "@cloister/agent";
import type { JsonObject } from "@cloister/base";
import type { Block } from "../sessions/export-session.ts";

const RESULT_CHARS_MAX = 20_000;
const TITLE_CHARS_MAX = 200;

/** None for what an editor has no place for. `workspace`: absolute; editors open files by absolute paths. */
export function updatesOf(event: AgentEvent, workspace: string, calls: string = ""): JsonObject[] {
  switch (event.kind) {
    case "text":
      return [chunk("agent_message_chunk", event.text)];
    case "reasoning":
      return [chunk("agent_thought_chunk", event.text)];
    case "status":
      return [chunk("agent_thought_chunk", `${event.text}\n`)];
    case "call":
      return [callOf({ id: `${calls}${event.id}`, name: event.name, args: event.args }, workspace)];
    case "result":
      return [
        {
          sessionUpdate: "tool_call_update",
          toolCallId: `${calls}${event.id}`,
          status: event.ok ? "completed" : "failed",
          // An edit is shown by its diff, which came with the call.
          ...(event.ok && event.diff !== undefined ? {} : { content: [textContent(event.text)] }),
        },
      ];
    case "todos": {
      const entries = event.todos.map(({ content, status }) => ({ content, status, priority: "medium" }));
      return [{ sessionUpdate: "plan", entries }];
    }
    case "context":
      // The protocol has no word for a window that nobody knows.
      return event.window === undefined
        ? []
        : [{ sessionUpdate: "usage_update", used: Math.round(event.used), size: Math.round(event.window) }];
    case "compaction": {
      const { before, after } = event.compaction;
      const text = `The conversation was shortened, from about ${Math.round(before)} tokens to ${Math.round(after)}.\n`;
      return [chunk("agent_thought_chunk", text)];
    }
    case "mode":
      return [{ sessionUpdate: "current_mode_update", currentModeId: event.mode }];
    case "subagent": {
      const { id, what } = event;
      const isWork = what.kind === "event" && (what.event.kind === "call" || what.event.kind === "result");
      // Servers number calls anew in each conversation.
      return isWork ? updatesOf(what.event, workspace, `${id}:`) : [];
    }
    case "start":
    case "item":
    case "user":
    case "reading":
    case "judging":
    case "progress":
    case "question":
    case "background":
    case "server":
    case "turn":
    case "aside":
    case "goal":
    case "end":
      return [];
  }
}

/** What was said in a session that is loaded. */
export function replayOf(blocks: readonly Block[]): JsonObject[] {
  return blocks.flatMap((block, index): JsonObject[] => {
    if (block.kind === "said" && block.by === "user") return [chunk("user_message_chunk", block.text)];
    if (block.kind === "said" && block.by === "model") return [chunk("agent_message_chunk", block.text)];
    if (block.kind === "thought") return [chunk("agent_thought_chunk", block.text)];
    if (block.kind !== "call") return [];
    return [
      {
        sessionUpdate: "tool_call",
        toolCallId: `earlier-${index}`,
        title: `${block.name} ${block.args}`.slice(0, TITLE_CHARS_MAX),
        kind: kinds[block.name] ?? "other",
        status: block.isError ? "failed" : "completed",
        content: block.result === undefined ? [] : [textContent(block.result)],
      },
    ];
  });
}

interface Call {
  readonly id: string;
  readonly name: string;
  readonly args: JsonObject;
}

/** As the editor shows it, and as it is asked about. */
export function callOf({ id, name, args }: Call, workspace: string): JsonObject {
  const place = placeOf(args, workspace);
  return {
    sessionUpdate: "tool_call",
    toolCallId: id,
    title: titleOf(name, args),
    kind: kinds[name] ?? "other",
    status: "in_progress",
    rawInput: args,
    content: diffOf(name, args, place),
    locations: place === undefined ? [] : [{ path: place }],
  };
}

/** The file that a call is about, absolute. */
export function placeOf(args: JsonObject, workspace: string): string | undefined {
  const path = textOf(args, "file_path") ?? textOf(args, "notebook_path") ?? textOf(args, "path");
  return path === undefined || isAbsolute(path) ? path : resolve(workspace, path);
}

const kinds: Readonly<Record<string, string>> = {
  Read: "read",
  Glob: "search",
  Grep: "search",
  RepoMap: "search",
  Edit: "edit",
  Write: "edit",
  NotebookEdit: "edit",
  Bash: "execute",
  WebFetch: "fetch",
  TodoWrite: "think",
  Task: "think",
};

function titleOf(name: string, args: JsonObject): string {
  const about = Object.values(args).find((value) => typeof value === "string") ?? "";
  return `${name} ${about.split("\n", 1)[0]}`.trim().slice(0, TITLE_CHARS_MAX);
}

export function diffOf(name: string, args: JsonObject, path: string | undefined): JsonObject[] {
  if (path === undefined) return [];
  const [before, after] = [textOf(args, "old_string"), textOf(args, "new_string")];
  if (name === "Edit" && before !== undefined && after !== undefined) {
    return [{ type: "diff", path, oldText: before, newText: after }];
  }
  const whole = textOf(args, "content");
  return name === "Write" && whole !== undefined
    ? [{ type: "diff", path, oldText: null, newText: whole }]
    : [];
}

export function textOf(args: JsonObject, name: string): string | undefined {
  const value = args[name];
  return typeof value === "string" ? value : undefined;
}

function chunk(sessionUpdate: string, text: string): JsonObject {
  return { sessionUpdate, content: { type: "text", text } };
}

export function textContent(text: string): JsonObject {
  const shown =
    text.length <= RESULT_CHARS_MAX ? text : `${text.slice(0, RESULT_CHARS_MAX).toWellFormed()} …`;
  return { type: "content", content: { type: "text", text: shown } };
}
