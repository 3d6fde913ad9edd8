/** One command in one cell, from start to the last byte of its output. */
import type { ChildProcess } from "node:child_process";
import type { Cells } from "./cells.ts";
import { killCell, sendTo } from "./signal.ts";
import type { CellView, Launch } from "./view.ts";

export interface RunLimits {
  readonly timeoutMs: number;
  /** Kept from the start and from the end in equal shares; the middle is cut. */
  readonly outputBytesMax: number;
  /** Told all of the output as it comes. */
  readonly onOutput?: (chunk: Buffer) => void;
}

export interface RunResult {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
  /** stdout and stderr, in order of arrival. */
  readonly output: string;
  readonly cutBytes: number;
}

/** Resolves when the command and everything it started are gone. Abort and timeout kill; they do not reject. */
export async function runInCell(
  cells: Cells,
  view: CellView,
  launch: Launch,
  limits: RunLimits,
  signal: AbortSignal,
): Promise<RunResult> {
  // A command that is given no input has none, under every name of it.
  const child = cells.spawn(view, { ...launch, stdio: launch.stdio ?? ["ignore", "pipe", "pipe"] });
  const output = new Clipped(limits.outputBytesMax);
  child.stdin?.on("error", () => {
    /* the command ended before it read its input */
  });
  child.stdin?.end();
  const take = (chunk: Buffer): void => {
    output.add(chunk);
    limits.onOutput?.(chunk);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);

  let timedOut = false;
  const kill = (): void => killTree(cells, child);
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, limits.timeoutMs);
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  try {
    const { code, endedBy } = await ending(child);
    const { text, cutBytes } = output.read();
    return { exitCode: code, signal: endedBy, timedOut, output: text, cutBytes };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
  }
}

/** Ends a process with all that it started: a cell as a whole, a plain process with its group. */
export function killTree(cells: Pick<Cells, "tier">, child: ChildProcess): void {
  if (cells.tier === "bubblewrap") return killCell(child);
  if (cells.tier === "none" && child.pid !== undefined) sendTo(-child.pid, "SIGKILL");
  child.kill("SIGKILL");
}

function ending(child: ChildProcess): Promise<{ code: number | undefined; endedBy: string | undefined }> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, endedBy) => resolve({ code: code ?? undefined, endedBy: endedBy ?? undefined }));
  });
}

/** Keeps the first and the last half of a limit, so that a flood of output costs no more memory than that. */
class Clipped {
  readonly #half: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #allBytes = 0;

  constructor(bytesMax: number) {
    this.#half = Math.floor(bytesMax / 2);
  }

  add(chunk: Buffer): void {
    this.#allBytes += chunk.length;
    const room = this.#half - this.#headBytes;
    if (room > 0) {
      this.#head.push(chunk.subarray(0, room));
      this.#headBytes += Math.min(room, chunk.length);
    }
    if (chunk.length <= room) return;
    const rest = room > 0 ? chunk.subarray(room) : chunk;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    // Trimmed only now and then, so that many small chunks are not copied over and over.
    if (this.#tailBytes > 2 * this.#half + 65_536) this.#trim();
  }

  read(): { text: string; cutBytes: number } {
    this.#trim();
    const cutBytes = this.#allBytes - this.#headBytes - this.#tailBytes;
    const head = Buffer.concat(this.#head).toString();
    const tail = Buffer.concat(this.#tail).toString();
    return { text: cutBytes > 0 ? `${head}\n[… ${cutBytes} bytes cut …]\n${tail}` : head + tail, cutBytes };
  }

  #trim(): void {
    const all = Buffer.concat(this.#tail);
    const kept = all.subarray(Math.max(0, all.length - this.#half));
    this.#tail = [kept];
    this.#tailBytes = kept.length;
  }
}
