/**
 * `cloister mcp serve`: our tools for another agent, by the Model Context Protocol (modelcontextprotocol.io, 2025-11-25)
 * on stdin and stdout. What it calls is judged, and what it is shown is sealed and recorded, as for any model.
 */
import type { Rpc, RpcReply } from "@cloister/agent/rpc";
import { CloisterError, formatError, isRecord, type Json, type JsonObject } from "@cloister/base";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openStdioRpc, rpcError, rpcRefusal as refused, rpcResult as result } from "../stdio-rpc.ts";
import type { McpServeArguments } from "./serve-arguments.ts";
import { canAsk, createAskClient } from "./asking.ts";
import { openServeDesk, type Served, type ServeDesk } from "./desk.ts";

const versions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const offered = ["Read", "Grep", "Glob", "Edit", "Write", "Bash"];

const agentTool: JsonObject = {
  name: "Agent",
  description:
    "Give a self-contained task in this project to Cloister's own agent, which works with the model of this house; returns its report.",
  inputSchema: {
    type: "object",
    properties: { prompt: { type: "string", description: "All that it needs to know" } },
    required: ["prompt"],
    additionalProperties: false,
  },
};

export async function mcpServe(args: McpServeArguments, environment: Environment): Promise<number> {
  let client = "unnamed";
  let asksPeople = false;
  let opening: Promise<ServeDesk> | undefined;
  // Cells and a process are made for who calls, not for who only asks what there is.
  const desk = (): Promise<ServeDesk> => {
    if (opening !== undefined) return opening;
    const own = openServeDesk({
      ...{ args: args.run, environment, client, clearance: args.clientClearance },
      ...(asksPeople ? { ask: createAskClient(rpc) } : {}),
    });
    opening = own;
    const forget = (): void => {
      if (opening === own) opening = undefined;
    };
    // Whoever asks next may have more luck, and gets a session anew where this one's agent died.
    own.then(({ ended }) => ended).then(forget, forget);
    return own;
  };

  const call = async (params: JsonObject, signal: AbortSignal): Promise<RpcReply> => {
    const { name, arguments: given } = params;
    const input: JsonObject = isRecord(given) ? given : {};
    if (name === "Agent") {
      const { prompt } = input;
      const isTask = typeof prompt === "string" && prompt.trim() !== "";
      if (!isTask) return refused(rpcError.invalidParams, "`prompt` is needed");
      return toResult(await (await desk()).task(prompt, signal));
    }
    if (typeof name !== "string" || !offered.includes(name)) {
      return refused(
        rpcError.invalidParams,
        `there is no tool ${JSON.stringify(name ?? null)}; there are ${[...offered, "Agent"].join(", ")}`,
      );
    }
    return toResult(await (await desk()).call(name, input, signal));
  };

  const request = async (method: string, params: JsonObject, signal: AbortSignal): Promise<RpcReply> => {
    switch (method) {
      case "initialize": {
        const { clientInfo, protocolVersion, capabilities } = params;
        asksPeople = canAsk(capabilities);
        client = nameOf(isRecord(clientInfo) ? clientInfo["name"] : undefined);
        return result({
          protocolVersion: versions.find((known) => known === protocolVersion) ?? versions[0] ?? "",
          capabilities: { tools: {} },
          serverInfo: { name: "cloister", title: "Cloister", version: environment.version },
        });
      }
      case "ping":
        return result({});
      case "tools/list":
        return result({ tools: [...(await toolList()), agentTool] });
      case "tools/call":
        return await call(params, signal);
      default:
        return refused(rpcError.methodNotFound, `there is no method ${method}`);
    }
  };

  const rpc: Rpc = openStdioRpc(environment, {
    request: (method, params, signal) =>
      request(method, params, signal).catch((error: unknown) =>
        // A tool that cannot be had is a result, which the client's model reads; all else is the program's.
        method === "tools/call" && error instanceof CloisterError
          ? toResult({ ok: false, text: formatError(error) })
          : refused(rpcError.internal, formatError(error)),
      ),
    notification: () => {
      /* `initialized`: we were ready */
    },
  });
  await rpc.ended;
  await (await opening?.catch(() => undefined))?.close();
  return exit.ok;
}

/** As our own models see them. */
async function toolList(): Promise<Json[]> {
  const { fixedPrefix } = await import("@cloister/agent");
  const { tools } = fixedPrefix();
  return (Array.isArray(tools) ? tools : []).flatMap((tool: Json): Json[] => {
    const shown = isObject(tool) ? tool["function"] : undefined;
    if (!isObject(shown) || typeof shown["name"] !== "string" || !offered.includes(shown["name"])) return [];
    const { name, description = "", parameters = {} } = shown;
    const readOnlyHint = ["Read", "Grep", "Glob"].includes(shown["name"]);
    return [
      { name, description, inputSchema: parameters, annotations: { readOnlyHint, openWorldHint: false } },
    ];
  });
}

function isObject(value: Json | undefined): value is JsonObject {
  return isRecord(value);
}

/** It stands in the ledger, and in messages: short and plain. */
function nameOf(name: unknown): string {
  const plain = typeof name === "string" ? name.replaceAll(/[^\w.-]+/gu, "-").slice(0, 60) : "";
  return plain === "" ? "unnamed" : plain;
}

function toResult({ ok, text }: Served): RpcReply {
  return result({ content: [{ type: "text", text }], isError: !ok });
}
