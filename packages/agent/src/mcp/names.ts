/** Names and descriptions of a server, as a model and a person may see them: bounded, and with nothing invisible. */
import { sha256 } from "@cloister/base";
import { showUnseen } from "@cloister/policy";

/** What model servers take as the name of a function. */
const NAME_CHARS_MAX = 64;
const SERVER_CHARS_MAX = 32;
const HASH_CHARS = 6;

/**
 * A server's part of its tools' names. Two underscores end it, so it holds none, and has none at its ends: a server
 * `db__x` must not be taken for a tool `x__…` of a server `db` that a rule allows.
 */
export function serverPart(name: string): string {
  const part = name.replaceAll(/[^A-Za-z0-9-]+/g, "_").replaceAll(/^_+|_+$/g, "");
  return shorten(part === "" ? "server" : part, SERVER_CHARS_MAX);
}

/** `mcp__server__tool`. What had to be cut carries a hash of the whole, so that two long names stay two. */
export function toolName(server: string, tool: string): string {
  const head = `mcp__${serverPart(server)}__`;
  return head + shorten(tool.replaceAll(/[^A-Za-z0-9_-]/g, "_"), NAME_CHARS_MAX - head.length);
}

function shorten(name: string, charsMax: number): string {
  if (name.length <= charsMax) return name;
  const hash = sha256(name).toString("hex").slice(0, HASH_CHARS);
  return `${name.slice(0, charsMax - HASH_CHARS - 1)}_${hash}`;
}

/** A value that should be a text or a number. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** The server's own words, cut. */
export function wordsOf(text: unknown, charsMax: number): string {
  if (typeof text !== "string") return "";
  const shown = showUnseen(text.slice(0, charsMax).toWellFormed()).trim();
  return text.length > charsMax ? `${shown}…` : shown;
}

/** The same on one line. */
export function lineOf(text: unknown, charsMax: number): string {
  const words = typeof text === "string" ? text.slice(0, 4 * charsMax).replaceAll(/\s+/g, " ") : "";
  return wordsOf(words, charsMax);
}

/** Whether what a tool answers are the words of a server. */
export function isMcpTool(name: string): boolean {
  return name.startsWith("mcp__") || name === "ListMcpResources" || name === "ReadMcpResource";
}
