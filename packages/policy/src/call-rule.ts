/** Rules on calls as people write them on a command line: `Tool`, `Tool(specifier)`, as in Claude Code's settings. */
import type { CallText } from "./effects.ts";
import { compilePathGlob, compileTextGlob } from "./glob.ts";

export interface CallRule {
  /** As it was written. */
  readonly text: string;
  /** Whether it covers every part of the call: what a rule that allows has to. */
  covers(call: CallText): boolean;
  /** Whether it names some part of the call: enough for a rule that denies. */
  touches(call: CallText): boolean;
}

const editors = new Set(["Write", "Edit", "MultiEdit", "NotebookEdit"]);
const readers = new Set(["Read", "Grep", "Glob"]);

/**
 * `Bash(git push*)` matches command lines, `Edit(src/**)` the paths of all tools that write, `Read(…)` of those that
 * read, `WebFetch(domain:*.example)` hosts; `*` stands for any tool.
 * @returns undefined for what is no such rule
 */
export function parseCallRule(text: string): CallRule | undefined {
  const [, tool, specifier] = /^([\w*.-]+)(?:\(([^]+)\))?$/u.exec(text.trim()) ?? [];
  if (tool === undefined) return undefined;
  const names = compileTextGlob(tool);
  if (names === undefined) return undefined;
  const isTool = (name: string): boolean => names.test(name) || isOfFamily(tool, name);
  if (specifier === undefined || specifier === "*") {
    const matches = (call: CallText): boolean => isTool(call.tool);
    return { text, covers: matches, touches: matches };
  }
  const matcher = matcherFor(tool, specifier);
  if (matcher === undefined) return undefined;
  return {
    text,
    // A pattern says nothing of what a substitution or an expansion will be; the very text does.
    covers: (call) =>
      isTool(call.tool) &&
      (call.text === specifier || (!isOpaque(call) && partsOf(call).every((part) => matcher(part)))),
    touches: (call) =>
      isTool(call.tool) &&
      [call.text, ...partsOf(call), ...partsOf(unquoted(call))].some((part) => matcher(part)),
  };
}

function isOfFamily(ruled: string, tool: string): boolean {
  return (editors.has(ruled) && editors.has(tool)) || (ruled === "Read" && readers.has(tool));
}

function matcherFor(tool: string, specifier: string): ((text: string) => boolean) | undefined {
  const domain = /^domain:(.+)$/.exec(specifier)?.[1];
  if (domain !== undefined) {
    const hosts = compileTextGlob(domain.toLowerCase());
    return hosts && ((text) => hosts.test(hostOf(text)));
  }
  const isPath = editors.has(tool) || readers.has(tool);
  // `npm run:*` is the older way to write a prefix of whole words.
  const prefix = isPath ? undefined : /^(.*?)(?::\*| \*)$/su.exec(specifier)?.[1];
  const glob = isPath ? compilePathGlob(specifier) : compileTextGlob(prefix ?? specifier);
  if (glob === undefined) return undefined;
  const longer = prefix === undefined ? undefined : compileTextGlob(`${prefix} *`);
  return (text) => glob.test(text) || longer?.test(text) === true;
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).hostname.toLowerCase() : "";
}

const PARTS_MAX = 1000;

/** The commands of a command line. Quotes are not looked into, so that a part more is found rather than one less. */
function partsOf({ tool, text }: CallText): string[] {
  if (tool !== "Bash") return [text];
  return text
    .split(/&&|\|\||[;|&\n]+/u, PARTS_MAX)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** A command line of which more may run, or elsewhere be written, than its words say. */
function isOpaque({ tool, text }: CallText): boolean {
  return tool === "Bash" && /[`<>]|\$\(|\$\{|\$'|\$[A-Za-z_]/u.test(text);
}

/** `"cu"rl` and `c\url` are what a shell makes of them. */
function unquoted({ tool, text }: CallText): CallText {
  return { tool, text: text.replaceAll(/["'\\]/g, "") };
}
