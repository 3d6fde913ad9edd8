/** All MCP servers of a session, as the session sees them: tools that come late, and messages about them. */
import type { Clock } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import type { Tool, ToolWorld } from "../tools/tool.ts";
import type { ElicitationHooks } from "./elicitation-hooks.ts";
import type { McpServerWish, StartServer } from "./link.ts";
import { newsOf } from "./listing.ts";
import { attachmentsOf } from "./mentions.ts";
import { serverPart } from "./names.ts";
import { createResourceTools, hasResources } from "./resources.ts";
import type { ServerNow } from "./server-now.ts";
import { createServer, type McpServerHandle } from "./server.ts";
import { toolsOf } from "./tools.ts";

export interface McpServers {
  /** Of the servers that are there now, for `UseTool`. */
  tools(): readonly Tool[];
  /** What the model has not been told yet, as the conversation stands. */
  news(items: readonly ChatMessage[]): readonly ChatMessage[];
  /** The first time: starts them, and waits until all are there or gone, or as long as a first answer may be kept waiting. */
  ready(signal: AbortSignal): Promise<void>;
  /** What a person's message asks of them, to stand after it. Rejects only when the signal is aborted. */
  attach(text: string, signal: AbortSignal): Promise<readonly ChatMessage[]>;
  readonly servers: readonly McpServerHandle[];
  /** How each is now, for the screen. */
  states(): readonly ServerNow[];
  restart(name: string): void;
  close(): void;
}

export interface McpWorld {
  readonly workspace: string;
  readonly clock: Clock;
  /** Without it there are no servers, whatever is wished for. */
  readonly startServer?: StartServer;
  readonly question?: ToolWorld["question"];
  /** Programs that may answer in the person's place. */
  readonly hooks?: () => ElicitationHooks;
  /** For the screen. */
  readonly status: (text: string) => void;
  readonly onState?: (now: ServerNow) => void;
}

const SERVERS_MAX = 30;
/** A server that is slower comes later, with a message of its own. */
const FIRST_WAIT_MS_MAX = 3000;
/** Of this client, not of the product: servers need not know whom they talk to more exactly. */
const CLIENT_VERSION = "1";

export function openMcpServers(wishes: readonly McpServerWish[], world: McpWorld): McpServers {
  const { startServer, status, hooks, ...rest } = world;
  const servers: McpServerHandle[] = [];
  const parts = new Set<string>();
  const chosen = startServer === undefined ? [] : wishes;
  for (const wish of chosen) {
    const part = serverPart(wish.name);
    if (startServer === undefined || servers.length >= SERVERS_MAX || parts.has(part)) {
      status(
        `MCP server ${wish.name} is left out: ${parts.has(part) ? "another has its name" : "there are too many"}`,
      );
      continue;
    }
    parts.add(part);
    const server: McpServerHandle = createServer(wish, {
      ...{ ...rest, startServer, version: CLIENT_VERSION },
      ...(hooks === undefined ? {} : { elicitation: { server: wish.name, hooks } }),
      onChange: () => {
        world.onState?.(nowOf(server));
        if (server.state.kind === "failed") status(`MCP server ${wish.name}: ${server.state.why}`);
      },
    });
    servers.push(server);
  }
  let hasWaited = false;
  const resourceTools = createResourceTools(servers);
  const here = (): McpServerHandle[] => servers.filter(({ offer }) => offer.tools.length > 0);
  return {
    servers,
    tools: () => [
      ...here().flatMap((server) => toolsOf(server).tools),
      ...(servers.some(hasResources) ? resourceTools : []),
    ],
    news: (items) => newsOf(servers, items),
    states: () => servers.map(nowOf),
    restart: (name) => servers.find((server) => server.name === name)?.restart(),
    ready: async (signal) => {
      if (servers.length === 0 || hasWaited) return;
      hasWaited = true;
      for (const server of servers) server.start();
      const waiting = new AbortController();
      const all = Promise.all(servers.map((server) => server.settled()));
      try {
        const late = world.clock.sleep(FIRST_WAIT_MS_MAX, AbortSignal.any([signal, waiting.signal]));
        await Promise.race([
          all,
          late.catch(() => {
            /* interrupted, or all are there */
          }),
        ]);
      } finally {
        waiting.abort();
      }
    },
    attach: async (text, signal) => {
      if (servers.length === 0) return [];
      const found = await attachmentsOf(text, servers, signal);
      return found.map(({ server, text: content }) => ({
        role: "user",
        content,
        cloister: { source: "mcp", tool: `mcp__${server}` },
      }));
    },
    close: () => {
      for (const server of servers) server.close();
    },
  };
}

const WHY_CHARS_MAX = 1000;

function nowOf(server: McpServerHandle): ServerNow {
  const { name, state } = server;
  switch (state.kind) {
    case "ready":
      return { name, state: "ready", tools: toolsOf(server).tools.length };
    case "failed": {
      const why = state.why.slice(0, WHY_CHARS_MAX);
      // The bridge to a server elsewhere says what helps, and nothing else says it.
      return { name, state: why.includes("cloister mcp login") ? "login" : "failed", tools: 0, why };
    }
    case "starting":
      return { name, state: "starting", tools: 0 };
    case "idle":
    case "closed":
      return { name, state: "idle", tools: 0 };
  }
}
