/** One task from prompt to end: stream an answer, run its tool calls, append the results, again. */
import { messageOf, type JsonObject } from "@cloister/base";
import {
  guardCall,
  type AnswerEvent,
  type ChatTool,
  type CloisterExtension,
  type Guarded,
  type RawCall,
  type Usage,
} from "@cloister/wire";
import {
  startConversation,
  systemMessage,
  toolMessage,
  userMessage,
  type Conversation,
} from "./conversation.ts";
import type { AgentEvent, Ending } from "./events.ts";
import { formatInstructions, readInstructions } from "./instructions.ts";
import { systemPrompt } from "./prompt.ts";
import type { Tool, ToolResult, ToolWorld } from "./tools/tool.ts";
import { tools } from "./tools/toolset.ts";

export interface Task {
  readonly prompt: string;
  readonly model: string;
  readonly turnsMax: number;
}

/** What the agent may do to the world: nothing but this. */
export interface AgentWorld extends ToolWorld {
  /** Asks the model. Never throws; its last event is `end` or `failed`. */
  readonly ask: (request: readonly Uint8Array[], signal: AbortSignal) => AsyncIterable<AnswerEvent>;
}

type Answer = Extract<AnswerEvent, { kind: "end" }> & { readonly text: string; readonly reasoning: string };
type Failure = Extract<AnswerEvent, { kind: "failed" }>;

/** Ends with exactly one `end` event, whatever happens. */
export async function* runTask(
  task: Task,
  world: AgentWorld,
  signal: AbortSignal,
): AsyncGenerator<AgentEvent> {
  const progress = { turns: 0, text: "", usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 } };
  const end = (outcome: Ending["outcome"], error?: Ending["error"]): AgentEvent => ({
    kind: "end",
    ending: { outcome, ...progress, ...(error === undefined ? {} : { error }) },
  });

  try {
    const instructions = await readInstructions(world.workspace);
    yield {
      kind: "start",
      tools: tools.map(({ name }) => name),
      instructions: instructions.map(({ path }) => path),
    };

    const conversation = startConversation(task.model, tools.map(toChatTool));
    conversation.add(systemMessage(systemPrompt));
    if (instructions.length > 0) {
      const files = instructions.map(({ path, lines }) => ({ path, from: 1, to: lines }));
      conversation.add(userMessage(formatInstructions(instructions), "instructions", files));
    }
    conversation.add(userMessage(task.prompt, "user"));

    const ids = new CallIds();
    let nudged = false;
    while (progress.turns < task.turnsMax) {
      const answer = yield* streamAnswer(conversation, world, signal);
      if (answer.kind === "failed") {
        yield answer.code === "cancelled" ? end("cancelled") : end("failed", toError(answer));
        return;
      }
      progress.turns += 1;
      progress.usage = addUsage(progress.usage, answer.usage);
      yield {
        kind: "turn",
        number: progress.turns,
        ...(answer.usage === undefined ? {} : { usage: answer.usage }),
      };

      yield* tellMended(answer);
      const unusable = answer.calls.length === 0 ? (answer.extension?.refused ?? []) : [];
      if (unusable.length > 0) {
        yield end("failed", unusableAnswer(unusable));
        return;
      }
      progress.text = answer.text === "" ? progress.text : answer.text;

      const calls = answer.calls.map((call) =>
        guardCall({ ...call, id: ids.unique(call.id) }, answer.finish, tools),
      );
      conversation.add(assistantMessage(answer, calls));
      if (calls.length > 0) {
        nudged = false;
        yield* runCalls(calls, conversation, world, signal);
        if (signal.aborted) {
          yield end("cancelled");
          return;
        }
      } else if (answer.finish === "stop" && answer.text.trim() !== "") {
        yield end("done");
        return;
      } else if (nudged) {
        yield end("failed", emptyTurn(answer));
        return;
      } else {
        nudged = true;
        conversation.add(userMessage(nudgeFor(answer), "user"));
      }
    }
    yield end("max-turns", {
      code: "max-turns",
      message: `the task was not finished within ${task.turnsMax} turns`,
      next: "allow more with --max-turns, or ask for less at once",
    });
  } catch (error) {
    yield signal.aborted ? end("cancelled") : end("failed", { code: "internal", message: messageOf(error) });
  }
}

async function* streamAnswer(
  conversation: Conversation,
  world: AgentWorld,
  signal: AbortSignal,
): AsyncGenerator<AgentEvent, Answer | Failure> {
  let text = "";
  let reasoning = "";
  for await (const event of world.ask(conversation.request(), signal)) {
    switch (event.kind) {
      case "text":
        text += event.text;
        yield event;
        break;
      case "reasoning":
        reasoning += event.text;
        yield event;
        break;
      case "status":
        yield event;
        break;
      case "end":
        return { ...event, text, reasoning };
      case "failed":
        return event;
    }
  }
  return { kind: "failed", code: "upstream-broken", message: "the answer had no end" };
}

