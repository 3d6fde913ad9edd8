/** Subagents: a conversation of their own for a part of the work. They share the model, the airlock's session and the limits. */
import type { AgentDefinition } from "./agent-definition.ts";
import { isRecord, newId, type JsonObject } from "@cloister/base";
import { CallIds, emptyInbox, type AgentWorld, type Thread } from "./thread.ts";
import { startConversation, userMessage } from "./conversation.ts";
import type { AgentEvent, Ending } from "./events.ts";
import { hookNotes } from "./history.ts";
import { judge, type RunJudge } from "./hook-agent.ts";
import { createMeter, type Meter, type Price } from "./limits.ts";
import { chooseModel, priceOf, type ChosenModel, type ModelChoice } from "./models.ts";
import { isMcpTool, toolName } from "./mcp/names.ts";
import { forbiddenInMode } from "./modes.ts";
import { createWatch } from "./progress.ts";
import type { SessionExtensions } from "./session-extensions.ts";
import type { Fork } from "./skills-at-hand.ts";
import { createSessionTools, type Desk, type TaskArgs } from "./session-tools.ts";
import { createUseTool } from "./tools/deferred.ts";
import { cutMiddle } from "./tools/cut.ts";
import type { Mode, Tool, ToolResult } from "./tools/tool.ts";
import { createWindow } from "./window.ts";
import { work } from "./work.ts";
import { USE_TOOL, type ChatMessage, type ChatTool } from "@cloister/wire";

export interface SubagentsOptions {
  readonly agents: readonly AgentDefinition[];
  readonly model: string;
  /** Other models, for those subagents that are to be one. */
  readonly models: readonly ModelChoice[];
  readonly contextTokens: () => number | undefined;
  readonly price: Price | undefined;
  readonly world: AgentWorld;
  readonly ask: AgentWorld["ask"];
  readonly room: () => Promise<void>;
  readonly baseTools: readonly Tool[];
  readonly deferred: () => readonly Tool[];
  readonly mode: () => Mode;
  readonly summaries: Thread["summaries"];
  /** What every conversation of the session begins with: system prompt, instructions. */
  readonly beginning: () => readonly ChatMessage[];
  /** What a conversation has not been told of the MCP servers. */
  readonly serverNews: (told: readonly ChatMessage[]) => readonly ChatMessage[];
  readonly extended: SessionExtensions;
  /** Of those at work, by their ids: a person may end one, and its parent goes on. */
  readonly stops: Map<string, () => void>;
}

export interface Parent {
  readonly id: string | undefined;
  readonly depth: number;
  readonly emit: (event: AgentEvent) => void;
  readonly meter: () => Meter;
  /** The mode it works in: what only looks hands no work to one that does more. Absent: the session's. */
  readonly mode?: Thread["mode"];
}

export const SUBAGENT_DEPTH_MAX = 3;
const SUBAGENTS_MAX = 200;
/** Counted apart: a model that starts many subagents must not end the hooks. */
const JUDGES_MAX = 2000;
const TURNS_MAX_DEFAULT = 50;
const REPORT_CHARS_MAX = 20_000;
const GENERAL = "general";

const general: AgentDefinition = { name: GENERAL, description: "any work", prompt: "" };
/** Named by skills that were written for Claude Code. */
const explorers: readonly AgentDefinition[] = ["Explore", "Plan"].map((name) => {
  const description = "looks, and changes nothing";
  return { name, description, prompt: "", isPlanning: true };
});

export type StartSubagent = (
  args: TaskArgs & {
    readonly call: string | undefined;
    /** What stands before the task, with its origin: the text of a skill. */
    readonly said?: ChatMessage;
  },
  parent: Parent,
  signal: AbortSignal,
) => Promise<ToolResult>;

export interface Subagents {
  readonly start: StartSubagent;
  /** One that looks and answers for a hook, below the main conversation. */
  judge(parent: Parent): RunJudge;
}

