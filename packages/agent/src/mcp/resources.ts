/** Resources of servers: two tools to list and read them. */
import { isRecord, messageOf, type JsonObject } from "@cloister/base";
import { refusal, type Tool, type ToolResult } from "../tools/tool.ts";
import { guarded } from "../tools/toolset.ts";
import { bounded, resultText } from "./content.ts";
import { lineOf, serverPart } from "./names.ts";
import type { McpServerHandle } from "./server.ts";

const LINES_MAX = 300;
const LINE_CHARS_MAX = 300;
const READ_MS_MAX = 60_000;
const URI_CHARS_MAX = 2000;

export function createResourceTools(servers: readonly McpServerHandle[]): readonly Tool[] {
  const list: Tool<{ readonly server?: string }> = {
    name: "ListMcpResources",
    description: "List the resources of MCP servers, of one or of all.",
    parameters: {
      type: "object",
      properties: { server: { type: "string" } },
      required: [],
      additionalProperties: false,
    },
    effect: "read",
    run: ({ server }) => {
      const asked = server === undefined ? servers : servers.filter((each) => isNamed(each, server));
      if (asked.length === 0) return Promise.resolve(unknownServer(server ?? "", servers));
      const lines = asked.flatMap(linesOf);
      const more = lines.length > LINES_MAX ? [`… and ${lines.length - LINES_MAX} more`] : [];
      const text =
        lines.length === 0 ? "There are none." : [...lines.slice(0, LINES_MAX), ...more].join("\n");
      return Promise.resolve({ ok: true, text: bounded(text), sources: [] });
    },
  };
  const read: Tool<{ readonly server: string; readonly uri: string }> = {
    name: "ReadMcpResource",
    description: "Read a resource of an MCP server.",
    parameters: {
      type: "object",
      properties: { server: { type: "string" }, uri: { type: "string" } },
      required: ["server", "uri"],
      additionalProperties: false,
    },
    effect: "run",
    run: async ({ server, uri }, _world, signal) => {
      const found = servers.find((each) => isNamed(each, server));
      if (found === undefined) return unknownServer(server, servers);
      try {
        return { ok: true, text: await readResource(found, uri, signal), sources: [] };
      } catch (error) {
        if (signal.aborted) throw error;
        return refusal(`ReadMcpResource failed: ${messageOf(error)}`);
      }
    },
  };
  return [guarded(list), guarded(read)];
}

export async function readResource(
  server: McpServerHandle,
  uri: string,
  signal: AbortSignal,
): Promise<string> {
  const options = { timeoutMs: server.wish.timeoutMs ?? READ_MS_MAX, signal };
  const asked = uri.slice(0, URI_CHARS_MAX);
  return resultText(await server.use((connection) => connection.readResource(asked, options)));
}

export function isNamed(server: McpServerHandle, name: string): boolean {
  return server.name === name || serverPart(server.name) === name;
}

export function hasResources({ offer }: McpServerHandle): boolean {
  return offer.resources.length + offer.templates.length > 0;
}

function linesOf(server: McpServerHandle): string[] {
  const { resources, templates } = server.offer;
  return [...resources, ...templates].map((each) => `${serverPart(server.name)} ${lineFor(each)}`);
}

function lineFor(each: JsonObject): string {
  const { name, description } = each;
  const uri = lineOf(each["uri"] ?? each["uriTemplate"], URI_CHARS_MAX);
  const words = [name, description].map((text) => lineOf(text, LINE_CHARS_MAX)).filter((text) => text !== "");
  return isRecord(each) && words.length > 0 ? `${uri} (${words.join(": ")})` : uri;
}

function unknownServer(name: string, servers: readonly McpServerHandle[]): ToolResult {
  const names = servers.map((each) => serverPart(each.name)).join(", ");
  return refusal(`There is no MCP server "${name}". There are: ${names}.`);
}