async function* runCalls(
  calls: readonly Guarded[],
  conversation: Conversation,
  world: AgentWorld,
  signal: AbortSignal,
): AsyncGenerator<AgentEvent> {
  for (const call of calls) {
    if (call.kind === "refused") {
      const text = `Error (${call.cause}): ${call.detail}`;
      conversation.add(toolMessage(call.id, text, { source: "tool", tool: call.name }));
      yield { kind: "result", id: call.id, name: call.name, ok: false, text, refused: call.cause };
      continue;
    }
    yield { kind: "call", id: call.id, name: call.name, args: call.args };
    const result = await runTool(call.name, call.args, world, signal);
    conversation.add(
      toolMessage(call.id, result.text, { source: sourceOf(call.name), tool: call.name, ...filesOf(result) }),
    );
    const diff = result.diff === undefined ? {} : { diff: result.diff };
    yield { kind: "result", id: call.id, name: call.name, ok: result.ok, text: result.text, ...diff };
  }
}

/** A tool that throws is a tool that failed: the model is told, and the task goes on. */
async function runTool(
  name: string,
  args: JsonObject,
  world: AgentWorld,
  signal: AbortSignal,
): Promise<ToolResult> {
  const tool = tools.find((candidate) => candidate.name === name) as Tool;
  if (signal.aborted) return { ok: false, text: "Cancelled before it ran.", sources: [] };
  try {
    return await tool.run(args, world, signal);
  } catch (error) {
    return { ok: false, text: `Error: ${messageOf(error)}`, sources: [] };
  }
}

function toChatTool({ name, description, parameters }: (typeof tools)[number]): ChatTool {
  return { type: "function", function: { name, description, parameters } };
}

/** What the model said, as it goes back to it: a refused call keeps its place, with arguments that are valid JSON. */
function assistantMessage(answer: Answer, calls: readonly Guarded[]): Parameters<Conversation["add"]>[0] {
  const raw = new Map<Guarded, RawCall | undefined>(calls.map((call, index) => [call, answer.calls[index]]));
  const toolCalls = calls.map((call) => ({
    id: call.id,
    type: "function",
    function: { name: call.name === "" ? "unnamed" : call.name, arguments: historyArguments(raw.get(call)) },
  }));
  return {
    role: "assistant",
    content: answer.text,
    // Thinking families want their reasoning back while they work with tools; others ignore the field.
    ...(answer.reasoning !== "" && calls.length > 0 ? { reasoning_content: answer.reasoning } : {}),
    ...(calls.length > 0 ? { tool_calls: toolCalls } : {}),
  };
}

/** A server that meets broken arguments in the history refuses every later request of the session. */
function historyArguments(call: RawCall | undefined): string {
  if (call === undefined) return "{}";
  try {
    JSON.parse(call.arguments);
    return call.arguments;
  } catch {
    return "{}"; // the result of the call tells the model what was wrong
  }
}

function sourceOf(tool: string): "file" | "command" | "tool" {
  if (tool === "Read" || tool === "Grep") return "file";
  return tool === "Bash" ? "command" : "tool";
}

function filesOf(result: ToolResult): { files?: ToolResult["sources"] } {
  return result.sources.length === 0 ? {} : { files: result.sources };
}

function nudgeFor(answer: Answer): string {
  if (answer.finish === "length") {
    return "Your answer was cut at the token limit. Go on in smaller steps: one short text or one tool call at a time.";
  }
  return "Your last answer was empty. Go on with a tool call, or say in text that the task is done and what you did.";
}

/** The airlock asked the model again by itself, and gave up. */
function unusableAnswer(refused: CloisterExtension["refused"]): NonNullable<Ending["error"]> {
  const details = refused.map(({ cause, detail }) => `[${cause}] ${detail}`);
  return {
    code: "unusable-answer",
    message: `the model could not make a usable answer, though it was told what was wrong: ${details.join(" ")}`,
    next: "try a larger model, or a smaller task",
  };
}

function* tellMended({ extension }: Answer): Generator<AgentEvent> {
  for (const { name, dialect } of extension?.recovered ?? []) {
    yield { kind: "status", text: `a call of ${name} was mended (the model wrote it as ${dialect})` };
  }
}

function emptyTurn(answer: Answer): NonNullable<Ending["error"]> {
  return answer.finish === "length"
    ? { code: "truncated", message: "the model's answers were cut at its token limit, twice in a row" }
    : { code: "empty-turn", message: "the model answered nothing, twice in a row" };
}

function toError(failure: Failure): NonNullable<Ending["error"]> {
  const { code, message, next } = failure;
  return { code, message, ...(next === undefined ? {} : { next }) };
}

function addUsage(
  sum: Usage & { cachedTokens: number },
  usage: Usage | undefined,
): Usage & { cachedTokens: number } {
  if (usage === undefined) return sum;
  return {
    promptTokens: sum.promptTokens + usage.promptTokens,
    cachedTokens: sum.cachedTokens + (usage.cachedTokens ?? 0),
    completionTokens: sum.completionTokens + usage.completionTokens,
  };
}

/** Results are matched to calls by id, and servers that leave ids out would otherwise repeat the same ones. */
class CallIds {
  readonly #used = new Set<string>();

  unique(id: string): string {
    let candidate = id;
    for (let n = 2; this.#used.has(candidate); n++) candidate = `${id}_${n}`;
    this.#used.add(candidate);
    return candidate;
  }
}
