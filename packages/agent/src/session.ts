/** A session: many messages of a user, one conversation, and everything that a person may say to it while it works. */
import type { JsonObject } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import { createAsides } from "./aside.ts";
import { beginningOf } from "./beginning.ts";
import { compact } from "./compaction.ts";
import { startConversation } from "./conversation.ts";
import { brokenBy, refusedBy } from "./endings.ts";
import { createEventQueue } from "./event-queue.ts";
import type { AgentEvent } from "./events.ts";
import type { BroughtExtensions } from "./extension/brought.ts";
import { callsIn, note } from "./history.ts";
import type { Goal, GoalCheck } from "./goal/goal.ts";
import { createPursuit } from "./goal/pursuit.ts";
import { createMeter, type Limits, type Meter, type Price } from "./limits.ts";
import { priceOf, type ModelChoice } from "./models.ts";
import { forbiddenInMode, modeChangeText } from "./modes.ts";
import { createWatch } from "./progress.ts";
import type { SaidMessage } from "./prompt-input.ts";
import { withoutAllPictures } from "./pictures.ts";
import { createQuestions } from "./questions.ts";
import { openSessionBackground } from "./session-background.ts";
import { openSessionExtensions } from "./session-extensions.ts";
import { createSessionTools } from "./session-tools.ts";
import type { McpServerWish } from "./mcp/link.ts";
import { openMcpServers } from "./mcp/servers.ts";
import { openLanguages } from "./lsp/languages.ts";
import type { LanguageServerWish } from "./lsp/wish.ts";
import { limitAsks } from "./slots.ts";
import { createAnswerCheck } from "./structured.ts";
import { createSubagents, forkFor, toChatTool, type Parent } from "./subagents.ts";
import type { AgentDefinition } from "./agent-definition.ts";
import { CallIds, type AgentWorld, type Inbox, type Thread } from "./thread.ts";
import { createUseTool, deferredTools } from "./tools/deferred.ts";
import type { AskAnswer, Mode, Tool } from "./tools/tool.ts";
import { tools as fileTools } from "./tools/toolset.ts";
import { createWindow } from "./window.ts";
import { work } from "./work.ts";

export interface SessionOptions {
  readonly model: string;
  /** The model's window, as its server says; undefined: learned when it complains. */
  readonly contextTokens?: number;
  /** Kept free for the answer. At most a quarter of the window, whatever is asked for. */
  readonly reserveTokens?: number;
  /** For each piece of work. */
  readonly limits?: Limits;
  readonly price?: Price;
  readonly mode?: Mode;
  /** Whether somebody is there to answer questions. */
  readonly isAttended?: boolean;
  readonly agents?: readonly AgentDefinition[];
  /** Models that subagents may be, beside `model`. */
  readonly models?: readonly ModelChoice[];
  /** Instructions, rules, skills and hooks of the organisation, the person and the project. */
  readonly brought?: BroughtExtensions;
  /** Beside those on files and commands. Their schemas become part of the fixed beginning. */
  readonly tools?: readonly Tool[];
  /** Reached through `UseTool`: what servers have brought by now. */
  readonly deferred?: () => readonly Tool[];
  /** Started by `AgentWorld.startServer`. */
  readonly mcpServers?: readonly McpServerWish[];
  /** Started by `AgentWorld.startServer`, each when a file of its languages is first changed or asked about. */
  readonly languageServers?: readonly LanguageServerWish[];
  /** Who writes the notes of a compaction: the model, or nobody, which costs nothing and remembers less. */
  readonly summaries?: "model" | "structure";
  /** The last answer of each piece of work must be JSON after this schema. */
  readonly answerSchema?: JsonObject;
  /** What the work is held to until it is reached, given up or taken back. */
  readonly goal?: Goal;
  /** Items of an earlier session: its requests begin with the same bytes. */
  readonly resume?: readonly ChatMessage[];
}

export interface UserMessage extends SaidMessage {
  /** `steer`: at the next boundary between calls. `next`: when the work at hand is done. Default `steer`. */
  readonly delivery?: "steer" | "next";
}

