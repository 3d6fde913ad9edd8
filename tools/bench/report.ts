// Figures and how they are shown: medians, ratios, plain tables, and the machine they were taken on.
import { cpus, loadavg, release, totalmem } from "node:os";

export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  /** Processes that wanted a core in the minute before. Above 0.3 or so, others were at work. */
  readonly loadBefore: number;
}

export function describeMachine(now: Date): Machine {
  const processors = cpus();
  return {
    date: now.toISOString().slice(0, 10),
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

export function formatMachine(machine: Machine): string {
  const { date, processor, cores, memoryGb, kernel, node, loadBefore } = machine;
  return `${date}, ${cores} cores (${processor}), ${memoryGb} GB, Linux ${kernel}, Node ${node}, load before ${loadBefore}`;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Between the two nearest ranks where none is exact. NaN without values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** `2.3×`; a dash where there is nothing to compare with. */
export function ratio(value: number, base: number): string {
  const quotient = value / base;
  return Number.isFinite(quotient) ? `${quotient.toFixed(quotient < 10 ? 1 : 0)}×` : "–";
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** A Markdown table whose columns stand in line; the first is a name, the others are figures. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(" | ")} |`;
  const rule = widths.map(
    (width, column) => "-".repeat(width - (column === 0 ? 0 : 1)) + (column === 0 ? "" : ":"),
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
