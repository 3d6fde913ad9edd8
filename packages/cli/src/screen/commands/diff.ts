/** What changed: by this session's edits, and since the last commit. */
import type { FileDiff } from "@cloister/agent";
import type { Desk, Line } from "@cloister/console";
import { line, linesOf, renderDiff, span } from "@cloister/console";
import { formatChanges } from "../../print/changes.ts";
import { createPaint } from "../../print/style.ts";
import { readSessionChanges } from "../../sessions/session-changes.ts";
import type { ScreenWords } from "../words/type.ts";
import { styled } from "./rewind.ts";
import { savedNow } from "./saved.ts";
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
  const session = await sessionPart(world, notebook.edits, desk.isWorking);
  const isEmpty = session.edits.length + session.others.length === 0;
  if (isEmpty && (!isGit || output.trim() === "")) return say(desk, words.diff.none);
  const git = isGit ? output.trimEnd() : "";
  const isUnfinished = desk.isWorking;
  desk.read(words.diff.title, (columns) => diffLines({ ...session, git, isUnfinished }, words, columns));
}

interface SessionPart {
  readonly edits: readonly FileDiff[];
  /** What is no text: named only, a line each. */
  readonly others: readonly string[];
}

/** By the session's checkpoints, which know what commands did; without them by the edits that tools told of. */
async function sessionPart(
  world: ScreenWorld,
  told: readonly FileDiff[],
  isWorking: boolean,
): Promise<SessionPart> {
  const found = savedNow(world);
  const kept = found === undefined ? undefined : readSessionChanges(found);
  if (kept === undefined) return { edits: told, others: [] };
  const { diffTexts } = await import("@cloister/agent");
  const edits = kept.flatMap(({ change: { path }, texts }) =>
    texts === undefined ? [] : [diffTexts(path, texts.before, texts.after)],
  );
  const known = new Set(kept.map(({ change: { path } }) => path));
  // Work that is not done yet has no checkpoint; one whose edits were taken back has, and they are gone from it.
  const fresh = isWorking ? told.filter(({ path }) => !known.has(path)) : [];
  const others = formatChanges(
    kept.filter(({ texts }) => texts === undefined),
    createPaint(false),
  );
  return { edits: [...edits, ...fresh], others: others.trimEnd() === "" ? [] : others.trimEnd().split("\n") };
}

export function diffLines(
  {
    edits,
    git,
    others = [],
    isUnfinished = false,
  }: Partial<SessionPart> & {
    readonly edits: readonly FileDiff[];
    readonly git: string;
    readonly isUnfinished?: boolean;
  },
  { diff: words }: Pick<ScreenWords, "diff">,
  columns: number,
): Line[] {
  const session = edits.flatMap((edit): Line[] => [
    line(span(edit.path, "strong"), span(`  +${edit.added} −${edit.removed}`, "dim")),
    ...renderDiff(edit, columns, LINES_MAX),
    [],
  ]);
  const named = others.length === 0 ? [] : [...others.flatMap((each) => linesOf(each)), []];
  const note = isUnfinished ? [line(span(words.unfinished, "dim")), []] : [];
  const uncommitted =
    git === ""
      ? [line(span(words.noGit, "dim"))]
      : linesOf(git)
          .slice(0, LINES_MAX)
          .map((each) => (each[0]?.text.startsWith("diff --git") === true ? strong(each) : styled(each)));
  return [
    ...(session.length + named.length === 0
      ? []
      : [line(span(words.session, "heading")), ...note, ...session, ...named]),
    line(span(words.uncommitted, "heading")),
    ...uncommitted,
  ];
}

function strong(one: Line): Line {
  return one.map(({ text }) => span(text, "strong"));
}