/** Nothing here throws; what becomes of it is told in the events. */
export interface AgentSession {
  send(message: UserMessage): void;
  /** Stops the answer and the calls at once. What was sent since then is worked on next. */
  interrupt(): void;
  /** At the next boundary, or now when nothing is at work. */
  compact(hints?: string): void;
  setMode(mode: Mode): void;
  answer(id: string, answer: AskAnswer): void;
  /** Holds at once, also for the work at hand; undefined takes it back. */
  setGoal(goal: Goal | undefined): void;
  /** What became of the check that the event `goal` asked for. */
  checked(id: string, check: GoalCheck): void;
  /** Tells how far each command in the background is, in events. */
  look(): void;
  /** Asks beside the conversation, which does not learn of it; works while something is at work. */
  aside(id: string, question: string): void;
  /** Ends one command in the background, one subagent or one side question. */
  stop(id: string): void;
  /** An MCP server, by its name: from its beginning. */
  restartServer(name: string): void;
  /** For one reader. They end after `close`, when what was sent before is done. */
  events(): AsyncIterable<AgentEvent>;
  close(): void;
}

const MESSAGES_WAITING_MAX = 100;

export function openAgentSession(options: SessionOptions, world: AgentWorld): AgentSession {
  const queue = createEventQueue();
  const emit = queue.push;
  const waiting: UserMessage[] = [];
  let wanted: { readonly hints?: string } | undefined;
  let isClosed = false;
  let mode: Mode = options.mode ?? "default";
  /** What the conversation was told last. */
  let toldMode: Mode = "default";
  let current: AbortController | undefined;
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const setMode = (next: Mode): void => {
    if (next === mode) return;
    mode = next;
    emit({ kind: "mode", mode });
  };

  const questions = createQuestions((event) => {
    emit(event);
    if (event.kind !== "question") return;
    extended.hooks.notify("the agent waits for an answer", "permission_prompt");
  });
  const ask = limitAsks(world.ask);
  const mcp = openMcpServers(options.mcpServers ?? [], {
    ...world,
    ...(options.isAttended === true ? { question: questions.ask } : {}),
    hooks: () => extended.hooks,
    status: (text) => emit({ kind: "status", text }),
    onState: (now) => emit({ kind: "server", ...now }),
  });
  const languages = openLanguages(options.languageServers ?? [], world);
  const background = openSessionBackground(world, emit);
  const baseTools = [...fileTools, ...(options.tools ?? [])];
  const deferred = (): readonly Tool[] => [...deferredTools, ...(options.deferred?.() ?? []), ...mcp.tools()];
  const pursuit = createPursuit({ goal: options.goal, emit });
  const window = createWindow(options.contextTokens, options.reserveTokens);
  const unpriced = new Set<string>();
  const newMeter = (): Meter =>
    createMeter({
      ...{ limits: options.limits ?? {}, price: options.price, clock: world.clock },
      priceOf: (name) => priceOf(name, options.models ?? []),
      onUnpriced: (name) => {
        if (unpriced.has(name)) return;
        unpriced.add(name);
        const text = `what ${name} costs is not known: its tokens are not in the cost`;
        emit({ kind: "status", text, isNews: true });
      },
    });
  let meter = newMeter();
  let beginning: readonly ChatMessage[] = [];

  const extended = openSessionExtensions({
    brought: options.brought,
    ...{ world, ask, emit, model: options.model, mode: () => mode, chatTools: () => tools.map(toChatTool) },
    spend: (usage, by) => meter.spend(usage, by),
    models: options.models ?? [],
    serverTools: () => mcp.tools(),
    runJudge: (task, signal) => subagents.judge(asParent())(task, signal),
    fork: (task, signal) => forkFor(subagents.start, asParent())(task, signal),
  });
  let guide = extended.guide([]);
  const stops = new Map<string, () => void>();
  const asParent = (): Parent => ({ id: undefined, depth: 0, emit, meter: () => meter });
  const subagents = createSubagents({
    stops,
    agents: options.agents ?? [],
    model: options.model,
    models: options.models ?? [],
    contextTokens: () => window.size,
    price: options.price,
    world: { ...world, ...background.toolWorld, languages },
    ask,
    room: queue.room,
    baseTools,
    deferred,
    mode: () => mode,
    summaries: options.summaries ?? "model",
    beginning: () => beginning,
    serverNews: (told) => mcp.news(told),
    extended,
  });
  const tools = [
    ...baseTools,
    createUseTool(deferred),
    ...createSessionTools({
      mode: () => mode,
      setMode: (next) => {
        setMode(next);
        toldMode = next; // the tool's own result says so
      },
      startSubagent: (args, call, signal) => subagents.start({ ...args, call }, asParent(), signal),
    }),
  ];
  const conversation = startConversation(options.model, tools.map(toChatTool), (item, index) =>
    emit({ kind: "item", item, index }),
  );

  const asides = createAsides({
    ...{ conversation, ask, emit, room: queue.room, clock: world.clock },
    meter: () => meter,
  });

  /** Why one of them was not sent, when it was not. */
  const deliver = async (
    messages: readonly UserMessage[],
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    const change = mode === toldMode ? undefined : modeChangeText(toldMode, mode);
    toldMode = mode;
    if (change !== undefined) conversation.add(note(change));
    for (const message of mcp.news(conversation.items)) conversation.add(message);
    for (const message of background.news()) conversation.add(message);
    for (const message of pursuit.news(conversation.items)) conversation.add(message);
    let refused: string | undefined;
    for (const message of messages) {
      const { text, pictures = [] } = message;
      emit({ kind: "user", text, ...(pictures.length === 0 ? {} : { pictures: pictures.length }) });
      const said = await extended.say(message, conversation.items, signal);
      if (said.kind === "messages") for (const item of said.messages) conversation.add(item);
      else emit({ kind: "status", text: (refused = `not sent: ${said.why}`) });
    }
    return refused;
  };
  const takeSteering = (): UserMessage[] => {
    const first = waiting.findIndex(({ delivery }) => delivery === "next");
    // Nothing overtakes what was said before it.
    return waiting.splice(0, first < 0 ? waiting.length : first);
  };
  const inbox: Inbox = {
    get hasMessages() {
      return waiting.length > 0 && waiting[0]?.delivery !== "next";
    },
    deliver: async (signal) => void (await deliver(takeSteering(), signal)),
    takeCompaction: () => {
      const taken = wanted;
      wanted = undefined;
      return taken;
    },
  };
  const { clock, ...toolWorld } = world;
  const thread: Omit<Thread, "meter" | "watch" | "check"> = {
    conversation,
    window,
    tools,
    allTools: () => [...tools, ...deferred()],
    world: {
      ...toolWorld,
      ...background.toolWorld,
      ...extended.toolWorld,
      languages,
      ...(options.isAttended === true ? { question: questions.ask } : {}),
    },
    clock,
    ask,
    emit,
    room: queue.room,
    mode: () => mode,
    forbids: (tool, args) => forbiddenInMode(tool, mode, { args, workspace: world.workspace }),
    inbox,
    hooks: extended.hooks,
    pursuit,
    guide: { touch: (path) => guide.touch(path), take: () => guide.take() },
    ids: knownIds(options.resume ?? []),
    summaries: options.summaries ?? "model",
  };

  const begin = async (): Promise<void> => {
    const { brought, resume, agents = [], models = [], contextTokens } = options;
    emit({
      kind: "start",
      mode,
      tools: tools.map(({ name }) => name),
      instructions: resume === undefined ? (brought?.instructions?.names ?? []) : [],
    });
    for (const now of mcp.states()) emit({ kind: "server", ...now });
    if (options.goal !== undefined) emit({ kind: "goal", goal: options.goal, step: { kind: "set" } });
    const own = beginningOf({ brought, agents, models, contextTokens });
    const said = resume ?? [...own.shared, ...own.main];
    // Another model may have seen them. They stay in what is saved.
    const items = world.seesPictures === true ? said : withoutAllPictures(said);
    conversation.replace(items);
    beginning =
      resume?.filter(({ role, cloister }) => role === "system" || cloister?.source === "instructions") ??
      own.shared;
    guide = extended.guide(items);
    current = new AbortController();
    const source = resume === undefined ? "startup" : "resume";
    for (const item of await extended.start(source, current.signal).catch(() => [])) conversation.add(item);
    current = undefined;
    emit({ kind: "context", used: window.estimate(conversation.bytes), window: window.size });
  };

  const attachedTo = ({ text }: UserMessage, signal: AbortSignal): Promise<readonly ChatMessage[]> =>
    // Interrupted: the work that begins now ends at once, and says so.
    mcp.attach(text, signal).catch(() => []);
  const workOn = async (message: UserMessage): Promise<void> => {
    current = new AbortController();
    meter = newMeter();
    const check = options.answerSchema === undefined ? undefined : createAnswerCheck(options.answerSchema);
    await mcp.ready(current.signal);
    const refused = await deliver([message], current.signal);
    if (refused !== undefined) {
      current = undefined;
      emit({ kind: "end", ending: refusedBy(refused, meter) });
      return;
    }
    for (const item of await attachedTo(message, current.signal)) conversation.add(item);
    if (check !== undefined) conversation.add(note(check.request));
    const ending = await work({ ...thread, meter, watch: createWatch(), check }, current.signal);
    if (ending.outcome === "failed" && ending.error !== undefined) extended.hooks.failed(ending.error);
    current = undefined;
    // Whoever hears of the end hears first what ended with it.
    if (isClosed && waiting.length === 0) await background.finish();
    emit({ kind: "end", ending });
  };

  const compactNow = async (hints: { readonly hints?: string }): Promise<void> => {
    current = new AbortController();
    const parts = { ...thread, meter: newMeter(), watch: createWatch(), check: undefined };
    await compact(parts, { trigger: "asked", ...hints }, current.signal);
    current = undefined;
  };

  const live = async (): Promise<void> => {
    await begin();
    for (;;) {
      const message = waiting.shift();
      if (message !== undefined) {
        await workOn(message);
        continue;
      }
      const compaction = inbox.takeCompaction();
      if (compaction !== undefined) await compactNow(compaction);
      else if (isClosed) return await background.finish();
      else await changed.promise;
    }
  };
  const end = async (): Promise<void> => {
    asides.close();
    try {
      await extended.end();
    } finally {
      mcp.close();
      languages.close();
      queue.close();
    }
  };
  live()
    .catch((error: unknown) => emit({ kind: "end", ending: brokenBy(error, meter) }))
    .then(end, end);

  return {
    send: (message) => {
      if (isClosed || waiting.length >= MESSAGES_WAITING_MAX) {
        const why = isClosed ? "the session is closed" : `${MESSAGES_WAITING_MAX} wait already`;
        emit({ kind: "status", text: `a message was not taken: ${why}` });
        return;
      }
      waiting.push(message);
      wake();
    },
    interrupt: () => current?.abort(new Error("interrupted")),
    compact: (hints) => {
      wanted = hints === undefined ? {} : { hints };
      wake();
    },
    setMode,
    answer: questions.answer,
    setGoal: (next) => pursuit.set(next),
    checked: (id, check) => pursuit.checked(id, check),
    look: () => background.show(),
    restartServer: (name) => mcp.restart(name),
    aside: (id, question) => asides.ask(id, question),
    stop: (id) => {
      if (!background.stop(id) && !asides.stop(id)) stops.get(id)?.();
    },
    events: queue.events,
    close: () => {
      isClosed = true;
      wake();
    },
  };
}

function knownIds(items: readonly ChatMessage[]): CallIds {
  const ids = new CallIds();
  for (const { id } of items.flatMap(callsIn)) ids.know(id);
  return ids;
}
