/** Another session on the same screen: a saved one, or a new one. */
import type { Desk, ReplayPart } from "@cloister/console";
import { isRecord } from "@cloister/base";
import { blocksOf, type Block } from "../../sessions/export-session.ts";
import { readWholeSession, type FoundSession } from "../../sessions/find-session.ts";
import type { SessionHead } from "../../sessions/head.ts";
import type { Story } from "../../sessions/story.ts";
import { goingOnWith, newSession } from "../going-on.ts";
import { savedHere } from "./saved.ts";
import { say, type ScreenWorld } from "./world.ts";

const SESSIONS_SHOWN_MAX = 200;
const BLOCKS_SHOWN_MAX = 30;

export async function resume(world: ScreenWorld, desk: Desk, rest: string): Promise<void> {
  const { words, session } = world;
  const others = savedHere(world.environment).filter(
    ({ head }) => head.id !== session.opened?.id && head.messages > 0,
  );
  if (others.length === 0) return say(desk, words.resume.none);
  const named = rest === "" ? undefined : others.find(({ head }) => head.id === rest || head.name === rest);
  const found = named ?? (await pickSession(others.slice(0, SESSIONS_SHOWN_MAX), world, desk));
  if (found === undefined) return;
  world.moveOn(() => {
    const { story } = readWholeSession(found, { lenient: true });
    desk.forget();
    desk.clear();
    say(desk, words.resume.here(titleOf(found.head)));
    return showTail(blocksOf(story), world, desk).then(() => ({ session: goingOnWith(found.head.id) }));
  });
}

async function pickSession(
  sessions: readonly FoundSession[],
  { words }: ScreenWorld,
  desk: Desk,
): Promise<FoundSession | undefined> {
  const chosen = await desk.pick({
    title: words.resume.title,
    items: sessions.map(({ head }) => ({
      label: titleOf(head),
      note: `${whenOf(head.updated)}  ${words.resume.about(head.turns, head.label, head.model)}`,
    })),
    empty: words.nothingFound,
    hint: words.pickHint,
  });
  return chosen === undefined ? undefined : sessions[chosen];
}

export function clear(world: ScreenWorld, desk: Desk): void {
  world.moveOn(() => {
    desk.forget();
    desk.clear();
    say(desk, world.words.clear);
    return Promise.resolve({ session: newSession(world.args.session) });
  });
}

function titleOf({ name, title }: SessionHead): string {
  return name ?? title;
}

export function whenOf(at: string): string {
  return at.slice(0, 16).replace("T", " ");
}

/** For whoever has the session open already. */
export async function showStory(story: Story, world: Pick<ScreenWorld, "words">, desk: Desk): Promise<void> {
  await showTail(blocksOf(story), world, desk);
}

/** The end of what was said before, so that one knows where one is. */
export async function showTail(
  blocks: readonly Block[],
  { words }: Pick<ScreenWorld, "words">,
  desk: Desk,
): Promise<void> {
  const parts = blocks.flatMap(partOf);
  const earlier = parts.length - BLOCKS_SHOWN_MAX;
  const note: ReplayPart[] = earlier > 0 ? [{ kind: "note", text: words.resume.earlier(earlier) }] : [];
  await desk.replay([...note, ...parts.slice(-BLOCKS_SHOWN_MAX)]);
}

export function partOf(block: Block): ReplayPart[] {
  switch (block.kind) {
    case "said":
      return block.by === "user" || block.by === "model" ? [{ kind: block.by, text: block.text }] : [];
    case "thought":
      return [];
    case "picture":
      return [{ kind: "note", text: block.picture.about }];
    case "note":
      return [{ kind: "note", text: block.text }];
    case "call":
      return [{ kind: "call", name: block.name, about: aboutOf(block.args), isError: block.isError }];
  }
}

/** The first text among the arguments; what is no JSON says it itself. */
function aboutOf(args: string): string {
  try {
    const value: unknown = JSON.parse(args);
    const text = isRecord(value) ? Object.values(value).find((each) => typeof each === "string") : undefined;
    return typeof text === "string" ? text : "";
  } catch {
    return args; // a model wrote it so
  }
}
