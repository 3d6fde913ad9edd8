/** The ledger's entries for a command that a person runs in a cell: the same as for the agent's. */
import { openSession, type AirlockSession, type SessionOptions } from "@cloister/airlock";
import type { Tier } from "@cloister/cell";
import type { Label } from "@cloister/policy";
import type { Decision } from "./cell-review.ts";
import type { Attached } from "./cell-attach.ts";

export interface RecordOptions extends Pick<SessionOptions, "ledger" | "clock" | "onTrouble"> {
  readonly argv: readonly string[];
  readonly workspace: string;
  readonly tier: Tier;
  readonly label: Label;
  readonly version: string;
}

export interface CellRecord {
  readonly session: AirlockSession;
  /** The command's index in the ledger. */
  readonly call: number;
  /** Takes secrets out of a text that is shown. */
  readonly seal: (text: string) => string;
  /** Which of the changes are made in the workspace: recorded before they are. */
  readonly review: (decision: Decision) => Promise<void>;
  /** What became of it. A ledger that cannot be written any more is reported, not thrown: the command has run. */
  end(result: Attached): Promise<void>;
  close(): Promise<void>;
}

const PATHS_MAX = 1000;

/** Without a call it is about all that a session wrote. Resolves once it is durable. */
export async function recordReview(
  ledger: SessionOptions["ledger"],
  of: { readonly session: string; readonly call?: number },
  { changes, promoted }: Decision,
): Promise<void> {
  const paths = promoted.slice(0, PATHS_MAX).map(({ kind, path }) => `${kind} ${path}`);
  await ledger.append({
    type: "tool.review",
    fields: { ...of, changes, promoted: promoted.length },
    attachments: [{ type: "paths", data: Buffer.from(JSON.stringify(paths)), open: {}, hidden: {} }],
  });
}

/** Resolves once the command is recorded: only then may it start. */
export async function openRecord(options: RecordOptions): Promise<CellRecord> {
  const { ledger, clock, workspace, tier, label, version } = options;
  const session = openSession({
    client: { name: "cloister-cell", version, evidence: "started" },
    workspaceLabel: label,
    workspace,
    ledger,
    clock,
    onTrouble: options.onTrouble,
  });
  await ledger.append({
    type: "session.start",
    fields: { session: session.id, tier, label, version },
    attachments: [{ type: "workspace", data: Buffer.from(workspace), open: {}, hidden: {} }],
  });
  const text = JSON.stringify(options.argv);
  const call = await ledger.append({
    type: "tool.call",
    fields: { session: session.id, tier },
    attachments: [
      {
        type: "command",
        data: Buffer.from(session.seals.seal(text).text),
        open: { bytes: Buffer.byteLength(text) },
        hidden: {},
      },
    ],
  });
  const started = clock.now();
  return {
    session,
    call: call.index,
    seal: (shown) => session.seals.seal(shown).text,
    review: (decision) => recordReview(ledger, { session: session.id, call: call.index }, decision),
    end: async ({ exitCode, timedOut, outputBytes }) => {
      const ms = clock.now() - started;
      const fields = { session: session.id, call: call.index, exit: exitCode, signal: null, timedOut, ms };
      try {
        await ledger.append({ type: "tool.result", fields: { ...fields, outputBytes: outputBytes ?? null } });
      } catch (trouble) {
        options.onTrouble(trouble);
      }
    },
    close: async () => {
      const fields = { session: session.id, outcome: "done", turns: 0 };
      await ledger.append({ type: "session.end", fields }).catch(options.onTrouble);
    },
  };
}
