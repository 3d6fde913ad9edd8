import { rankDefinitions } from "../map/rank.ts";
import { renderMap } from "../map/render.ts";
import { locate } from "./paths.ts";
import { refusal, type Tool, type ToolResult, type ToolWorld } from "./tool.ts";
import { walk } from "./walk.ts";

export type RepoMapArgs = { readonly path?: string; readonly query?: string; readonly tokens?: number };

const TOKENS_DEFAULT = 1500;
const TOKENS_MAX = 8000;
const WORDS_MAX = 20;

export const repoMapTool: Tool<RepoMapArgs> = {
  name: "RepoMap",
  effect: "read",
  description:
    "The definitions that matter most in the code, ranked by how much they are used; with `query`, for some words of a question.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", description: "Directory" },
      query: { type: "string" },
      tokens: { type: "integer", description: `Default ${TOKENS_DEFAULT}, max ${TOKENS_MAX}` },
    },
    required: [],
    additionalProperties: false,
  },
  run: makeMap,
};

async function makeMap(args: RepoMapArgs, world: ToolWorld, signal: AbortSignal): Promise<ToolResult> {
  const { workspace, code, hidden, progress } = world;
  if (code === undefined) return refusal("There are no grammars here to read code with. Use Grep and Glob.");
  const place = await locate(args.path ?? ".", world);
  if (place.kind === "refused") return refusal(place.text);
  const walked = await walk({ workspace, start: place.path, honoursGitignore: true }, signal);
  const paths = walked.paths.filter((path) => hidden?.(path) === undefined);
  const { files, left, missing } = await code.look(paths, signal, (done, of) =>
    progress?.(`${done} of ${of} files\n`),
  );
  const ranked = rankDefinitions(files, {
    words: wordsOf(args.query ?? ""),
    read: new Set(world.reads.keys()),
  });
  const tokens = Math.min(Math.max(args.tokens ?? TOKENS_DEFAULT, 100), TOKENS_MAX);
  const { text, sources } = renderMap(ranked, tokens);
  const notes = [
    ...(text === "" ? [`No definitions were found in ${paths.length} files.`] : []),
    ...(left > 0 ? [`[there was no time for ${left} files: call again, or give a path]`] : []),
    ...(missing.length > 0 ? [`[no grammar for ${missing.join(", ")}]`] : []),
    ...(walked.isComplete ? [] : ["[too many files to look at all; give a path]"]),
  ];
  const rows = [text, ...notes].filter((row) => row !== "");
  return { ok: true, text: rows.join("\n"), sources, source: "file" };
}

/** Longer words of a question; short ones are in every name. */
function wordsOf(query: string): string[] {
  const words = query.toLowerCase().match(/[\p{L}\p{N}_$]{3,}/gu) ?? [];
  return [...new Set(words)].slice(0, WORDS_MAX);
}
