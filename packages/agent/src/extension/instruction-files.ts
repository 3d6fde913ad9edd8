/** Instruction files from the widest place to the narrowest, with what they import. They are text; nothing in them is run. */
import { posix } from "node:path";
import { foldersDownTo, isInside, type ExtensionWorld, type Loss, type Origin } from "./reader.ts";
import { splitCode, stripComments } from "./markdown.ts";

export interface Instruction {
  readonly origin: Origin;
  /** Without comments, and with its imports after it. */
  readonly text: string;
  /** The files that `text` shows, itself first; absolute, with how many lines of each. */
  readonly files: readonly ShownFile[];
}

export interface ShownFile {
  readonly path: string;
  readonly lines: number;
}

export interface InstructionSet {
  readonly instructions: readonly Instruction[];
  /** Imports of project files that lead out of the project, read or not: each needs a person's word. */
  readonly outside: readonly OutsideImport[];
  readonly losses: readonly Loss[];
}

export interface OutsideImport {
  readonly by: string;
  readonly path: string;
}

export interface InstructionOptions {
  /** Real paths outside the project that a person lets its files import. */
  readonly trustedImports?: readonly string[];
  /** Names beside the known ones, as settings give them (`project_doc_fallback_filenames`, `context.fileName`). */
  readonly names?: readonly string[];
  /** Which absolute paths a person does not want; managed files cannot be left out. */
  readonly isExcluded?: (path: string) => boolean;
  /** Real paths that were shown before. */
  readonly seen?: readonly string[];
}

const HOPS_MAX = 4;
const IMPORTS_MAX = 50;
/** Longer files are skipped whole, as Claude Code does. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const FILE_CHARS_MAX = 40_000;
const ALL_CHARS_MAX = 120_000;

/** In each folder; of each group the first that exists. `CLAUDE.local.md` says the last word. */
const groups: readonly (readonly string[])[] = [
  ["AGENTS.override.md", "AGENTS.md"],
  ["CLAUDE.md", ".claude/CLAUDE.md"],
  ["QWEN.md"],
  [".qwen/QWEN.local.md"],
  ["GEMINI.md"],
  [".cloister/AGENTS.md"],
  ["CLAUDE.local.md"],
];

const userFiles = [
  ".claude/CLAUDE.md",
  ".codex/AGENTS.override.md|.codex/AGENTS.md",
  ".qwen/QWEN.md",
  ".gemini/GEMINI.md",
  ".config/opencode/AGENTS.md",
  ".cloister/AGENTS.md",
];

/** Managed → user → folders from the root down to the workspace. A text that was shown already is not shown again. */
export async function readInstructionFiles(
  world: ExtensionWorld,
  options: InstructionOptions,
): Promise<InstructionSet> {
  const { workspace, home, managed = [] } = world.places;
  const gathering = createGathering(world, options);
  for (const folder of managed) {
    await gathering.addFirst("managed", [posix.join(folder, "AGENTS.md"), posix.join(folder, "CLAUDE.md")]);
  }
  for (const names of home === undefined ? [] : userFiles) {
    await gathering.addFirst(
      "user",
      names.split("|").map((name) => posix.join(home ?? "", name)),
    );
  }
  for (const folder of foldersDownTo(workspace)) await addFolder(gathering, folder, options.names);
  return gathering.result();
}

/** Instruction files of the folders between the workspace and a file in it, which count once such a file is read. */
export async function readNestedInstructions(
  world: ExtensionWorld,
  path: string,
  options: InstructionOptions,
): Promise<InstructionSet> {
  const { workspace } = world.places;
  const gathering = createGathering(world, options);
  const folder = posix.dirname(path);
  const nested = isInside(workspace, folder) ? foldersDownTo(folder, workspace).slice(1) : [];
  for (const each of nested) await addFolder(gathering, each, options.names);
  return gathering.result();
}

async function addFolder(gathering: Gathering, folder: string, names: readonly string[] = []): Promise<void> {
  // A name with a folder in it could lead anywhere.
  const further = names.filter((name) => /^[\w.-]+$/u.test(name) && name !== "..");
  const known = new Set(groups.flat());
  const all = [...groups, ...further.filter((name) => !known.has(name)).map((name) => [name])];
  for (const group of all) {
    await gathering.addFirst(
      "project",
      group.map((name) => posix.join(folder, name)),
    );
  }
}

interface Gathering {
  /** Reads the first of the files that exists. */
  addFirst(scope: Origin["scope"], paths: readonly string[]): Promise<void>;
  result(): InstructionSet;
}

