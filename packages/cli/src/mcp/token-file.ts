/**
 * `~/.cloister/mcp-tokens.json`, readable by its owner alone. It is not encrypted: a key beside it would protect nobody,
 * and no cell sees the folder.
 */
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { McpToken } from "@cloister/backend";
import { CloisterError, isRecord, parseJson, type JsonObject } from "@cloister/base";
import { writeMcpFile } from "./mcp-file.ts";

export interface TokenFile {
  /** By the server's whole address: a definition that is changed to another one has no token. */
  read(url: string): McpToken | undefined;
  write(url: string, token: McpToken | undefined): void;
}

const TOKENS_MAX = 200;

/** @throws CloisterError `bad-mcp-tokens` on use, for a file that others can read */
export function openTokenFile(home: string): TokenFile {
  const path = join(home, ".cloister", "mcp-tokens.json");
  const all = (): Record<string, unknown> => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return {};
    if (!stats.isFile() || (stats.mode & 0o077) !== 0) {
      throw new CloisterError(`${path} can be read or written by others`, {
        code: "bad-mcp-tokens",
        next: "remove it, and log in anew with: cloister mcp login NAME",
      });
    }
    const value = parseJson(readFileSync(path, "utf8"), path);
    return isRecord(value) ? value : {};
  };
  return {
    read: (url) => {
      const token = all()[url];
      return isRecord(token) && typeof token["accessToken"] === "string"
        ? (token as unknown as McpToken)
        : undefined;
    },
    write: (url, token) => {
      const others = Object.entries(all()).filter(([key]) => key !== url);
      const kept = [...others, ...(token === undefined ? [] : [[url, token] as const])].slice(-TOKENS_MAX);
      writeMcpFile(path, Object.fromEntries(kept) as JsonObject);
    },
  };
}
