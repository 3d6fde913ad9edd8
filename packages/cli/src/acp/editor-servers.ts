/**
 * MCP servers that an editor brings along. Its settings may come from the project that is open in it, so each is shown
 * to the person whole and counts once they said yes to exactly that. It gets no more than a server of a project does: to
 * read the workspace, in a cell without a network; over HTTP, what the airlock lets pass.
 */
import { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseMcpServers, type McpServer, type Origin } from "@cloister/agent/extensions";
import { CloisterError, isRecord, newId, sha256, type Json, type JsonObject } from "@cloister/base";

export interface EditorServers {
  readonly servers: readonly McpServer[];
  /** By name, what cannot be a server here, and why. */
  readonly refused: readonly { readonly name: string; readonly why: string }[];
}

const origin: Origin = { scope: "user", path: "the editor" };
const NAME_CHARS_MAX = 64;

/** `mcpServers` of `session/new` and its like (Agent Client Protocol, "MCP Servers"). */
export function readEditorServers(value: unknown): EditorServers {
  const servers: McpServer[] = [];
  const refused: { name: string; why: string }[] = [];
  for (const entry of Array.isArray(value) ? value.filter(isRecord) : []) {
    const written = typeof entry["name"] === "string" ? entry["name"].slice(0, NAME_CHARS_MAX) : "";
    // Editors call them as people do: "My server".
    const name = written.replaceAll(/[^\w.@-]+/gu, "-");
    const { type, command, args, env, url, headers } = entry;
    const plain = { type, command, args, url, env: toRecord(env), headers: toRecord(headers) };
    const { servers: parsed, losses } = parseMcpServers({ [name]: plain }, origin, "claude");
    const why =
      losses[0]?.why ??
      // What stands in an editor's settings for a person's name of a key must not become our own.
      (JSON.stringify(plain).includes("${")
        ? "it asks for variables of this process; write the value"
        : undefined);
    if (why === undefined) servers.push(...parsed);
    else refused.push({ name: written, why });
  }
  return { servers, refused };
}

/** The protocol writes `[{name, value}]`. */
function toRecord(list: unknown): Record<string, unknown> {
  const pairs = Array.isArray(list) ? list.filter(isRecord) : [];
  return Object.fromEntries(pairs.map(({ name, value }) => [String(name), value]));
}

/** For a person: every byte of it. */
export function describeServer(server: McpServer): string {
  return JSON.stringify(partsOf(server), undefined, 2);
}

function partsOf(server: McpServer): JsonObject {
  const { name, kind } = server;
  if (kind !== "stdio") return { name, kind, url: server.url, headers: server.headers };
  return { name, kind, command: server.command, args: server.args, env: server.env };
}

export interface ServerApprovals {
  has(server: McpServer, workspace: string): boolean;
  add(servers: readonly McpServer[], workspace: string): void;
}

const APPROVED_MAX = 1000;

/** `~/.cloister/editor-servers.json`, which no cell sees. To lose it is to be asked again. */
export function openServerApprovals(home: string, user: { readonly uid: number }): ServerApprovals {
  const path = join(home, ".cloister", "editor-servers.json");
  const digestOf = (server: McpServer, workspace: string): string =>
    sha256("cloister/editor-server/v1\n", JSON.stringify([workspace, partsOf(server)])).toString("hex");
  return {
    has: (server, workspace) => readApproved(path, user.uid).includes(digestOf(server, workspace)),
    add: (servers, workspace) => {
      const all = new Set([
        ...readApproved(path, user.uid),
        ...servers.map((server) => digestOf(server, workspace)),
      ]);
      const approved: readonly Json[] = [...all].slice(-APPROVED_MAX);
      const temporary = `${path}.${newId("new")}`;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(temporary, `${JSON.stringify({ v: 1, approved })}\n`, { mode: 0o600, flag: "wx" });
      renameSync(temporary, path);
    },
  };
}

function readApproved(path: string, uid: number): readonly string[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isFile() || (stats.uid !== uid && stats.uid !== 0) || (stats.mode & 0o022) !== 0) {
    throw new CloisterError(`${path} could have been written by somebody else`, {
      code: "unsafe-trust",
      next: "remove it, and approve the servers of your editor anew",
    });
  }
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    const list = isRecord(value) && Array.isArray(value["approved"]) ? (value["approved"] as unknown[]) : [];
    return list.filter((each) => typeof each === "string");
  } catch {
    return []; // no list of approvals approves nothing
  }
}
