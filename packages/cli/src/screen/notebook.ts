/** What a session has told so far, kept as numbers and short texts for whoever asks: never the conversation itself. */
import type { AgentEvent, FileDiff, ServerNow } from "@cloister/agent";
import { callsIn, contentOf } from "@cloister/agent/history";
import { excessBytes } from "@cloister/agent/pictures";
import type { Clock } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import { createModelPaces, type ModelPace } from "./model-pace.ts";
import type { ContextPart } from "./words/type.ts";

/** A call that a person was asked about, and by which rule. */
export interface AskedCall {
  readonly tool: string;
  readonly text: string;
  readonly rule: string;
  readonly reason: string | undefined;
}

export interface Spent {
  readonly prompt: number;
  readonly cached: number;
  readonly completion: number;
  /** Undefined: no prices are set. */
  readonly money: number | undefined;
  readonly turns: number;
  readonly ms: number;
}

export interface Notebook {
  readonly context: { readonly used: number; readonly window: number | undefined };
  /** In characters, of all messages; tools stand before them. */
  readonly parts: Readonly<Record<Exclude<ContextPart, "tools">, number>>;
  readonly spent: Spent;
  /** Of each model on this screen, the sessions before this one included. */
  readonly paces: ReadonlyMap<string, ModelPace>;
  /** In the order in which they were made. */
  readonly edits: readonly FileDiff[];
  /** The latest word of, and about, each MCP server. */
  readonly servers: ReadonlyMap<string, string>;
  /** How each of them is now, by the name that the person gave it. */
  readonly serversNow: ReadonlyMap<string, ServerNow>;
  readonly asked: AskedCall | undefined;
  /** Whether anything was said: an empty session is not kept. */
  readonly hasMessages: boolean;
  event(event: AgentEvent): void;
  ask(call: AskedCall): void;
  /** Which one answers from now on. */
  model(name: string): void;
  /** Another session begins. */
  clear(): void;
}

type Parts = { -readonly [K in keyof Notebook["parts"]]: number };

const ITEMS_MAX = 100_000;
const EDITS_MAX = 2000;
const SERVERS_MAX = 100;
const SERVER_CHARS_MAX = 8000;
const CALLS_MAX = 10_000;

const nothingSpent: Spent = { prompt: 0, cached: 0, completion: 0, money: undefined, turns: 0, ms: 0 };

export function createNotebook(clock: Pick<Clock, "now">): Notebook {
  let context: Notebook["context"] = { used: 0, window: undefined };
  let items: { readonly part: keyof Parts; readonly chars: number }[] = [];
  /** Which tool a result is of. */
  let tools = new Map<string, string>();
  let spent = nothingSpent;
  const paces = createModelPaces();
  let model = "";
  let serversNow = new Map<string, ServerNow>();
  let edits: FileDiff[] = [];
  let servers = new Map<string, string>();
  let asked: AskedCall | undefined;
  let hasMessages = false;
  let since: number | undefined;

  const item = ({ item: message, index }: Extract<AgentEvent, { kind: "item" }>): void => {
    // After a compaction the conversation is told again from its beginning.
    if (index < items.length) items = items.slice(0, index);
    for (const { id, name } of callsIn(message)) if (tools.size < CALLS_MAX) tools.set(id, name);
    if (items.length < ITEMS_MAX) {
      items.push({
        part: partOf(message, tools),
        chars: JSON.stringify(message).length - excessBytes(message),
      });
    }
    if (message.cloister?.source === "mcp") server(contentOf(message));
  };
  const server = (text: string): void => {
    const name = /MCP server (\S+?):? /u.exec(text)?.[1];
    if (name === undefined || (servers.size >= SERVERS_MAX && !servers.has(name))) return;
    servers.set(name, text.replace(/^\[Cloister\] /u, "").slice(0, SERVER_CHARS_MAX));
  };

  return {
    get context() {
      return context;
    },
    get parts() {
      const sum: Parts = {
        system: 0,
        instructions: 0,
        messages: 0,
        answers: 0,
        files: 0,
        results: 0,
        notes: 0,
      };
      for (const { part, chars } of items) sum[part] += chars;
      return sum;
    },
    get spent() {
      return spent;
    },
    get paces() {
      return paces.all;
    },
    get serversNow() {
      return serversNow;
    },
    get edits() {
      return edits;
    },
    get servers() {
      return servers;
    },
    get asked() {
      return asked;
    },
    get hasMessages() {
      return hasMessages;
    },
    ask: (call) => {
      asked = call;
    },
    model: (name) => {
      model = name;
    },
    clear: () => {
      context = { used: 0, window: undefined };
      items = [];
      tools = new Map();
      spent = nothingSpent;
      serversNow = new Map();
      edits = [];
      servers = new Map();
      asked = undefined;
      hasMessages = false;
      since = undefined;
    },
    event: (event) => {
      switch (event.kind) {
        case "user":
          hasMessages = true;
          since ??= clock.now();
          break;
        case "item":
          item(event);
          break;
        case "context":
          context = { used: event.used, window: event.window };
          break;
        case "turn":
          paces.answered(model, event);
          break;
        case "server":
          if (serversNow.size < SERVERS_MAX || serversNow.has(event.name)) serversNow.set(event.name, event);
          break;
        case "result":
          if (event.diff !== undefined && edits.length < EDITS_MAX) edits.push(event.diff);
          break;
        case "status":
          server(event.text);
          break;
        case "end": {
          const { usage, cost, turns } = event.ending;
          spent = {
            prompt: spent.prompt + usage.promptTokens,
            cached: spent.cached + (usage.cachedTokens ?? 0),
            completion: spent.completion + usage.completionTokens,
            money: cost === undefined ? spent.money : (spent.money ?? 0) + cost,
            turns: spent.turns + turns,
            ms: spent.ms + (since === undefined ? 0 : clock.now() - since),
          };
          since = undefined;
          break;
        }
        case "aside": {
          const { usage } = event.what.kind === "end" ? event.what : {};
          // In the middle of work it is counted at the end, with all of it.
          if (usage === undefined || since !== undefined) break;
          spent = {
            ...spent,
            prompt: spent.prompt + usage.promptTokens,
            cached: spent.cached + (usage.cachedTokens ?? 0),
            completion: spent.completion + usage.completionTokens,
          };
          break;
        }
        case "start":
        case "reading":
        case "judging":
        case "text":
        case "reasoning":
        case "call":
        case "progress":
        case "question":
        case "mode":
        case "background":
        case "todos":
        case "goal":
        case "compaction":
        case "subagent":
          break;
      }
    },
  };
}

const reading: ReadonlySet<string> = new Set(["Read", "Grep", "Glob"]);

function partOf(message: ChatMessage, tools: ReadonlyMap<string, string>): keyof Parts {
  const source = message.cloister?.source;
  if (message.role === "system") return "system";
  if (source === "instructions") return "instructions";
  if (message.role === "assistant") return "answers";
  if (message.role === "user" && (source === "file" || source === "attachment")) return "files";
  if (message.role === "tool") {
    const { tool_call_id: id } = message;
    return reading.has((typeof id === "string" ? tools.get(id) : undefined) ?? "") ? "files" : "results";
  }
  const isOurs = message.role !== "user" || contentOf(message).startsWith("[Cloister] ");
  return isOurs ? "notes" : "messages";
}
