/** A registered program run to its end by the keeper itself, on record like those that the agent asks for. */
import type { Cells } from "@cloister/cell";
import { recordStart } from "./command-begin.ts";
import type { OnceOutcome } from "./process-again.ts";
import { giveInput, startWork } from "./process-work.ts";
import type { ProcessDefinition } from "./process-definition.ts";
import type { AirlockSession } from "./session.ts";

export interface OnceOptions {
  /** What it is called in the record. */
  readonly name: string;
  readonly input: string;
  readonly timeoutMs: number;
}

/** Of each stream; what comes after is dropped. */
const OUTPUT_BYTES_MAX = 1024 * 1024;

/** @throws what the ledger and `Cells.spawn` throw: what cannot be recorded is not started */
export async function runOnce(
  session: AirlockSession,
  cells: Cells,
  { argv, environment, directory, view }: ProcessDefinition,
  { name, input, timeoutMs }: OnceOptions,
  signal: AbortSignal,
): Promise<OnceOutcome> {
  const started = { text: argv.join(" "), fields: { kind: "hook", name }, egress: undefined };
  const recorded = await recordStart(session, { cells }, started);
  const chunks = { out: [] as Uint8Array[], err: [] as Uint8Array[] };
  const bytes = { out: 0, err: 0 };
  const work = startWork({
    cells,
    view,
    launch: { argv, directory: directory ?? view.workspace, environment },
    timeoutMs,
    sink: (stream, chunk) => {
      bytes[stream] += chunk.length;
      if (bytes[stream] <= OUTPUT_BYTES_MAX) chunks[stream].push(chunk);
      return Promise.resolve();
    },
  });
  const kill = (): void => work.kill();
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  giveInput(work, input);
  const end = await work.ended;
  signal.removeEventListener("abort", kill);
  recorded.finish({ ...end, outputBytes: bytes.out + bytes.err });
  const text = (of: readonly Uint8Array[]): string => Buffer.concat(of).toString("utf8");
  return { ...end, stdout: text(chunks.out), stderr: text(chunks.err) };
}
