/** What a project would run, shown to the last byte, and a person's word for exactly that: asked once. */
import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { countItems, trustDigest } from "@cloister/agent/extensions";
import { isRecord } from "@cloister/base";
import type { Desk } from "@cloister/console";
import { linesOf } from "@cloister/console";
import { checkWorkspace } from "../../command-cell.ts";
import { trust as trustCommand } from "../../commands/trust.ts";
import type { Environment } from "../../environment.ts";
import { formatChange, formatItem } from "../../extension/show-trust.ts";
import type { OpenedExtensions } from "../../extension/open.ts";
import { openTrustFile } from "../../extension/trust-file.ts";
import { createPaint } from "../../print/style.ts";
import { wordsFor } from "../../words/words.ts";
import { capture } from "../capture.ts";
import type { ScreenWords } from "../words/type.ts";
import { goingOnWith, newSession } from "../going-on.ts";
import { savedNow } from "./saved.ts";
import { extensionsOf, presentText, say, type ScreenWorld } from "./world.ts";

interface Asking {
  readonly environment: Environment;
  readonly words: ScreenWords;
  readonly desk: Desk;
}

/** At the opening of a project. True: it was allowed, and counts once it is read again. */
export async function askTrustOnce(opened: OpenedExtensions, asking: Asking): Promise<boolean> {
  const { trust, items } = opened;
  if (trust.kind !== "new" && trust.kind !== "changed") return false;
  const asked = openAsked(asking.environment.home);
  const digest = trustDigest(items);
  if (asked.has(digest)) return false;
  const isAllowed = await askTrust(opened, asking);
  // A yes is in the record of trust; a no is not asked for again until something changes.
  if (!isAllowed) asked.add(digest);
  return isAllowed;
}

export type TellSkipped = (opened: OpenedExtensions, saying: Omit<Asking, "environment">) => void;

/** Says what was not loaded for want of trust, and how to change that: once, however often sessions begin anew. */
export function createSkippedNotice(): TellSkipped {
  let said: string | undefined;
  return ({ trust, items }, { words, desk }) => {
    const digest = trustDigest(items);
    if (trust.kind === "nothing" || trust.kind === "trusted" || digest === said) return;
    said = digest;
    say(desk, words.trust.skipped(countItems(items)), "warning");
  };
}

export async function trustHere(world: ScreenWorld, desk: Desk): Promise<void> {
  const { environment, words } = world;
  const opened = extensionsOf(world);
  if (opened.trust.kind === "nothing" || opened.trust.kind === "trusted") {
    const lines = await capture(environment, (captured) =>
      trustCommand({ command: "trust", do: "show" }, captured),
    );
    return presentText(desk, words.commands.trust, lines);
  }
  if (!(await askTrust(opened, { environment, words, desk }))) {
    return say(desk, words.trust.skipped(countItems(opened.items)));
  }
  const saved = savedNow(world);
  // What was allowed counts for a session from its beginning.
  world.moveOn(() =>
    Promise.resolve({
      session: saved === undefined ? newSession(world.args.session) : goingOnWith(saved.head.id),
    }),
  );
}

async function askTrust(opened: OpenedExtensions, { environment, words, desk }: Asking): Promise<boolean> {
  const workspace = checkWorkspace(environment.directory, environment.home);
  desk.print(trustText(opened, workspace, environment.lang).flatMap((each) => linesOf(each)));
  const choice = await desk.ask({
    title: words.trust.question(countItems(opened.items)),
    options: [
      { label: `${words.trust.no} (n)`, keys: ["n"] },
      { label: `${words.trust.yes} (y)`, keys: ["y"] },
    ],
    hint: words.menuHint,
  });
  const isAllowed = choice.kind === "chosen" && choice.indexes[0] === 1;
  if (isAllowed) {
    // What was shown is what is kept: nothing is read again between the two.
    const { items } = opened;
    openTrustFile(environment.home, environment.user).write({
      workspace,
      digest: trustDigest(items),
      items,
    });
  }
  if (isAllowed) say(desk, words.trust.taken, "good");
  return isAllowed;
}

export function trustText({ trust, items }: OpenedExtensions, workspace: string, lang: string): string[] {
  const words = wordsFor(lang).trust;
  const paint = createPaint(false);
  if (trust.kind === "changed") {
    const changes = trust.changes.map((change) => formatChange(change, { workspace, paint, words }));
    return [words.hasChanged, "", ...changes.map((text) => text.trimEnd())];
  }
  return [words.wouldRun, "", ...items.map((item) => formatItem(item, workspace, paint).trimEnd())];
}

const ASKED_MAX = 1000;

export interface Asked {
  has(digest: string): boolean;
  add(digest: string): void;
}

/** `~/.cloister/trust-asked.json`: what a person said no to. To lose it is to be asked again. */
export function openAsked(home: string): Asked {
  const path = join(home, ".cloister", "trust-asked.json");
  const read = (): string[] => {
    try {
      const value: unknown = JSON.parse(readFileSync(path, "utf8"));
      const list = isRecord(value) && Array.isArray(value["no"]) ? (value["no"] as readonly unknown[]) : [];
      return list.filter((each) => typeof each === "string");
    } catch {
      return []; // nothing was said no to yet, or it cannot be read
    }
  };
  return {
    has: (digest) => read().includes(digest),
    add: (digest) => {
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        writeFileSync(path, JSON.stringify({ no: [...read(), digest].slice(-ASKED_MAX) }), { mode: 0o600 });
      } catch {
        /* it is asked again the next time */
      }
    },
  };
}
