/**
 * A session whose agent and commands write into an overlay of the project. At its end a person, or a flag, says what
 * of it is made in the project; what nobody decided about is left aside, in a folder of the user's.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/base";
import type { Ending } from "@cloister/agent";
import { openHidden, openOverlay, type Cells, type Overlay, type Tier } from "@cloister/cell";
import type { Ledger } from "@cloister/ledger";
import type { CellWishes, SessionReview } from "./cell-arguments.ts";
import { exceptionsIn, type HiddenFiles } from "./cell-hidden.ts";
import { recordReview } from "./cell-record.ts";
import { review } from "./cell-review.ts";
import { writeReview } from "./cell-reviews.ts";
import type { Environment } from "./environment.ts";
import type { Binding } from "./policy/binding.ts";
import type { Settings } from "./settings.ts";

/** A policy that asks for reviews cannot be overruled; how they are done is the user's. */
export function reviewWish(
  args: { readonly review: SessionReview | undefined },
  { cell }: Pick<Settings, "cell">,
  binding: Pick<Binding, "flag">,
): { review?: SessionReview } {
  const asked = args.review ?? cell?.review;
  const isReviewed = binding.flag("cell.review", asked === undefined ? undefined : true) ?? false;
  return isReviewed ? { review: asked ?? "ask" } : {};
}

export interface SessionReviewOptions {
  readonly how: SessionReview;
  readonly tier: Tier;
  readonly workspace: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** Where the overlay is when it cannot be kept: it ends with the session. */
  readonly scratch: string;
  readonly session: string;
  readonly ledger: Ledger;
  readonly wishes: CellWishes;
  /** Leads into the network namespace that commands join. */
  readonly within: readonly string[] | undefined;
  /** Takes secrets out of what is shown. */
  readonly seal: (text: string) => string;
}

export interface SessionOverlay {
  /** Cells that show the overlay in the place of the project. */
  readonly around: (cells: Cells) => Cells;
  /** With what a rule hides of the files that the session made. */
  readonly hiding: (hidden: HiddenFiles) => HiddenFiles;
  /** How the session ended. What was not done is not promoted by a flag: it is kept, for a person. */
  ended(outcome: Ending["outcome"]): void;
  /** Once no cell is left. What is decided is recorded before it is done. */
  finish(): Promise<void>;
  /** After `finish`: nothing that was to be promoted had to be left. */
  isWhole(): boolean;
}

/** @throws CloisterError `overlay-unavailable`, `usage` */
export async function openSessionOverlay(
  options: SessionReviewOptions,
  environment: Environment,
): Promise<SessionOverlay> {
  const { workspace, user, session } = options;
  const asked = howOf(options, environment);
  // Of a root keeper's own folders the workspace's user can pass none.
  const canKeep = user.uid === environment.user.uid;
  if (asked === "keep" && !canKeep) {
    throw usage("what another user's cells wrote cannot be kept", "say --review=promote, discard or show");
  }
  const folder = canKeep ? join(environment.home, ".cloister", "reviews", session) : options.scratch;
  if (canKeep) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const discard = (overlay?: Overlay): void => {
    overlay?.discard();
    if (canKeep) rmSync(folder, { recursive: true, force: true });
  };
  let overlay: Overlay;
  try {
    overlay = await openOverlay({ workspace, scratch: folder, user });
    if (canKeep) {
      const { openedMs } = overlay;
      writeReview(folder, { workspace, session, openedMs, startedMs: environment.clock.now() });
    }
  } catch (error) {
    discard();
    throw error;
  }
  const shared = await overlay.share(options.within).catch((error: unknown) => {
    discard(overlay);
    throw error;
  });
  let isWhole = true;
  let isDone = false;
  return {
    around: (cells) => shared.around(cells),
    hiding: (hidden) => hideMade(hidden, overlay.upper, options),
    isWhole: () => isWhole,
    ended: (outcome) => {
      isDone = outcome === "done";
    },
    async finish() {
      await shared.close();
      const how = asked === "promote" && !isDone ? (canKeep ? "keep" : "discard") : asked;
      if (how === "keep") {
        const { changes } = await overlay.writeSet();
        if (changes.length === 0) discard(overlay);
        environment.stderr.write(changes.length === 0 ? NOTHING : keptLine(changes.length, session));
        return;
      }
      const keepsRest = how === "promote" && canKeep;
      isWhole = await review(
        {
          ...{ overlay, workspace, user, how, guarded: false, keepsRest, seal: options.seal },
          onDecision: (decision) => recordReview(options.ledger, { session }, decision),
        },
        environment,
      );
      if (!keepsRest || (await overlay.writeSet()).changes.length === 0) {
        discard(overlay);
        return;
      }
      environment.stderr.write(`cloister: the rest is left aside: cloister cell review show ${session}\n`);
    },
  };
}

const NOTHING = "cloister: nothing was changed\n";

function keptLine(changes: number, session: string): string {
  const count = changes === 1 ? "1 change" : `${changes} changes`;
  return (
    `cloister: ${count} left aside, none is in the project yet\n` +
    `  cloister cell review show ${session}     (or promote, or discard)\n`
  );
}

/** Where nobody can be asked, nothing is lost: it is kept. */
function howOf({ how, tier }: SessionReviewOptions, { stdin, stderr }: Environment): SessionReview {
  if (tier === "none") {
    throw usage("without a cell nothing stands between the agent and the project", "do without --review");
  }
  return how === "ask" && !(stdin.isTTY && stderr.isTTY) ? "keep" : how;
}

function hideMade(
  hidden: HiddenFiles,
  upper: string,
  { workspace, wishes }: SessionReviewOptions,
): HiddenFiles {
  const look = openHidden(upper, { exceptions: exceptionsIn(workspace, wishes.show ?? []) });
  const found = (): ReturnType<HiddenFiles["found"]> => {
    const known = hidden.found();
    const names = new Set(known.map(({ path }) => path));
    const made = look().paths.map(({ path, reason }) => ({
      path: workspace + path.slice(upper.length),
      reason,
    }));
    return [...known, ...made.filter(({ path }) => !names.has(path))];
  };
  return { found, paths: () => found().map(({ path }) => path), cut: hidden.cut };
}

function usage(message: string, next: string): CloisterError {
  return new CloisterError(message, { code: "usage", next });
}
