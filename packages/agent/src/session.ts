/** A session: many messages of a user, one conversation, and everything that a person may say to it while it works. */
import { messageOf, type JsonObject } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import { compact } from "./compaction.ts";
import { startConversation, systemMessage, userMessage } from "./conversation.ts";
import { createEventQueue } from "./event-queue.ts";
import type { AgentEvent, Ending } from "./events.ts";
import { callsIn, note } from "./history.ts";
import { formatInstructions, readInstructions } from "./instructions.ts";
import { createMeter, type Limits, type Meter, type Price } from "./limits.ts";
import { forbiddenInMode, modeChangeText } from "./modes.ts";
import { createWatch } from "./progress.ts";
import { systemPrompt } from "./prompt.ts";
import { createQuestions } from "./questions.ts";
import { createSessionTools } from "./session-tools.ts";
import { limitAsks } from "./slots.ts";
import { createAnswerCheck } from "./structured.ts";
import { createSubagents, formatAgents, toChatTool, type AgentDefinition } from "./subagents.ts";
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
  /** Beside those on files and commands. Their schemas become part of the fixed beginning. */
  readonly tools?: readonly Tool[];
  /** Reached through `UseTool`: what servers have brought by now. */
  readonly deferred?: () => readonly Tool[];
  /** Who writes the notes of a compaction: the model, or nobody, which costs nothing and remembers less. */
  readonly summaries?: "model" | "structure";
  /** The last answer of each piece of work must be JSON after this schema. */
  readonly answerSchema?: JsonObject;
  /** Items of an earlier session: its requests begin with the same bytes. */
  readonly resume?: readonly ChatMessage[];
}

export interface UserMessage {
  readonly text: string;
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

  const questions = createQuestions(emit);
  const ask = limitAsks(world.ask);
  const baseTools = [...fileTools, ...(options.tools ?? [])];
  const deferred = (): readonly Tool[] => [...deferredTools, ...(options.deferred?.() ?? [])];
  const window = createWindow(options.contextTokens, options.reserveTokens);
  const newMeter = (): Meter =>
    createMeter({ limits: options.limits ?? {}, price: options.price, clock: world.clock });
  let meter = newMeter();
  let beginning: readonly ChatMessage[] = [];

  const startSubagent = createSubagents({
    agents: options.agents ?? [],
    model: options.model,
    contextTokens: () => window.size,
    price: options.price,
    world,
    ask,
    room: queue.room,
    baseTools,
    deferred,
    mode: () => mode,
    summaries: options.summaries ?? "model",
    beginning: () => beginning,
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
      startSubagent: (args, call, signal) =>
        startSubagent({ ...args, call }, { id: undefined, depth: 0, emit, meter: () => meter }, signal),
    }),
  ];
  const conversation = startConversation(options.model, tools.map(toChatTool), (item, index) =>
    emit({ kind: "item", item, index }),
  );

  const deliver = (messages: readonly UserMessage[]): void => {
    const change = mode === toldMode ? undefined : modeChangeText(toldMode, mode);
    toldMode = mode;
    if (change !== undefined) conversation.add(note(change));
    for (const { text } of messages) {
      emit({ kind: "user", text });
      conversation.add(userMessage(text, "user"));
    }
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
    deliver: () => deliver(takeSteering()),
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
    world: { ...toolWorld, ...(options.isAttended === true ? { question: questions.ask } : {}) },
    clock,
    ask,
    emit,
    room: queue.room,
    mode: () => mode,
    forbids: (tool) => forbiddenInMode(tool, mode),
    inbox,
    ids: knownIds(options.resume ?? []),
    summaries: options.summaries ?? "model",
  };

  const begin = async (): Promise<void> => {
    const instructions = options.resume === undefined ? await readInstructions(world.workspace) : [];
    emit({
      kind: "start",
      tools: tools.map(({ name }) => name),
      instructions: instructions.map(({ path }) => path),
    });
    const items = options.resume ?? [
      systemMessage(systemPrompt),
      ...(instructions.length === 0
        ? []
        : [
            userMessage(
              formatInstructions(instructions),
              "instructions",
              instructions.map(({ path, lines }) => ({ path, from: 1, to: lines })),
            ),
          ]),
    ];
    conversation.replace(items);
    beginning = items.filter(
      ({ role, cloister }) => role === "system" || cloister?.source === "instructions",
    );
    const agents = options.resume === undefined ? formatAgents(options.agents ?? []) : undefined;
    if (agents !== undefined) conversation.add(userMessage(agents, "instructions"));
    emit({ kind: "context", used: window.estimate(conversation.bytes), window: window.size });
  };

  const workOn = async (message: UserMessage): Promise<void> => {
    current = new AbortController();
    meter = newMeter();
    const check = options.answerSchema === undefined ? undefined : createAnswerCheck(options.answerSchema);
    deliver([message]);
    if (check !== undefined) conversation.add(note(check.request));
    const ending = await work({ ...thread, meter, watch: createWatch(), check }, current.signal);
    current = undefined;
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
      else if (isClosed) return;
      else await changed.promise;
    }
  };
  live()
    .catch((error: unknown) => emit({ kind: "end", ending: brokenBy(error, meter) }))
    .finally(queue.close);

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
    events: queue.events,
    close: () => {
      isClosed = true;
      wake();
    },
  };
}

/** A fault that no piece of work answers for: the workspace cannot be read, or we made a mistake. */
function brokenBy(error: unknown, { turns, usage }: Meter): Ending {
  return {
    outcome: "failed",
    text: "",
    turns,
    usage,
    error: { code: "internal", message: messageOf(error) },
  };
}

function knownIds(items: readonly ChatMessage[]): CallIds {
  const ids = new CallIds();
  for (const { id } of items.flatMap(callsIn)) ids.know(id);
  return ids;
}
