/** What sessions wrote and nobody has decided about yet: one folder each below `~/.cloister/reviews`. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, isRecord, parseJson } from "@cloister/base";

export interface KeptReview {
  readonly session: string;
  readonly workspace: string;
  /** Of its overlay, by the file system's clock. */
  readonly openedMs: number;
  readonly startedMs: number;
}

const FILE = "review.json";
const REVIEWS_MAX = 1000;

export function reviewsFolder(home: string): string {
  return join(home, ".cloister", "reviews");
}

export function writeReview(folder: string, kept: KeptReview): void {
  writeFileSync(join(folder, FILE), `${JSON.stringify(kept)}\n`, { mode: 0o600 });
}

/** The latest first. */
export function listReviews(home: string): readonly KeptReview[] {
  let names: readonly string[];
  try {
    names = readdirSync(reviewsFolder(home)).slice(0, REVIEWS_MAX);
  } catch {
    return []; // no session was ever reviewed
  }
  return names
    .map((name) => readReview(home, name))
    .filter((kept) => kept !== undefined)
    .toSorted((a, b) => b.startedMs - a.startedMs);
}

/** @throws CloisterError `no-such-review` */
export function findReview(home: string, id: string): KeptReview {
  const found = listReviews(home).filter(({ session }) => session === id || session.startsWith(id));
  const [kept] = found;
  if (kept !== undefined && (found.length === 1 || kept.session === id)) return kept;
  throw new CloisterError(`${found.length === 0 ? "no review" : "more than one review"} is called ${id}`, {
    code: "no-such-review",
    next: "cloister cell review list",
  });
}

function readReview(home: string, name: string): KeptReview | undefined {
  const file = join(reviewsFolder(home), name, FILE);
  try {
    const value = parseJson(readFileSync(file, "utf8"), file);
    const { session, workspace, openedMs, startedMs } = isRecord(value) ? value : {};
    if (session !== name || typeof workspace !== "string" || typeof openedMs !== "number") return undefined;
    if (!statSync(join(reviewsFolder(home), name, "overlay")).isDirectory()) return undefined;
    return { session, workspace, openedMs, startedMs: typeof startedMs === "number" ? startedMs : 0 };
  } catch {
    return undefined; // it was being made, or taken away
  }
}
