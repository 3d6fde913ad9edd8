/** What is told once a file is seen or changed: rules that are about it, and the instructions of its folder. */
import { posix } from "node:path";
import type { ChatMessage } from "@cloister/wire";
import { userMessage } from "./conversation.ts";
import { loadedFiles, toInstruction, type BroughtExtensions } from "./extension/brought.ts";
import {
  formatInstructionFiles,
  type Instruction,
  type InstructionSet,
} from "./extension/instruction-files.ts";
import { createPathRules } from "./extension/path-rules.ts";
import type { HookPoints } from "./hook-points.ts";

export interface Guide {
  /** A workspace-relative path that a result shows, or that a call changed. */
  touch(path: string): void;
  /** What has to be told since, for the end of the conversation. Each thing once. */
  take(): Promise<readonly ChatMessage[]>;
}

/** Instruction files of the folders around an absolute path that lie below the workspace, but for those in `seen`. */
export type ReadNested = (path: string, seen: readonly string[]) => Promise<InstructionSet>;

export interface GuideOptions {
  readonly brought: BroughtExtensions | undefined;
  readonly nested: ReadNested | undefined;
  /** What the conversation holds already, as one that is gone on with does. */
  readonly told: readonly ChatMessage[];
  /** Told of each file whose text is given. */
  readonly loaded?: HookPoints["loaded"];
}

/** A search shows files of a hundred folders: their instructions are not all meant. */
const FILES_AT_ONCE_MAX = 20;
const MESSAGES_MAX = 200;

export function createGuide({ brought, nested, told, loaded }: GuideOptions): Guide {
  if (brought === undefined) return quietGuide;
  const { workspace } = brought.places;
  const rules = createPathRules(brought.rules, workspace);
  const seen = new Set(brought.told);
  const folders = new Set(["."]);
  const texts = new Set(told.map(({ content }) => content));
  let touched = new Set<string>();

  const nestedFor = async (path: string): Promise<readonly Instruction[]> => {
    const folder = posix.dirname(path);
    if (nested === undefined || folders.has(folder)) return [];
    folders.add(folder);
    const { instructions } = await nested(posix.join(workspace, path), [...seen]);
    for (const { files } of instructions) for (const file of files) seen.add(file.path);
    return instructions;
  };

  return {
    touch: (path) => {
      if (touched.size < FILES_AT_ONCE_MAX && !posix.isAbsolute(path)) touched.add(path);
    },
    take: async () => {
      const paths = touched;
      touched = new Set();
      const messages: ChatMessage[] = [];
      for (const path of paths) {
        const ruled = rules.onRead(posix.join(workspace, path));
        const globs = new Map(ruled.map((rule) => [toInstruction(rule), rule.paths ?? []]));
        for (const each of [...(await nestedFor(path)), ...globs.keys()]) {
          const message = toMessage(each, brought);
          if (texts.has(message.content) || texts.size >= MESSAGES_MAX) continue;
          texts.add(message.content);
          messages.push(message);
          for (const file of loadedFiles(each, brought.places)) {
            const reason = globs.has(each) ? "path_glob_match" : "nested_traversal";
            const matched = globs.get(each);
            loaded?.({
              ...(file.reason === "include" ? file : { ...file, reason }),
              ...(matched === undefined ? {} : { globs: matched }),
            });
          }
        }
      }
      return messages;
    },
  };
}

const quietGuide: Guide = {
  touch: () => {
    /* nothing is told of any file */
  },
  take: () => Promise.resolve([]),
};

function toMessage(instruction: Instruction, { places }: BroughtExtensions): ChatMessage {
  const { workspace, home } = places;
  const text = formatInstructionFiles([instruction], { workspace, ...(home === undefined ? {} : { home }) });
  const own = instruction.files
    .map(({ path, lines }) => ({ path: posix.relative(workspace, path), from: 1, to: lines }))
    .filter(({ path }) => !path.startsWith("../"));
  return userMessage(text, "instructions", own.length === 0 ? undefined : own);
}