export function createSubagents(options: SubagentsOptions): Subagents {
  let started = 0;
  let judges = 0;

  const run = async (wish: Wish, parent: Parent, signal: AbortSignal): Promise<Ending> => {
    const { agent, asked } = wish;
    const id = newId("sub");
    const tell = (what: Extract<AgentEvent, { kind: "subagent" }>["what"]): void =>
      parent.emit({ kind: "subagent", id, parent: parent.id, what });
    tell({ kind: "begin", agent: agent.name, description: wish.description, call: wish.call });
    // A definition may have been written for another house: the work is done all the same.
    if (asked.kind === "unknown") {
      const text = `the subagent ${agent.name} works with ${options.model}: ${asked.why}`;
      tell({ kind: "event", event: { kind: "status", text } });
    }
    const thread = openThread({ agent, asked, id, parent, options, start, tell, isJudge: wish.isJudge });
    const own = new AbortController();
    options.stops.set(id, () => own.abort(new Error("stopped by the user")));
    const stop = AbortSignal.any([signal, own.signal]);
    for (const item of options.beginning()) thread.conversation.add(item);
    if (mayUseServers(agent)) {
      for (const item of options.serverNews(thread.conversation.items)) thread.conversation.add(item);
    }
    // Interrupted: the work that begins now ends at once, and says so.
    const told = await thread.hooks.subagentStart(stop).catch(() => []);
    for (const item of hookNotes(told)) thread.conversation.add(item);
    for (const item of await skillsOf(agent, thread, stop)) thread.conversation.add(item);
    if (wish.said !== undefined) thread.conversation.add(wish.said);
    thread.conversation.add(userMessage(taskText(agent, wish.prompt), "instructions"));
    const ending = await work(thread, stop).finally(() => options.stops.delete(id));
    tell({ kind: "end", ending });
    return ending;
  };

  const start: StartSubagent = async (args, parent, signal) => {
    const wanted = args.subagent_type ?? GENERAL;
    const agent =
      options.agents.find(({ name }) => name === wanted) ??
      (isGeneral(wanted) ? general : explorers.find(({ name }) => name === wanted));
    if (agent === undefined) {
      return failed(`There is no subagent "${wanted}". There are: ${namesOf(options.agents)}.`);
    }
    const asked = chooseModel(args.model ?? agent.model, options.model, options.models);
    if (asked.kind === "unknown" && args.model !== undefined && args.said === undefined) {
      return failed(asked.why);
    }
    if (parent.depth >= SUBAGENT_DEPTH_MAX) {
      return failed(`Subagents are nested ${SUBAGENT_DEPTH_MAX} deep already. Do this part yourself.`);
    }
    if (started >= SUBAGENTS_MAX) {
      return failed(`This session has had ${SUBAGENTS_MAX} subagents. Do it yourself.`);
    }
    started += 1;
    const { description, prompt, call, said } = args;
    const ending = await run(
      { agent, asked, description, prompt, call, said, isJudge: false },
      parent,
      signal,
    );
    return reportOf(ending);
  };

  return {
    start,
    judge:
      (parent) =>
      async ({ prompt, model }, signal) => {
        if (judges >= JUDGES_MAX) {
          return { outcome: "refused", why: `this session has had ${JUDGES_MAX} judges` };
        }
        judges += 1;
        const asked = chooseModel(model, options.model, options.models);
        const about = { agent: judge, asked, description: "a hook's question", call: undefined };
        return run({ ...about, prompt, isJudge: true }, parent, signal);
      },
  };
}

interface Wish extends Pick<TaskArgs, "prompt" | "description"> {
  readonly agent: AgentDefinition;
  readonly asked: ChosenModel;
  readonly call: string | undefined;
  readonly said?: ChatMessage | undefined;
  readonly isJudge: boolean;
}

/** Skills that are done by a subagent, below this parent. */
export function forkFor(start: StartSubagent, parent: Parent): Fork {
  return ({ description, prompt, agent, model, said }, signal) =>
    start(
      {
        ...{ description, prompt, said, call: undefined },
        ...(agent === undefined ? {} : { subagent_type: agent }),
        ...(model === undefined ? {} : { model }),
      },
      parent,
      signal,
    );
}

interface ThreadOptions {
  readonly agent: AgentDefinition;
  readonly asked: ChosenModel;
  readonly id: string;
  readonly parent: Parent;
  readonly options: SubagentsOptions;
  readonly start: StartSubagent;
  readonly isJudge: boolean;
  readonly tell: (what: Extract<AgentEvent, { kind: "subagent" }>["what"]) => void;
}

function openThread(of: ThreadOptions): Thread {
  const { agent, asked, id, parent, options, start, tell, isJudge } = of;
  const isOther = asked.kind === "other";
  // Events of deeper ones carry their own ids; they are handed up as they are.
  const emit = (event: AgentEvent): void =>
    event.kind === "subagent" ? parent.emit(event) : tell({ kind: "event", event });
  const { world } = options;
  const mode: Thread["mode"] = agent.isPlanning === true ? () => "plan" : (parent.mode ?? options.mode);
  const { clock, ...toolWorld } = world;
  const meter = createMeter({
    limits: { turnsMax: agent.turnsMax ?? TURNS_MAX_DEFAULT },
    ...(isOther
      ? { price: priceOf(asked.model, options.models), model: asked.model }
      : { price: options.price }),
    priceOf: (name) => priceOf(name, options.models),
    clock,
    parent: parent.meter(),
  });
  const asParent: Parent = { id, depth: parent.depth + 1, emit, meter: () => meter, mode };
  const desk: Desk = {
    mode,
    setMode: () => {
      /* only the main conversation plans */
    },
    startSubagent: (args, call, signal) => start({ ...args, call }, asParent, signal),
  };
  const tools = [...options.baseTools, createUseTool(options.deferred), ...createSessionTools(desk)];
  return {
    conversation: startConversation(
      isOther ? asked.model : options.model,
      tools.map(toChatTool),
      (item, index) => emit({ kind: "item", item, index }),
    ),
    window: createWindow(isOther ? asked.contextTokens : options.contextTokens()),
    tools,
    allTools: () => [...tools, ...options.deferred()],
    // What the subagent has read, the one who asked has not. And nobody is there for its questions.
    world: {
      ...toolWorld,
      ...options.extended.toolWorld,
      skill: options.extended.skillFor(forkFor(start, asParent)),
      reads: new Map(),
    },
    clock,
    ask: options.ask,
    emit,
    room: options.room,
    mode,
    forbids: (tool, args) =>
      forbiddenForAgent(tool, agent) ??
      forbiddenInMode(tool, mode(), { args, workspace: options.world.workspace }),
    inbox: emptyInbox,
    hooks: isJudge
      ? options.extended.hooks.forJudge({ id, type: agent.name }, emit)
      : options.extended.hooks.forSubagent(id, agent.name, emit),
    guide: options.extended.guide([]),
    meter,
    watch: createWatch(),
    ids: new CallIds(),
    summaries: options.summaries,
    check: undefined,
  };
}

