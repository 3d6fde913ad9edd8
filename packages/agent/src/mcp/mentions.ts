/** What a person's message asks of servers: a resource as `@server:uri`, a prompt as `/mcp__server__prompt words`. */
import { isRecord, messageOf, type Json, type JsonObject } from "@cloister/base";
import { promptText } from "./content.ts";
import { lineOf, serverPart, textOf, toolName } from "./names.ts";
import { isNamed, readResource } from "./resources.ts";
import type { McpServerHandle } from "./server.ts";

const MENTIONS_MAX = 10;
const PROMPT_MS_MAX = 60_000;
const NAME_CHARS_MAX = 300;

export interface Attachment {
  readonly server: string;
  readonly text: string;
}

/** Never throws but for an abort: what cannot be had is said. */
export async function attachmentsOf(
  text: string,
  servers: readonly McpServerHandle[],
  signal: AbortSignal,
): Promise<readonly Attachment[]> {
  const found: Attachment[] = [];
  for (const { server, uri } of mentionsIn(text, servers)) {
    const about = `the resource ${uri} of the MCP server ${serverPart(server.name)}`;
    found.push(await attach(server, about, () => readResource(server, uri, signal), signal));
  }
  const asked = promptIn(text, servers);
  if (asked !== undefined) {
    const { server, prompt, words } = asked;
    const about = `the prompt ${lineOf(prompt["name"], NAME_CHARS_MAX)} of the MCP server ${serverPart(server.name)}, which the user chose`;
    const get = async (): Promise<string> => {
      const options = { timeoutMs: server.wish.timeoutMs ?? PROMPT_MS_MAX, signal };
      const args = toArguments(prompt, words);
      return promptText(
        await server.use((connection) => connection.getPrompt(textOf(prompt["name"]), args, options)),
      );
    };
    found.push(await attach(server, about, get, signal));
  }
  return found;
}

async function attach(
  server: McpServerHandle,
  about: string,
  get: () => Promise<string>,
  signal: AbortSignal,
): Promise<Attachment> {
  const part = serverPart(server.name);
  try {
    return { server: part, text: `[Cloister] What follows is ${about}:\n${await get()}` };
  } catch (error) {
    if (signal.aborted) throw error;
    return { server: part, text: `[Cloister] It was not possible to get ${about}: ${messageOf(error)}` };
  }
}

function mentionsIn(
  text: string,
  servers: readonly McpServerHandle[],
): { readonly server: McpServerHandle; readonly uri: string }[] {
  const found = new Map<string, { readonly server: McpServerHandle; readonly uri: string }>();
  for (const [all, name = "", uri = ""] of text.matchAll(/(?<=^|\s)@([\w.@-]{1,64}):(\S{1,2000})/g)) {
    const server = servers.find((each) => isNamed(each, name));
    if (server === undefined || found.size >= MENTIONS_MAX) continue;
    // A sentence's own mark at its end is none of the address, unless the server knows it so.
    const isKnown = server.offer.resources.some((resource) => resource["uri"] === uri);
    found.set(all, { server, uri: isKnown ? uri : uri.replace(/[.,;:!?)\]]+$/, "") });
  }
  return [...found.values()];
}

interface AskedPrompt {
  readonly server: McpServerHandle;
  readonly prompt: JsonObject;
  readonly words: readonly string[];
}

function promptIn(text: string, servers: readonly McpServerHandle[]): AskedPrompt | undefined {
  const [, name, rest = ""] = /^\s*\/(mcp__[\w-]+)(?:\s+([\s\S]*))?$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  for (const server of servers) {
    const prompt = server.offer.prompts.find((each) => toolName(server.name, textOf(each["name"])) === name);
    if (prompt !== undefined) return { server, prompt, words: wordsIn(rest) };
  }
  return undefined;
}

/** Quoted words stay whole. */
function wordsIn(rest: string): string[] {
  return [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** In the order of the prompt's own arguments; the last takes all that is left. */
function toArguments(prompt: JsonObject, words: readonly string[]): JsonObject {
  const given: readonly Json[] = Array.isArray(prompt["arguments"])
    ? (prompt["arguments"] as readonly Json[])
    : [];
  const names = given.flatMap((each) =>
    isRecord(each) && typeof each["name"] === "string" ? [each["name"]] : [],
  );
  const pairs = names.map((name, at) => [
    name,
    words.slice(at, at === names.length - 1 ? undefined : at + 1).join(" "),
  ]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== "")) as JsonObject;
}
