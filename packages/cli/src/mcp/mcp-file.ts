/**
 * `~/.cloister/mcp.json`: the person's own MCP servers, with what each may reach. A project's definition can say
 * nothing of that: its servers read the workspace and reach nothing.
 */
import { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError, isRecord, newId, parseJson, type Json, type JsonObject } from "@cloister/base";
import { parseMcpServers, type McpServer } from "@cloister/agent/extensions";
import { isLabel, type Label } from "@cloister/policy";
import { placeInJson } from "../json-place.ts";

/** What a server may have beside the workspace, read-only. */
export interface McpRights {
  readonly write: boolean;
  /** Hosts, as `--allow` takes them. */
  readonly allow: readonly string[];
  /** Folders that it may read. */
  readonly read: readonly string[];
  /** Over HTTP: its name may lead to an address inside the house. */
  readonly isPrivate: boolean;
  /** Over HTTP: how confidential what it is told may be. */
  readonly clearance: Label;
  readonly client: { readonly id: string; readonly secret?: string } | undefined;
}

export interface McpFile {
  readonly path: string;
  readonly servers: readonly McpServer[];
  readonly rights: ReadonlyMap<string, McpRights>;
  /** Variables that servers of others, such as a trusted project's, may see through `${NAME}`. */
  readonly variables: readonly string[];
  /** As written, for changing it. */
  readonly value: JsonObject;
}

const BYTES_MAX = 1024 * 1024;
const CLEARANCE_DEFAULT: Label = "internal";

export const noRights: McpRights = {
  write: false,
  allow: [],
  read: [],
  isPrivate: false,
  clearance: CLEARANCE_DEFAULT,
  client: undefined,
};

/** @throws CloisterError `bad-mcp-file` naming the server: a right that is misread in silence protects nobody */
export function readMcpFile(home: string): McpFile {
  const path = join(home, ".cloister", "mcp.json");
  const value = readValue(path);
  const variables = value["variables"] ?? [];
  if (!isTexts(variables)) throw bad(path, '"variables" must be a list of names');
  const written = value["mcpServers"] ?? {};
  if (!isRecord(written)) throw bad(path, '"mcpServers" must be an object');
  const { servers, losses } = parseMcpServers(written, { scope: "user", path }, "claude");
  const [loss] = losses;
  if (loss !== undefined) throw bad(path, `${loss.subject}: ${loss.why}`);
  const rights = new Map(
    servers.map(({ name }) => [name, readRights(written[name], (why) => bad(path, `${name}: ${why}`))]),
  );
  return { path, servers, rights, variables, value };
}

/** Readable by its owner alone: definitions may hold keys. */
export function writeMcpFile(path: string, value: JsonObject): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${newId("new")}`;
  writeFileSync(temporary, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(temporary, path);
}

function readValue(path: string): JsonObject {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return {};
  const isOwn = stats.isFile() && (stats.mode & 0o022) === 0 && stats.size <= BYTES_MAX;
  if (!isOwn) throw bad(path, "it is no plain file of yours alone, or others can write it");
  const value = parseValue(readFileSync(path, "utf8"), path);
  if (!isRecord(value)) throw bad(path, "it must hold an object");
  const [other] = Object.keys(value);
  if (other !== undefined && value["mcpServers"] === undefined && value["variables"] === undefined) {
    throw bad(path, `it has "${other}"; servers stand under "mcpServers"`);
  }
  return value as JsonObject;
}

function parseValue(text: string, path: string): unknown {
  try {
    return parseJson(text, path);
  } catch (error) {
    throw bad(path, `it is not valid JSON${placeInJson(error)}`);
  }
}

function readRights(entry: unknown, fail: (why: string) => CloisterError): McpRights {
  const {
    write = false,
    allow = [],
    read = [],
    private: isPrivate = false,
    clearance,
    oauth,
  } = isRecord(entry) ? entry : {};
  if (typeof write !== "boolean") throw fail('"write" must be true or false');
  if (typeof isPrivate !== "boolean") throw fail('"private" must be true or false');
  if (!isTexts(allow)) throw fail('"allow" must be a list of hosts');
  if (!isTexts(read)) throw fail('"read" must be a list of folders');
  if (clearance !== undefined && !(typeof clearance === "string" && isLabel(clearance))) {
    throw fail('"clearance" is no label');
  }
  return {
    ...{ write, allow, read, isPrivate, clearance: clearance ?? CLEARANCE_DEFAULT },
    client: readClient(oauth, fail),
  };
}

function readClient(oauth: unknown, fail: (why: string) => CloisterError): McpRights["client"] {
  if (oauth === undefined) return undefined;
  const { clientId: id, clientSecret: secret } = isRecord(oauth) ? oauth : {};
  if (typeof id !== "string") throw fail('"oauth" must name a "clientId"');
  return { id, ...(typeof secret === "string" ? { secret } : {}) };
}

function isTexts(value: unknown): value is readonly string[] & Json {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function bad(path: string, why: string): CloisterError {
  return new CloisterError(`${path}: ${why}`, { code: "bad-mcp-file", next: "mend the file, or remove it" });
}
