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
import { hasDied } from "../agent-death.ts";
import type { Printer } from "./printer.ts";

export interface StreamJsonOptions {
  readonly write: (line: string) => void;
  readonly environment: Environment;
  readonly chosen: ChosenEndpoint;
  readonly tier: Tier;
  /** Several messages, each with a result of its own as soon as it is done. */
  readonly isConversation: boolean;
  /** The name by which it can be resumed; undefined for one that is not saved. */
  readonly session: string | undefined;
}

export function createStreamJson({
  write,
  environment,
  chosen,
  tier,
  isConversation,
  session = randomUUID(),
}: StreamJsonOptions): Printer {
  const started = environment.clock.now();
  const say = (line: object): void =>
    write(`${JSON.stringify({ ...line, session_id: session, uuid: randomUUID() })}\n`);
  /** Subagents by their ids: the call of Task that each answers. */
  const callOf = new Map<string, string | null>();
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

  /** Calls and results of a subagent, each a line of its own under the call that started it. */
  const saySubagent = ({ id, what }: Extract<AgentEvent, { kind: "subagent" }>): void => {
    if (what.kind === "begin") callOf.set(id, what.call ?? null);
    if (what.kind !== "event") return;
    const inner = what.event;
    const parent = callOf.get(id) ?? null;
    if (inner.kind === "call") {
      const content = [{ type: "tool_use", id: inner.id, name: inner.name, input: inner.args }];
      const message = {
        id: `msg_${randomUUID()}`,
        type: "message",
        role: "assistant",
        model: chosen.model,
        content,
      };
      say({ type: "assistant", message, parent_tool_use_id: parent });
    }
    if (inner.kind === "result") {
      const content = [
        { type: "tool_result", tool_use_id: inner.id, content: inner.text, is_error: !inner.ok },
      ];
      say({ type: "user", message: { role: "user", content }, parent_tool_use_id: parent });
    }
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
            permissionMode: event.mode ?? "default",
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
        // No client of this format has a name for it.
        case "reading":
        case "judging":
        case "reasoning":
          break;
        case "status":
          say({ type: "system", subtype: "status", status: event.text });
          break;
        case "goal":
          flushAssistant();
          say({ type: "system", subtype: "goal", goal: event.goal ?? null, step: event.step });
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
        case "mode":
          say({ type: "system", subtype: "status", status: null, permissionMode: event.mode });
          break;
        case "compaction": {
          flushAssistant();
          const { trigger, before, after } = event.compaction;
          const metadata = {
            trigger: trigger === "asked" ? "manual" : "auto",
            pre_tokens: before,
            post_tokens: after,
          };
          say({ type: "system", subtype: "compact_boundary", compact_metadata: metadata });
          break;
        }
        case "subagent":
          flushAssistant();
          saySubagent(event);
          break;
        case "item":
        case "user":
        case "progress":
        case "question":
        case "todos":
        case "background":
        case "server":
        case "aside":
        case "context":
        case "turn":
          break;
        case "end":
          flushAssistant();
          if (isConversation) say(toResult({ ending: event.ending }, environment.clock.now() - started));
          break;
      }
    },
    end: (outcome) => {
      // Each message had its result, unless the process died in the middle of one.
      const isTold = isConversation && !hasDied(outcome.ending);
      if (!isTold) say(toResult(outcome, environment.clock.now() - started));
    },
    respond: (line) => write(`${JSON.stringify(line)}\n`),
  };
}

const subtypes = {
  done: "success",
  "max-turns": "error_max_turns",
  "max-cost": "error_max_budget_usd",
  "max-tokens": "error_max_tokens",
  "max-time": "error_max_time",
  cancelled: "error_during_execution",
  failed: "error_during_execution",
} as const;

/** Of a whole session, or of one message in the middle of it. */
export function toResult(
  { session, ending, approvals, goal }: Partial<SessionOutcome> & Pick<SessionOutcome, "ending">,
  durationMs: number,
): JsonObject {
  const { usage, error, cost, unpricedTokens, structured } = ending;
  return {
    type: "result",
    subtype:
      error?.code === "answer-schema" ? "error_max_structured_output_retries" : subtypes[ending.outcome],
    is_error: ending.outcome !== "done" || goal?.isReached === false,
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
    ...(cost === undefined ? {} : { total_cost_usd: cost }),
    ...(unpricedTokens === undefined ? {} : { unpriced_tokens: unpricedTokens }),
    ...(structured === undefined ? {} : { structured_output: structured }),
    ...(approvals === undefined ? {} : { approvals: { ...approvals } }),
    ...(goal === undefined ? {} : { goal: { ...goal } }),
    ...(session === undefined ? {} : { cloister_session: session }),
  };
}
