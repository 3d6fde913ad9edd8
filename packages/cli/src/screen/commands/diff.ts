/** What changed: by this session's edits, and since the last commit. */
import type { FileDiff } from "@cloister/agent";
import type { Desk, Line } from "@cloister/console";
import { line, linesOf, renderDiff, span } from "@cloister/console";
import type { ScreenWords } from "../words/type.ts";
import { styled } from "./rewind.ts";
import { openedOf, say, type ScreenWorld } from "./world.ts";

/** In a cell, so that nothing that a repository's git settings name can do more than a command of the agent's. */
const GIT =
  "git rev-parse --quiet --verify HEAD >/dev/null || exit 3; " +
  "git --no-pager diff --no-color --no-ext-diff --no-textconv HEAD -- . && " +
  "git status --short --untracked-files=normal | grep '^??' || true";
const LINES_MAX = 20_000;

export async function diff(world: ScreenWorld, desk: Desk): Promise<void> {
  const { words, notebook } = world;
  const { output, exit } = await openedOf(world).run(GIT, AbortSignal.timeout(60_000));
  const isGit = exit === "0";
  if (notebook.edits.length === 0 && (!isGit || output.trim() === "")) return say(desk, words.diff.none);
  const git = isGit ? output.trimEnd() : "";
  desk.read(words.diff.title, (columns) => diffLines({ edits: notebook.edits, git }, words, columns));
}

export function diffLines(
  { edits, git }: { readonly edits: readonly FileDiff[]; readonly git: string },
  { diff: words }: Pick<ScreenWords, "diff">,
  columns: number,
): Line[] {
  const session = edits.flatMap((edit): Line[] => [
    line(span(edit.path, "strong"), span(`  +${edit.added} −${edit.removed}`, "dim")),
    ...renderDiff(edit, columns, LINES_MAX),
    [],
  ]);
  const uncommitted =
    git === ""
      ? [line(span(words.noGit, "dim"))]
      : linesOf(git)
          .slice(0, LINES_MAX)
          .map((each) => (each[0]?.text.startsWith("diff --git") === true ? strong(each) : styled(each)));
  return [
    ...(session.length === 0 ? [] : [line(span(words.session, "heading")), ...session]),
    line(span(words.uncommitted, "heading")),
    ...uncommitted,
  ];
}

function strong(one: Line): Line {
  return one.map(({ text }) => span(text, "strong"));
}
