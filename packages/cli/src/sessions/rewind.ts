/** Goes back to before a message: the conversation, the files of the workspace, or both. */
import { createHmac } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { dirname, join } from "node:path";
import { CloisterError, timestamp, type Clock } from "@cloister/base";
import type { Change } from "@cloister/cell";
import { createSeals } from "@cloister/secrets";
import type { ShownChange } from "../print/changes.ts";
import { readIndex } from "./checkpoints.ts";
import { headOf, readWholeSession, type FoundSession } from "./find-session.ts";
import { writeHead } from "./head.ts";
import { isOfGit } from "./git-state.ts";
import { lockSession } from "./lock.ts";
import { openSessionLog } from "./log.ts";
import { openObjects, type ObjectStore } from "./objects.ts";
import { applyRewind, type Rewound } from "./rewind-apply.ts";
import { planRewind, type Planned, type RewindStep } from "./rewind-plan.ts";
import { tellStory, type Story } from "./story.ts";
import { takeTree, treeOf } from "./take-tree.ts";
import { changesBetween, treeAfter, type TreeEntry } from "./tree.ts";

export interface Rewind extends Disposable {
  readonly planned: Planned;
  /** The message itself, to be said again in other words. */
  readonly text: string | undefined;
  /** What would change in the files, for a person; secrets sealed. */
  readonly shown: readonly ShownChange[];
  /** Does it; the state from before it is a checkpoint too. */
  apply(what: "files" | "conversation" | "both"): Promise<Rewound>;
}

const nothing: Rewound = { done: [], left: [] };

/**
 * Holds the session's lock until it is disposed of.
 * @throws CloisterError `session-busy`, `session-damaged`
 */
export async function openRewind(
  found: FoundSession,
  { to, force, clock }: { readonly to: number; readonly force: boolean; readonly clock: Clock },
): Promise<Rewind> {
  const { place, head } = found;
  const lock = lockSession(join(place.folder, "lock"));
  if (lock === undefined) {
    throw new CloisterError(`another process works on session ${place.id}`, {
      code: "session-busy",
      next: "wait for it to end",
    });
  }
  const folder = dirname(place.folder);
  let store: ObjectStore | undefined;
  try {
    const { read, story } = readWholeSession(found);
    const opened = openObjects(folder, place.key);
    store = opened;
    const { workspace } = head;
    const look = async (): ReturnType<typeof takeTree> =>
      takeTree({ workspace, known: readIndex(folder, place.key), store: opened, clock });
    const now = await look();
    const planned = planRewind({ before: to, story, noted: now.noted, left: now.left, store: opened, force });
    const seal = sealingOf(story);
    return {
      planned,
      text: story.marks[to - 1]?.text,
      get shown() {
        return planned.kind === "plan" ? planned.plan.steps.map((step) => toShown(step, opened, seal)) : [];
      },
      async apply(what) {
        const log = openSessionLog(place, read);
        try {
          let rewound = nothing;
          if (what !== "conversation" && planned.kind === "plan") {
            const before = treeOf(now.noted);
            const earlier = treeAfter(story.trees);
            const isFirst = story.trees.length === 0;
            log.append({
              t: "tree",
              whole: isFirst,
              changes: changesBetween(earlier, before),
              left: now.left,
            });
            // Somebody may have committed while a person read the plan: in a branch, too, that is no part of it.
            const since = changesBetween(before, treeOf((await look()).noted));
            const changedInGit = since.map(([path]) => path).find(isOfGit);
            rewound = applyRewind(planned.plan, { workspace, store: opened, changedInGit });
            const after = await look();
            const changes = changesBetween(before, treeOf(after.noted));
            log.append({ t: "tree", whole: false, changes, left: after.left });
          }
          if (what !== "files") log.append({ t: "rewind", before: to, at: timestamp(clock) });
          log.sync();
          const { records } = readWholeSession(found).read;
          writeHead(place, headOf(tellStory(records), records.length, head.label));
          return rewound;
        } finally {
          log.close();
        }
      },
      [Symbol.dispose]() {
        opened.close();
        lock.close();
      },
    };
  } catch (error) {
    store?.close();
    lock.close();
    throw error;
  }
}

/** With the placeholders that the session itself used. */
export function sealingOf({ start, secrets }: Pick<Story, "start" | "secrets">): (text: string) => string {
  const key = createHmac("sha256", Buffer.from(start.secretsKey, "base64"))
    .update("cloister/seal/v1")
    .digest();
  const seals = createSeals(key, {}, secrets);
  return (text) => seals.seal(text).text;
}

const TEXT_BYTES_MAX = 262_144;

/** From what stands there now to what is wanted. */
export function toShown(
  { path, kind, now, wanted }: Pick<RewindStep, "path" | "kind" | "now" | "wanted">,
  store: Pick<ObjectStore, "get">,
  seal: (text: string) => string,
): ShownChange {
  const change = {
    path,
    kind,
    ...(now === undefined ? {} : { before: toVersion(now) }),
    ...(wanted === undefined ? {} : { after: toVersion(wanted) }),
  };
  const before = textOf(now, store);
  const after = textOf(wanted, store);
  if (before === undefined || after === undefined) return { change };
  return { change, texts: { before: seal(before), after: seal(after) } };
}

function toVersion(entry: TreeEntry): NonNullable<Change["before"]> {
  switch (entry.type) {
    case "file":
      return { type: "file", mode: entry.mode, bytes: entry.bytes, stamp: "" };
    case "link":
      return { type: "link", mode: 0o777, bytes: 0, target: entry.target, stamp: "" };
    case "directory":
      return { type: "directory", mode: entry.mode, bytes: 0, stamp: "" };
  }
}

/** Empty where nothing is; undefined for what is no text, or too long for a picture. */
function textOf(entry: TreeEntry | undefined, store: Pick<ObjectStore, "get">): string | undefined {
  if (entry === undefined) return "";
  if (entry.type !== "file" || entry.object === undefined || entry.bytes > TEXT_BYTES_MAX) return undefined;
  const content = store.get(entry.object);
  return content === undefined || !isUtf8(content) || content.includes(0)
    ? undefined
    : content.toString("utf8");
}
