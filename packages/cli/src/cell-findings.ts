/** What commands left in a workspace, on its way to the person and into the ledger. */
import { relative } from "node:path";
import type { Finding } from "@cloister/cell";
import type { Ledger } from "@cloister/ledger";
import { visible } from "./print/style.ts";

export interface Findings {
  /** Before `open` it waits. */
  tell(finding: Finding): void;
  open(handle: (finding: Finding) => Promise<unknown>): void;
  /** Resolves when all that was told so far is handled. */
  settled(): Promise<void>;
}

/** Further ones are counted in silence: a command can make as many as it likes. */
const FINDINGS_MAX = 1000;

/** The cells are opened before the session that their findings belong to. */
export function holdFindings(): Findings {
  const waiting: Finding[] = [];
  const handling = new Set<Promise<unknown>>();
  let handle: ((finding: Finding) => Promise<unknown>) | undefined;
  let count = 0;
  const start = (finding: Finding, by: (finding: Finding) => Promise<unknown>): void => {
    const done = by(finding).finally(() => handling.delete(done));
    handling.add(done);
  };
  return {
    tell: (finding) => {
      count += 1;
      if (count > FINDINGS_MAX) return;
      if (handle === undefined) waiting.push(finding);
      else start(finding, handle);
    },
    open: (by) => {
      handle = by;
      for (const finding of waiting.splice(0)) start(finding, by);
    },
    settled: async () => void (await Promise.allSettled(handling)),
  };
}

/** An entry `cell.finding`; where it is stays out of the entry itself, as with every path. */
export async function recordFinding(
  ledger: Pick<Ledger, "append">,
  session: { readonly id: string; readonly workspace: string },
  { kind, path, movedTo }: Finding,
): Promise<void> {
  const at = relative(session.workspace, path);
  await ledger.append({
    type: "cell.finding",
    fields: { session: session.id, finding: kind, aside: movedTo !== undefined },
    attachments: [{ type: "path", data: Buffer.from(at), open: {}, hidden: {} }],
  });
}

/** One line for the screen. */
export function formatFinding({ kind, path, movedTo, trouble }: Finding): string {
  const moved = movedTo === undefined ? "" : `, put aside as ${visible(movedTo)}`;
  return `${kind} ${visible(path)}${moved}${trouble === undefined ? "" : ` (${visible(trouble)})`}`;
}
