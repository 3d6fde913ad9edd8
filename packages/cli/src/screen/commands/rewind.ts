/** Back to before a message: which one, what would change, and what of it is to happen. */
import type { Desk, Line } from "@cloister/console";
import { linesOf, span } from "@cloister/console";
import { formatChanges } from "../../print/changes.ts";
import { createPaint } from "../../print/style.ts";
import { blocksOf } from "../../sessions/export-session.ts";
import { readWholeSession, type FoundSession } from "../../sessions/find-session.ts";
import { isOfGit } from "../../sessions/git-state.ts";
import { openRewind, type Rewind } from "../../sessions/rewind.ts";
import type { RewindPlan } from "../../sessions/rewind-plan.ts";
import type { ScreenWords } from "../words/type.ts";
import { showTail, whenOf } from "./resume.ts";
import { goingOnWith } from "../going-on.ts";
import { savedNow } from "./saved.ts";
import { say, type NextSession, type ScreenWorld } from "./world.ts";

export async function rewind(world: ScreenWorld, desk: Desk): Promise<void> {
  const { words } = world;
  const found = savedNow(world);
  const marks = found === undefined ? [] : readWholeSession(found, { lenient: true }).story.marks;
  if (found === undefined || marks.length === 0) return say(desk, words.rewind.none);
  const chosen = await desk.pick({
    title: words.rewind.title,
    items: marks.map(({ number, text, at }) => ({
      label: `${number}  ${text.trim().replaceAll(/\s*\n\s*/gu, " ⏎ ")}`,
      note: whenOf(at),
    })),
    empty: words.nothingFound,
    hint: words.pickHint,
    at: marks.length - 1,
  });
  const mark = chosen === undefined ? undefined : marks[chosen];
  if (mark === undefined) return;
  // Whoever goes back holds the session's lock, which the one that is open has.
  world.moveOn(() => goBack(found, mark.number, world, desk));
}

async function goBack(
  found: FoundSession,
  to: number,
  { words, environment }: ScreenWorld,
  desk: Desk,
): Promise<NextSession> {
  const same: NextSession = { session: goingOnWith(found.head.id) };
  let text: string | undefined;
  {
    using opened = await openRewind(found, { to, force: false, clock: environment.clock });
    desk.print(pictureOf(opened, words));
    const what = await askWhat(opened, words, desk);
    if (what === undefined) return same;
    const { done, left } = await opened.apply(what);
    for (const { path, why } of left) say(desk, words.rewind.untouched(path, why), "warning");
    if (what !== "conversation") say(desk, words.rewind.done(done.length), "good");
    if (what === "files") return same;
    text = opened.text;
  }
  const { story } = readWholeSession(found, { lenient: true });
  desk.forget();
  desk.clear();
  await showTail(blocksOf(story), { words }, desk);
  // To be said again in other words.
  if (text !== undefined) desk.write(text);
  // Before its first message there is nothing to go on with but the name.
  return same;
}

type What = "files" | "conversation" | "both";

async function askWhat({ planned, text }: Rewind, words: ScreenWords, desk: Desk): Promise<What | undefined> {
  const steps = planned.kind === "plan" ? planned.plan.steps.length : 0;
  const { rewind: w } = words;
  const options: readonly (readonly [What | undefined, string])[] = [
    ...(steps > 0 && text !== undefined ? [["both", w.both] as const] : []),
    ...(text === undefined ? [] : [["conversation", w.conversation] as const]),
    ...(steps > 0 ? [["files", w.files(steps)] as const] : []),
    [undefined, w.neither],
  ];
  const choice = await desk.ask({
    title: w.what,
    options: options.map(([, label]) => ({ label })),
    hint: words.menuHint,
  });
  return choice.kind === "chosen" ? options[choice.indexes[0] ?? -1]?.[0] : undefined;
}

const NAMED_MAX = 8;

/** What differs, whole, and what stays as it is. */
export function pictureOf(
  { planned, shown }: Pick<Rewind, "planned" | "shown">,
  { rewind: words }: ScreenWords,
): Line[] {
  if (planned.kind === "none") return [[span(planned.why, "dim")]];
  const list =
    shown.length === 0 ? [[span(words.same, "dim")] as Line] : linesOf(changesText(shown)).map(styled);
  return [...list, ...notesOf(planned.plan, words)];
}

function changesText(shown: Rewind["shown"]): string {
  return formatChanges(shown, createPaint(false)).trimEnd();
}

function notesOf(plan: RewindPlan, words: ScreenWords["rewind"]): Line[] {
  const { steps, theirs, impossible, left, isSure } = plan;
  // Empty folders that stood there for the cells of a session went with it; that is no loss.
  const others = theirs
    .filter(({ now, wanted }) => now !== undefined || wanted?.type !== "directory")
    .map(({ path }) => path);
  const name = (paths: readonly string[]): string =>
    paths.slice(0, NAMED_MAX).join(", ") + (paths.length > NAMED_MAX ? ", …" : "");
  return [
    ...(steps.some(({ path }) => isOfGit(path)) ? [[span(words.git, "text")] as Line] : []),
    ...(others.length > 0 ? [[span(words.theirs(name(others)), "warning")] as Line] : []),
    ...impossible.map(({ path, why }): Line => [span(words.impossible(path, why), "bad")]),
    ...(left.length > 0 ? [[span(words.left(name(left)), "dim")] as Line] : []),
    ...(isSure ? [] : [[span(words.unsure, "warning")] as Line]),
  ];
}

/** A unified diff's line, by its first sign. */
export function styled(one: Line): Line {
  const text = one[0]?.text ?? "";
  if (text.startsWith("@@")) return [span(text, "accent")];
  if (text.startsWith("+") && !text.startsWith("+++")) return [span(text, "added")];
  if (text.startsWith("-") && !text.startsWith("---")) return [span(text, "removed")];
  return one;
}