function createGathering(world: ExtensionWorld, options: InstructionOptions): Gathering {
  const instructions: Instruction[] = [];
  const outside: OutsideImport[] = [];
  const losses: Loss[] = [];
  const seen = new Set(options.seen);
  const texts = new Set<string>();
  let chars = 0;
  let imports = 0;

  const lose = (path: string, why: string): void => {
    losses.push({ path, subject: "instructions", why });
  };

  /** Undefined where there is nothing to show. */
  const readOne = async (path: string): Promise<(ShownFile & { readonly text: string }) | undefined> => {
    const file = await world.files.read(path, FILE_BYTES_MAX);
    if (file === undefined || seen.has(file.realPath)) return undefined;
    seen.add(file.realPath);
    if (file.isCut) {
      lose(path, "it is larger than 4 MiB and was left out");
      return undefined;
    }
    // Comments in a hundred kilobytes are looked for, not in megabytes: the rest would be cut off anyway.
    const text = stripComments(file.text.replace(/^\uFEFF/u, "").slice(0, 3 * FILE_CHARS_MAX)).trim();
    if (text === "" || texts.has(text)) return undefined;
    texts.add(text);
    const lines = file.text.trimEnd().split("\n").length;
    if (text.length <= FILE_CHARS_MAX && file.text.length <= 3 * FILE_CHARS_MAX) return { path, lines, text };
    lose(path, `only its first ${FILE_CHARS_MAX} characters were taken`);
    return { path, lines, text: `${text.slice(0, FILE_CHARS_MAX).toWellFormed()}\n(cut here)` };
  };

  const mayImport = (path: string, by: Origin): boolean => {
    if (by.scope !== "project") return true;
    const { workspace, repository } = world.places;
    // A file above the checkout speaks for its own folder.
    const own = [workspace, repository ?? workspace].some((folder) => isInside(folder, path));
    return own || (isInside(posix.dirname(by.path), workspace) && isInside(posix.dirname(by.path), path));
  };

  const withImports = async (
    text: string,
    origin: Origin,
    hops: number,
    files: ShownFile[],
  ): Promise<string[]> => {
    const all = [text];
    for (const written of importsIn(text)) {
      const path = toPath(written, origin.path, world.places.home);
      if (path === undefined || ++imports > IMPORTS_MAX) continue;
      if (hops === HOPS_MAX) {
        lose(origin.path, `@${written} is more than ${HOPS_MAX} imports deep and was left out`);
        continue;
      }
      const real = (await world.files.read(path, 0))?.realPath;
      if (real === undefined) continue;
      // Both the name and where it leads: a link in the project must not open the home.
      if (!(mayImport(path, origin) && mayImport(real, origin))) {
        outside.push({ by: origin.path, path: real });
        if (options.trustedImports?.includes(real) !== true) continue;
      }
      const imported = await readOne(path);
      if (imported === undefined) continue;
      files.push({ path, lines: imported.lines });
      const heading = `From @${written}:\n\n`;
      const [first = "", ...deeper] = await withImports(imported.text, { ...origin, path }, hops + 1, files);
      all.push(heading + first, ...deeper);
    }
    return all;
  };

  return {
    addFirst: async (scope, paths) => {
      for (const path of paths) {
        if (scope !== "managed" && options.isExcluded?.(path) === true) continue;
        const read = await readOne(path);
        if (read === undefined) continue;
        const files: ShownFile[] = [{ path, lines: read.lines }];
        const origin: Origin = { scope, path };
        const whole = (await withImports(read.text, origin, 0, files)).join("\n\n");
        if (chars + whole.length > ALL_CHARS_MAX) {
          lose(
            path,
            `all instructions together are longer than ${ALL_CHARS_MAX} characters; it was left out`,
          );
          return;
        }
        chars += whole.length;
        instructions.push({ origin, text: whole, files });
        return;
      }
    },
    result: () => ({ instructions, outside, losses }),
  };
}

/** `@path` at the start of a word, in prose. An address (`name@host`) and a scope (`@org/package`) that is no file import nothing. */
export function importsIn(text: string): string[] {
  const prose = splitCode(text).filter(({ kind }) => kind === "prose");
  const found = prose.flatMap((part) =>
    [...part.text.matchAll(/(?<![^\s(])@((?:\\ |[^\s`<>"'*?]){1,1000})/gu)].map(([, path = ""]) =>
      path.replaceAll("\\ ", " ").replace(/[.,;:!)]+$/u, ""),
    ),
  );
  return [...new Set(found.filter((path) => /[\w]/u.test(path)))];
}

function toPath(written: string, by: string, home: string | undefined): string | undefined {
  if (/^~(?:\/|$)/u.test(written)) return home === undefined ? undefined : posix.join(home, written.slice(1));
  return posix.resolve(posix.dirname(by), written);
}

/** One message after the system prompt: paths as the person knows them, so that no home folder's name is in it. */
export function formatInstructionFiles(
  instructions: readonly Instruction[],
  { workspace, home }: ExtensionWorld["places"],
): string {
  const shown = (path: string): string => {
    if (isInside(workspace, path)) return posix.relative(workspace, path);
    return home !== undefined && isInside(home, path) ? `~/${posix.relative(home, path)}` : path;
  };
  const whose = {
    managed: "of this organisation",
    user: "of the user",
    plugin: "of a plugin",
    project: "of this project",
  };
  return instructions
    .map(({ origin, text }) => `Instructions ${whose[origin.scope]}, from ${shown(origin.path)}:\n\n${text}`)
    .join("\n\n");
}
