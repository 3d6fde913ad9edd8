/** `--observe FILE`: what the command did, as JSON lines in a file of the user's. */
import { closeSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { CloisterError, systemCodeOf } from "@cloister/base";
import { createObserver, type ObservationKind, type Tier } from "@cloister/cell";
import type { Environment } from "./environment.ts";
import { createPaint } from "./print/style.ts";

export interface ObservationFile {
  readonly through: readonly string[];
  readonly follow: (report: Readable) => Promise<void>;
}

const FILE_BYTES_MAX = 512 * 1024 * 1024;
const GATHERED_CHARS_MAX = 65_536;

/** @throws CloisterError `usage`, `observe-unavailable`, `bad-path`; all before anything runs */
export function openObservation(file: string, tier: Tier, environment: Environment): ObservationFile {
  if (tier === "none") {
    throw new CloisterError("what has no cell is not observed", {
      code: "usage",
      next: "do without --observe, or without --tier none",
    });
  }
  const counts = new Map<ObservationKind, number>();
  const lines = new Lines(resolve(environment.directory, file));
  const observer = createObserver({
    onObservation: (observation) => {
      counts.set(observation.kind, (counts.get(observation.kind) ?? 0) + 1);
      lines.add(JSON.stringify(observation));
    },
  });
  return {
    through: observer.through,
    follow: async (report) => {
      const { isCut } = await observer.follow(report);
      lines.close(isCut);
      const paint = createPaint(environment.colour && environment.stderr.isTTY);
      const told = Array.from(counts, ([kind, count]) => `${count} ${kind}`).join(", ");
      const cut = isCut || lines.isCut ? "; more than the limit, the rest is missing" : "";
      const text = `observed ${told === "" ? "nothing" : told}${cut} → ${file}`;
      environment.stderr.write(`cloister: ${paint("dim", text)}\n`);
    },
  };
}

/** Gathered before they are written: a line by itself costs a system call. */
class Lines {
  isCut = false;
  readonly #descriptor: number;
  #gathered = "";
  #bytes = 0;

  constructor(path: string) {
    try {
      // Arguments of programs may hold secrets: for its owner only.
      this.#descriptor = openSync(path, "w", 0o600);
    } catch (cause) {
      throw new CloisterError(`--observe ${path}: it cannot be written (${systemCodeOf(cause) ?? "?"})`, {
        code: "bad-path",
        next: "name a file in a folder where you may write",
        cause,
      });
    }
  }

  add(line: string): void {
    if (this.#bytes + this.#gathered.length > FILE_BYTES_MAX) this.isCut = true;
    else this.#gathered += `${line}\n`;
    if (this.#gathered.length > GATHERED_CHARS_MAX) this.#flush();
  }

  close(isCut: boolean): void {
    if (isCut || this.isCut) this.#gathered += '{"kind":"cut"}\n';
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#gathered);
    for (let put = 0; put < bytes.length;) put += writeSync(this.#descriptor, bytes, put);
    this.#bytes += bytes.length;
    this.#gathered = "";
  }
}
