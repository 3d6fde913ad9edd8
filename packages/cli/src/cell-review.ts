/** What a command wrote into its overlay: shown, then taken over into the workspace or thrown away. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { isUtf8 } from "node:buffer";
import { promote, type Change, type Overlay, type Promoted } from "@cloister/cell";
import type { Review } from "./cell-arguments.ts";
import type { Environment } from "./environment.ts";
import { formatChanges, type ShownChange } from "./print/changes.ts";
import { createPaint, visible, type Paint } from "./print/style.ts";

export interface ReviewOptions {
  readonly overlay: Overlay;
  readonly workspace: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly how: Review;
  readonly guarded: boolean;
  /** What is not promoted stays in the overlay, for another look. */
  readonly keepsRest?: boolean;
  /** Takes secrets out of what is shown. */
  readonly seal: (text: string) => string;
  /** Told what will be promoted, before it is. */
  readonly onDecision: (decision: Decision) => Promise<void>;
}

export interface Decision {
  readonly changes: number;
  readonly promoted: readonly Change[];
}

/** False when something that should have been promoted could not be. */
export async function review(options: ReviewOptions, environment: Environment): Promise<boolean> {
  const { overlay, workspace, guarded } = options;
  const { stderr } = environment;
  const paint = createPaint(environment.colour && stderr.isTTY);
  const { changes, isCut } = await overlay.writeSet();
  if (changes.length === 0) {
    await options.onDecision({ changes: 0, promoted: [] });
    stderr.write(`cloister: ${paint("dim", "nothing was changed")}\n`);
    return true;
  }
  const shown = changes.map((change) => toShown(change, options));
  stderr.write(`\n${paint("bold", countOf(changes, isCut))}\n${formatChanges(shown, paint)}\n`);
  const wanted = await choose(options, changes, environment, paint);
  await options.onDecision({ changes: changes.length, promoted: wanted });
  if (options.how === "show") return true;
  const results = promote(wanted, { workspace, upper: overlay.upper, user: options.user, guarded });
  stderr.write(
    report(results, changes.length, { paint, rest: options.keepsRest === true ? "left aside" : "discarded" }),
  );
  return results.every(({ kind }) => kind === "promoted");
}

function countOf(changes: readonly Change[], isCut: boolean): string {
  const count = changes.length === 1 ? "1 change" : `${changes.length} changes`;
  return isCut ? `${count}, and more that are not listed and cannot be promoted` : count;
}

/** What cannot be promoted is no choice. */
async function choose(
  options: ReviewOptions,
  changes: readonly Change[],
  environment: Environment,
  paint: Paint,
): Promise<readonly Change[]> {
  const possible = changes.filter(
    ({ refused, caution }) => refused === undefined && (caution === undefined || options.guarded),
  );
  if (options.how === "promote") return possible;
  if (options.how !== "ask" || possible.length === 0) return [];
  const lines = createInterface({ input: environment.stdin, output: environment.stderr });
  const ask = async (question: string): Promise<string> =>
    (await lines.question(question)).trim().toLowerCase().slice(0, 1);
  try {
    const answer = await ask(`${paint("bold", "promote?")} [y]es all / [n]o, discard / [e]ach: `);
    if (answer === "y") return possible;
    if (answer !== "e") return [];
    const chosen: Change[] = [];
    for (const change of possible) {
      const name = visible(change.path).replaceAll("\n", "⏎");
      if ((await ask(`  ${change.kind} ${paint("bold", name)} [y/n]: `)) === "y") chosen.push(change);
    }
    return chosen;
  } finally {
    lines.close();
  }
}

function report(
  results: readonly Promoted[],
  all: number,
  { paint, rest }: { readonly paint: Paint; readonly rest: string },
): string {
  const left = results.filter((result) => result.kind === "left");
  const count = results.length - left.length;
  const head = `cloister: ${paint("green", `${count} promoted`)}, ${all - results.length} ${rest}`;
  if (left.length === 0) return `${head}\n`;
  const lines = left.map(({ path, why }) => `  ${visible(path).replaceAll("\n", "⏎")}: ${visible(why)}\n`);
  return `${head}, ${paint("red", `${left.length} could not be`)}\n${lines.join("")}`;
}

const TEXT_BYTES_MAX = 262_144;

function toShown(change: Change, { overlay, workspace, seal }: ReviewOptions): ShownChange {
  const { before, after, path } = change;
  const isText = [before, after].every((version) => version === undefined || version.type === "file");
  // Git's own files are many, and none of them is text for people.
  if (!isText || (path.split("/").includes(".git") && change.caution === undefined)) return { change };
  const old = before === undefined ? "" : readText(join(workspace, path));
  const now = after === undefined ? "" : readText(join(overlay.upper, path));
  if (old === undefined || now === undefined) return { change };
  return { change, texts: { before: seal(old), after: seal(now) } };
}

function readText(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined; // not for us to read: it is shown by its size
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > TEXT_BYTES_MAX) return undefined;
    const bytes = Buffer.alloc(size);
    const text = bytes.subarray(0, readSync(descriptor, bytes, 0, size, 0));
    return text.includes(0) || !isUtf8(text) ? undefined : text.toString("utf8");
  } finally {
    closeSync(descriptor);
  }
}
