/**
 * Line-delimited events in the shape that Claude Code, Qwen Code and Qoder share (system/init, assistant, user,
 * result), so that programs written for one of them read ours.
 */
import { randomUUID } from "node:crypto";
import type { AgentEvent } from "@cloister/agent";
import type { Tier } from "@cloister/cell";
import type { JsonObject } from "@cloister/base";
import type { ChosenEndpoint } from "../endpoint.ts";
import type { Environment } from "../environment.ts";
import type { SessionOutcome } from "../session.ts";
import type { Printer } from "./printer.ts";

export interface StreamJsonOptions {
  readonly write: (line: string) => void;
  readonly environment: Environment;
  readonly chosen: ChosenEndpoint;
  readonly tier: Tier;
}

export function createStreamJson({ write, environment, chosen, tier }: StreamJsonOptions): Printer {
  const session = randomUUID();
  const started = environment.clock.now();
  const say = (line: object): void =>
    write(`${JSON.stringify({ ...line, session_id: session, uuid: randomUUID() })}\n`);
  let blocks: JsonObject[] = [];
  let text = "";

  const flushText = (): void => {
    if (text !== "") blocks.push({ type: "text", text });
    text = "";
  };
  const flushAssistant = (): void => {
    flushText();
    if (blocks.length === 0) return;
    const message = {
      id: `msg_${randomUUID()}`,
      type: "message",
      role: "assistant",
      model: chosen.model,
      content: blocks,
    };
    say({ type: "assistant", message, parent_tool_use_id: null });
    blocks = [];
  };

  return {
    event: (event: AgentEvent) => {
      switch (event.kind) {
        case "start":
          say({
            type: "system",
            subtype: "init",
            cwd: environment.directory,
            model: chosen.model,
            tools: event.tools,
            mcp_servers: [],
            permissionMode: "default",
            slash_commands: [],
            apiKeySource: environment.apiKey === undefined ? "none" : "CLOISTER_API_KEY",
            cloister_version: environment.version,
            endpoint: { url: chosen.endpoint.url, clearance: chosen.endpoint.clearance },
            cell: tier,
          });
          break;
        case "text":
          text += event.text;
          break;
        case "reasoning":
          break;
        case "status":
          say({ type: "system", subtype: "status", status: event.text });
          break;
        case "call":
          flushText();
          blocks.push({ type: "tool_use", id: event.id, name: event.name, input: event.args });
          flushAssistant();
          break;
        case "result": {
          flushAssistant();
          const result = {
            type: "tool_result",
            tool_use_id: event.id,
            content: event.text,
            is_error: !event.ok,
          };
          say({ type: "user", message: { role: "user", content: [result] }, parent_tool_use_id: null });
          break;
        }
        case "turn":
          break;
        case "end":
          flushAssistant();
          break;
      }
    },
    end: (outcome) => say(toResult(outcome, environment.clock.now() - started)),
  };
}

const subtypes = {
  done: "success",
  "max-turns": "error_max_turns",
  cancelled: "error_during_execution",
  failed: "error_during_execution",
} as const;

export function toResult({ session, ending }: SessionOutcome, durationMs: number): JsonObject {
  const { usage, error } = ending;
  return {
    type: "result",
    subtype: subtypes[ending.outcome],
    is_error: ending.outcome !== "done",
    result: ending.text,
    ...(error === undefined ? {} : { errors: [{ ...error }] }),
    terminal_reason: ending.outcome,
    num_turns: ending.turns,
    duration_ms: durationMs,
    usage: {
      input_tokens: usage.promptTokens,
      cache_read_input_tokens: usage.cachedTokens ?? 0,
      output_tokens: usage.completionTokens,
    },
    cloister_session: session,
  };
}
