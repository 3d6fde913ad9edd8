/** One running server after its handshake: what it offers, and the calls it takes (MCP 2025-11-25). */
import { pathToFileURL } from "node:url";
import { CloisterError, isRecord, type Clock, type Json, type JsonObject } from "@cloister/base";
import { answerWithHooks, type ElicitationHooks } from "./elicitation-hooks.ts";
import type { McpLink } from "./link.ts";
import { textOf } from "./names.ts";
import { createRpc, type Rpc, type RpcReply } from "./rpc.ts";
import type { ToolWorld } from "../tools/tool.ts";

export interface ConnectionWorld {
  readonly workspace: string;
  readonly clock: Clock;
  readonly version: string;
  /** Without it nobody is there, and what a server asks the person is declined. */
  readonly question?: ToolWorld["question"];
  /** Programs that may answer in the person's place, and what the server is called there. */
  readonly elicitation?: { readonly server: string; readonly hooks: () => ElicitationHooks };
}

export interface ConnectionEvents {
  /** The server says that one of its lists is another now. */
  changed(list: "tools" | "resources" | "prompts"): void;
  log(line: string): void;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

export type Lists = "tools" | "resources" | "resourceTemplates" | "prompts";

export interface Connection {
  readonly serverName: string;
  readonly protocolVersion: string;
  readonly instructions: string | undefined;
  /** All pages, at most a named number of entries; empty where the server has no such thing. */
  list(what: Lists, options: CallOptions): Promise<readonly JsonObject[]>;
  call(name: string, args: JsonObject, options: CallOptions): Promise<JsonObject>;
  readResource(uri: string, options: CallOptions): Promise<JsonObject>;
  getPrompt(name: string, args: JsonObject, options: CallOptions): Promise<JsonObject>;
  ping(options: CallOptions): Promise<void>;
  readonly ended: Promise<string>;
  close(): void;
}

const PROTOCOL = "2025-11-25";
const PROTOCOLS = new Set([PROTOCOL, "2025-06-18", "2025-03-26", "2024-11-05"]);
const PAGES_MAX = 50;
const ENTRIES_MAX = 1000;
const INSTRUCTIONS_CHARS_MAX = 2000;
const METHOD_NOT_FOUND = -32_601;

const methods: Readonly<Record<Lists, string>> = {
  tools: "tools/list",
  resources: "resources/list",
  resourceTemplates: "resources/templates/list",
  prompts: "prompts/list",
};

/** @throws CloisterError `mcp-protocol`, and what `Rpc.request` throws. The link is killed then. */
export async function openConnection(
  link: McpLink,
  world: ConnectionWorld,
  events: ConnectionEvents,
  options: CallOptions,
): Promise<Connection> {
  const rpc = createRpc(
    link,
    {
      request: (method, params, signal) => answer(method, params, world, signal),
      notification: (method, params) => hear(method, params, events),
      stray: (text) => events.log(text),
    },
    world.clock,
  );
  try {
    const hello = await rpc.request({
      ...options,
      method: "initialize",
      params: {
        protocolVersion: PROTOCOL,
        // Sampling is not offered: a server has no business with our model.
        capabilities: { roots: {}, ...(canBeAsked(world) ? { elicitation: { form: {} } } : {}) },
        clientInfo: { name: "cloister", version: world.version },
      },
    });
    const version = textOf(hello["protocolVersion"]);
    if (!PROTOCOLS.has(version)) {
      throw new CloisterError(
        `the server speaks version "${version.slice(0, 40)}" of MCP, which is not known`,
        {
          code: "mcp-protocol",
          next: `update the server; known are ${[...PROTOCOLS].join(", ")}`,
        },
      );
    }
    rpc.notify("notifications/initialized");
    return toConnection(rpc, hello);
  } catch (error) {
    rpc.close();
    throw error;
  }
}

function toConnection(rpc: Rpc, hello: JsonObject): Connection {
  const capabilities: Record<string, unknown> = isRecord(hello["capabilities"]) ? hello["capabilities"] : {};
  const { instructions } = hello;
  const about = hello["serverInfo"];
  return {
    serverName: isRecord(about) ? textOf(about["name"]).slice(0, 100) : "",
    protocolVersion: textOf(hello["protocolVersion"]),
    instructions:
      typeof instructions === "string"
        ? instructions.slice(0, INSTRUCTIONS_CHARS_MAX).toWellFormed()
        : undefined,
    list: async (what, options) => {
      const capability = what === "resourceTemplates" ? "resources" : what;
      return isRecord(capabilities[capability]) ? await listAll(rpc, what, options) : [];
    },
    call: (name, args, options) =>
      rpc.request({ ...options, method: "tools/call", params: { name, arguments: args } }),
    readResource: (uri, options) => rpc.request({ ...options, method: "resources/read", params: { uri } }),
    getPrompt: (name, args, options) =>
      rpc.request({ ...options, method: "prompts/get", params: { name, arguments: args } }),
    ping: async (options) => {
      await rpc.request({ ...options, method: "ping" });
    },
    ended: rpc.ended,
    close: () => rpc.close(),
  };
}

async function listAll(rpc: Rpc, what: Lists, options: CallOptions): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX && found.length < ENTRIES_MAX; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const result = await rpc.request({ ...options, method: methods[what], params });
    const entries: readonly Json[] = Array.isArray(result[what]) ? (result[what] as readonly Json[]) : [];
    found.push(...entries.slice(0, ENTRIES_MAX).filter((entry): entry is JsonObject => isRecord(entry)));
    const next = result["nextCursor"];
    if (typeof next !== "string" || next === cursor) break;
    cursor = next;
  }
  return found.slice(0, ENTRIES_MAX);
}

async function answer(
  method: string,
  params: JsonObject,
  world: ConnectionWorld,
  signal: AbortSignal,
): Promise<RpcReply> {
  switch (method) {
    case "ping":
      return { kind: "result", result: {} };
    case "roots/list": {
      const uri = pathToFileURL(world.workspace).href;
      return { kind: "result", result: { roots: [{ uri, name: "workspace" }] } };
    }
    case "elicitation/create":
      return { kind: "result", result: await answerWithHooks(params, world, signal) };
    default:
      return {
        kind: "error",
        code: METHOD_NOT_FOUND,
        message: `${method.slice(0, 100)} is not offered here`,
      };
  }
}

function canBeAsked({ question, elicitation }: ConnectionWorld): boolean {
  return question !== undefined || elicitation?.hooks().answersServer(elicitation.server) === true;
}

const LOG_CHARS_MAX = 1000;

function hear(method: string, params: JsonObject, events: ConnectionEvents): void {
  switch (method) {
    case "notifications/tools/list_changed":
      events.changed("tools");
      break;
    case "notifications/resources/list_changed":
      events.changed("resources");
      break;
    case "notifications/prompts/list_changed":
      events.changed("prompts");
      break;
    case "notifications/message": {
      const { level, data } = params;
      const text = typeof data === "string" ? data : JSON.stringify(data ?? null);
      events.log(`${textOf(level)}: ${text.slice(0, LOG_CHARS_MAX)}`);
      break;
    }
    default:
    // Notifications that are not known are left alone, as JSON-RPC asks.
  }
}
