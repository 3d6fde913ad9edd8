/** For tests: a workspace in a temporary directory, with calls through the tools' own edge. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { JsonObject } from "@cloister/base";
import type { Command, CommandOutcome, ToolResult, ToolWorld } from "./tool.ts";
import { tools } from "./toolset.ts";

export interface Scratch extends AsyncDisposable {
  readonly root: string;
  readonly world: ToolWorld;
  readonly commands: readonly { readonly command: Command; readonly timeoutMs: number }[];
  call(name: string, args: JsonObject): Promise<ToolResult>;
  put(path: string, content: string | Uint8Array): Promise<void>;
  textOf(path: string): Promise<string>;
}

export const quiet: CommandOutcome = {
  exitCode: 0,
  signal: undefined,
  timedOut: false,
  output: "",
  cutBytes: 0,
};

/** The workspace lies one level below the temporary directory, so that there is an outside to aim at. */
export async function openScratch(outcome?: Partial<CommandOutcome>): Promise<Scratch> {
  const top = await realpath(await mkdtemp(join(tmpdir(), "cloister-tools-")));
  const root = join(top, "work");
  await mkdir(root);
  const commands: { command: Command; timeoutMs: number }[] = [];
  const world: ToolWorld = {
    workspace: root,
    run: (command, options) => {
      commands.push({ command, timeoutMs: options.timeoutMs });
      return Promise.resolve({ ...quiet, ...outcome });
    },
    reads: new Map(),
    hasRipgrep: outcome !== undefined,
  };
  return {
    root,
    world,
    commands,
    call: (name, args) => {
      const tool = tools.find((one) => one.name === name);
      assert.ok(tool !== undefined, `no tool ${name}`);
      return tool.run(args, world, new AbortController().signal);
    },
    put: async (path, content) => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    },
    textOf: (path) => readFile(join(root, path), "utf8"),
    [Symbol.asyncDispose]: () => rm(top, { recursive: true, force: true }),
  };
}
