/** MCP servers as `.mcp.json` and the settings of other agents define them. */
import { isRecord } from "@cloister/base";
import { readFields } from "../front-matter.ts";
import type { Loss, Origin } from "../reader.ts";
import type { McpServer } from "./imported.ts";

/** Who wrote it: the same word means different things. */
export type McpStyle = "claude" | "gemini" | "codex" | "opencode";

const SERVERS_MAX = 100;
const NAME = /^[\w.@-]{1,64}$/u;

export function parseMcpServers(
  value: unknown,
  origin: Origin,
  style: McpStyle,
): { readonly servers: readonly McpServer[]; readonly losses: readonly Loss[] } {
  const servers: McpServer[] = [];
  const losses: Loss[] = [];
  for (const [name, entry] of Object.entries(isRecord(value) ? value : {})) {
    const subject = `mcpServers.${name}`;
    const lose = (why: string): number => losses.push({ path: origin.path, subject, why });
    if (!isRecord(entry) || !NAME.test(name)) lose("it is no server with a plain name");
    else if (servers.length >= SERVERS_MAX) lose(`there are more than ${SERVERS_MAX} servers`);
    else if (entry["enabled"] !== false && entry["disabled"] !== true) {
      const server = parseServer(name, entry, origin, style);
      if (typeof server === "string") lose(server);
      else servers.push(server);
      if (entry["trust"] === true) lose("`trust` is ignored: its tools are asked about like others");
      if (entry["headersHelper"] !== undefined) lose("`headersHelper` is not run");
    }
  }
  return { servers, losses };
}

/** @returns a text for what cannot be a server */
function parseServer(
  name: string,
  entry: Record<string, unknown>,
  origin: Origin,
  style: McpStyle,
): McpServer | string {
  const fields = readFields(entry);
  const seconds = fields.whole("tool_timeout_sec");
  const shared = {
    name,
    origin,
    timeoutMs: seconds === undefined ? fields.whole("timeout") : seconds * 1000,
    includeTools: fields.list("includeTools", "enabled_tools"),
    excludeTools: fields.list("excludeTools", "disabled_tools") ?? [],
  };
  const argv = Array.isArray(entry["command"]) ? (fields.list("command") ?? []) : undefined;
  const command = argv?.[0] ?? (typeof entry["command"] === "string" ? entry["command"] : undefined);
  if (command !== undefined && command !== "") {
    return {
      ...shared,
      kind: "stdio",
      command,
      args: [...(argv?.slice(1) ?? []), ...(fields.list("args") ?? [])],
      env: texts(entry["env"] ?? entry["environment"]),
      cwd: fields.text("cwd"),
    };
  }
  const url = fields.text("httpUrl", "url", "serverUrl");
  const isAddress = url !== undefined && /^(?:https?|wss?):\/\/|^\$\{/iu.test(url);
  if (!isAddress) return "it has neither a command nor an address";
  const kind = kindOf(fields.text("type"), fields.text("httpUrl") !== undefined, style);
  if (kind === undefined) return "an address needs a `type`: http, sse or ws";
  return { ...shared, kind, url, headers: texts(entry["headers"] ?? entry["http_headers"]) };
}

function kindOf(
  type: string | undefined,
  isHttpUrl: boolean,
  style: McpStyle,
): "http" | "sse" | "ws" | undefined {
  if (type === "http" || type === "streamable-http") return "http";
  if (type === "sse" || type === "ws") return type;
  if (style === "claude") return undefined;
  return style === "gemini" && !isHttpUrl ? "sse" : "http";
}

function texts(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/**
 * Puts `${VAR}` and `${VAR:-default}` into command, arguments, environment, address and headers, once. `variables` are
 * those that the person lets this server see, never the whole environment. What is unset stays as it is, and is named.
 */
export function expandMcpServer(
  server: McpServer,
  variables: Readonly<Record<string, string>>,
): { readonly server: McpServer; readonly unset: readonly string[] } {
  const unset = new Set<string>();
  const fill = (text: string): string =>
    text.replaceAll(
      /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/gu,
      (all: string, name: string, fallback?: string) => {
        const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
        if (value === undefined && fallback === undefined) unset.add(name);
        return value ?? fallback ?? all;
      },
    );
  const fillAll = (record: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, fill(value)]));
  const filled: McpServer =
    server.kind === "stdio"
      ? { ...server, command: fill(server.command), args: server.args.map(fill), env: fillAll(server.env) }
      : { ...server, url: fill(server.url), headers: fillAll(server.headers) };
  return { server: filled, unset: [...unset] };
}
