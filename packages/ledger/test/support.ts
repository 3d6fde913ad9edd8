import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { systemClock } from "@cloister/base";
import type { Clock } from "@cloister/base";
import { openLedger } from "../src/index.ts";
import type { Disk, Ledger } from "../src/index.ts";

/** A folder of its own for a test, gone afterwards. */
export function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "cloister-ledger-"));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A clock that a test moves; waiting for another process is still real. */
export function fixedClock(at: string): Clock & { set(at: string): void } {
  let now = Date.parse(at);
  return {
    now: () => now,
    sleep: async (ms, signal) => systemClock.sleep(ms, signal),
    set(next) {
      now = Date.parse(next);
    },
  };
}

export async function openTestLedger(
  directory: string,
  options: { readonly disk?: Disk; readonly segmentBytesMax?: number; readonly inlineBytesMax?: number } = {},
): Promise<Ledger> {
  return openLedger({
    directory,
    origin: "example.org/test",
    clock: fixedClock("2026-07-01T08:00:00Z"),
    ...options,
  });
}

/** A log of so many entries, each in a batch of its own, closed again. */
export async function writeLog(directory: string, entries: number): Promise<void> {
  const ledger = await openTestLedger(directory);
  for (let number = 0; number < entries; number += 1) {
    await ledger.append({ type: "test", fields: { number } });
  }
  await ledger.close();
}

export function firstSegment(directory: string): string {
  return join(directory, "log", "wal", "000000000000");
}

export function linesOf(path: string): string[] {
  return readFileSync(path, "latin1").split("\n").slice(0, -1);
}

export function checkpointCount(directory: string): number {
  const wal = join(directory, "log", "wal");
  return readdirSync(wal)
    .flatMap((name) => linesOf(join(wal, name)))
    .filter((line) => line.startsWith("C ")).length;
}