/** As models see it: without arguments that are only taken, and without the word that no others are, eleven times over. */
export function toChatTool({ name, description, parameters }: Tool): ChatTool {
  const shown = JSON.parse(JSON.stringify(parameters), (key, value: unknown) =>
    (key === "additionalProperties" && value === false) || (isRecord(value) && value["hidden"] === true)
      ? undefined
      : value,
  ) as JsonObject;
  return { type: "function", function: { name, description, parameters: shown } };
}

/** One that has none of their tools need not know of them. */
function mayUseServers({ tools, mcpServers }: AgentDefinition): boolean {
  if (mcpServers?.length === 0) return false;
  return tools === undefined || tools.some((name) => name === "*" || name.startsWith("mcp__"));
}

/** All conversations are offered the same tools, so that they share the server's cached beginning; what is not its own is refused. */
function forbiddenForAgent(
  tool: Tool,
  { name, tools, disallowedTools, mcpServers }: AgentDefinition,
): string | undefined {
  const isOffServer =
    mcpServers !== undefined &&
    isMcpTool(tool.name) &&
    !mcpServers.some((server) => tool.name.startsWith(toolName(server, "")));
  if (isOffServer || disallowedTools?.includes(tool.name) === true) {
    return `The subagent ${name} may not use ${tool.name}.`;
  }
  const isAllowed = tools === undefined || tools.includes("*") || tools.includes(tool.name);
  // To read a schema is nothing; what it reaches is asked for by its own name.
  if (isAllowed || tool.name === USE_TOOL) return undefined;
  return `The subagent ${name} may not use ${tool.name}. It has: ${tools.join(", ")}.`;
}

/** The texts it begins with. One that cannot be had is told, and the work is done without it. */
async function skillsOf(
  { skills = [] }: AgentDefinition,
  { world, emit }: Thread,
  signal: AbortSignal,
): Promise<readonly ChatMessage[]> {
  const messages: ChatMessage[] = [];
  for (const name of skills) {
    const given = await world.skill?.({ name, args: "" }, signal);
    if (given?.ok !== true) {
      emit({ kind: "status", text: given?.text ?? `there is no skill "${name}"` });
      continue;
    }
    const { text, sources } = given;
    const content = `The skill ${name} says:\n\n${text}`;
    const files = sources.length === 0 ? {} : { files: sources };
    messages.push({ role: "user", content, cloister: { source: "file", ...files } });
  }
  return messages;
}

function taskText({ prompt, tools }: AgentDefinition, task: string): string {
  const subset = tools === undefined || tools.includes("*") ? "" : ` You may use: ${tools.join(", ")}.`;
  const parts = [
    `You are a subagent with one task. Nobody answers questions. Your last message is all that is seen of your work: make it a complete report.${subset}`,
    prompt.trim(),
    `Task:\n${task}`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** What the main conversation is told of the subagents there are; nothing when there is only the general one. */
export function formatAgents(agents: readonly AgentDefinition[]): string | undefined {
  if (agents.length === 0) return undefined;
  const lines = agents.map(({ name, description }) => `- ${name}: ${description}`);
  return `Subagents for Task, by subagent_type:\n${lines.join("\n")}`;
}

function reportOf(ending: Ending): ToolResult {
  const text = cutMiddle(ending.text, REPORT_CHARS_MAX);
  if (ending.outcome === "done") return { ok: true, text, sources: [] };
  const why = ending.error?.message ?? ending.outcome;
  const last = text === "" ? "" : ` Its last words: ${text}`;
  return failed(`The subagent did not finish: ${why}.${last}`);
}

function isGeneral(name: string): boolean {
  return name === GENERAL || name === "general-purpose" || name === "";
}

function namesOf(agents: readonly AgentDefinition[]): string {
  return [...new Set([...agents.map(({ name }) => name), GENERAL])].join(", ");
}

function failed(text: string): ToolResult {
  return { ok: false, text, sources: [] };
}
