/** The definitions in a file, by tree-sitter. Its grammars are WebAssembly: what they are given, they cannot get out of. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "@cloister/base";
import type { Language, Parser, Query } from "@vscode/tree-sitter-wasm";
import type { Grammar } from "./languages.ts";

export interface Definition {
  readonly name: string;
  /** From 1. */
  readonly line: number;
}

/** Undefined where the grammar is not there. */
export type FindDefinitions = (text: string, grammar: Grammar) => Promise<readonly Definition[] | undefined>;

const DEFINITIONS_MAX = 2000;
const NAME_CHARS_MAX = 100;

interface Loaded {
  readonly language: Language;
  readonly query: Query;
}

/** `folder` holds the grammars, and the library's own WebAssembly. Each is read when it is first needed. */
export function openDefinitions(folder: string): FindDefinitions {
  let library:
    | Promise<{ readonly parser: Parser; readonly load: (grammar: Grammar) => Promise<Loaded | undefined> }>
    | undefined;
  const loaded = new Map<string, Promise<Loaded | undefined>>();
  return async (text, grammar) => {
    const { parser, load } = await (library ??= openLibrary(folder));
    const found = loaded.get(grammar.name) ?? load(grammar);
    loaded.set(grammar.name, found);
    const language = await found;
    return language === undefined ? undefined : definitionsIn(text, parser, language);
  };
}

async function openLibrary(
  folder: string,
): Promise<{ readonly parser: Parser; readonly load: (grammar: Grammar) => Promise<Loaded | undefined> }> {
  const module = await import("@vscode/tree-sitter-wasm");
  // A module of the old kind, whose names Node does not see.
  const { Parser, Language, Query } = (module as unknown as { default: typeof module }).default;
  await Parser.init({ locateFile: (file) => join(folder, file) });
  return {
    parser: new Parser(),
    load: async ({ name, patterns }) => {
      try {
        const language = await Language.load(await readFile(join(folder, `tree-sitter-${name}.wasm`)));
        return { language, query: new Query(language, patterns.join("\n")) };
      } catch (error) {
        if (systemCodeOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
  };
}

function definitionsIn(text: string, parser: Parser, { language, query }: Loaded): Definition[] {
  parser.setLanguage(language);
  const tree = parser.parse(text);
  if (tree === null) return [];
  try {
    const found = new Map<string, Definition>();
    for (const { node } of query.captures(tree.rootNode)) {
      if (found.size >= DEFINITIONS_MAX) break;
      const name = node.text.slice(0, NAME_CHARS_MAX);
      const line = node.startPosition.row + 1;
      found.set(`${line} ${name}`, { name: lastPart(name), line });
    }
    return [...found.values()];
  } finally {
    tree.delete(); // its memory is not the engine's
  }
}

/** `Shape::area` is called `area` where it is used. */
function lastPart(name: string): string {
  return name.split("::").at(-1) ?? name;
}
