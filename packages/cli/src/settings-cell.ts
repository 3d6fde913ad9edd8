/** The part `cell` of the user's settings: what every cell shows and allows. A project has no say in it. */
import { isRecord, messageOf, type CloisterError } from "@cloister/base";
import { parseSize, type CellWishes, type SessionReview } from "./cell-arguments.ts";

export interface CellSettings {
  readonly wishes: CellWishes;
  readonly tier?: "bubblewrap" | "none";
  /** How sessions and `cloister cell` treat what was changed; without it, changes are made in place. */
  readonly review?: SessionReview;
}

const lists = ["read", "write", "hide", "show", "allow"] as const;
const known = [...lists, "unix", "caches", "memory", "processes", "tier", "review"];
const PROCESSES_MAX_MAX = 1_000_000;

/** `fail` makes the error that names the file. */
export function readCellSettings(value: unknown, fail: (why: string) => CloisterError): CellSettings {
  if (!isRecord(value)) throw fail('"cell" must be an object');
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) throw fail(`"cell" has no "${name}"; it has ${known.join(", ")}`);
  }
  const wishes: Record<string, unknown> = {};
  for (const name of lists) {
    const list = value[name];
    if (list === undefined) continue;
    if (!isListOfText(list)) {
      throw fail(`"${name}" must be a list of ${name === "allow" ? "hosts" : "paths"}`);
    }
    wishes[name] = list;
  }
  const { unix, caches, memory, processes, tier, review } = value;
  if (unix !== undefined) wishes["unix"] = choice(unix, "unix", ["none", "inside"], fail);
  if (caches !== undefined) {
    wishes["caches"] = choice(caches, "caches", ["private", "read-only", "shared"], fail);
  }
  if (memory !== undefined) wishes["memoryBytes"] = sizeOf(memory, fail);
  if (processes !== undefined) {
    const isCount = typeof processes === "number" && Number.isInteger(processes);
    if (!isCount || processes < 1 || processes > PROCESSES_MAX_MAX) {
      throw fail(`"processes" must be a whole number from 1 to ${PROCESSES_MAX_MAX}`);
    }
    wishes["processesMax"] = processes;
  }
  return {
    wishes,
    ...(tier === undefined ? {} : { tier: choice(tier, "tier", ["bubblewrap", "none"], fail) }),
    ...(review === undefined ? {} : reviewOf(review, fail)),
  };
}

function reviewOf(value: unknown, fail: (why: string) => CloisterError): { review?: SessionReview } {
  if (value === false) return {};
  if (value === true) return { review: "ask" };
  return { review: choice(value, "review", ["ask", "promote", "discard", "keep", "show"], fail) };
}

function sizeOf(value: unknown, fail: (why: string) => CloisterError): number {
  try {
    return parseSize('"memory"', String(value));
  } catch (error) {
    throw fail(`${messageOf(error)}; it is a size such as "512M" or "2G"`);
  }
}

function choice<T extends string>(
  value: unknown,
  name: string,
  allowed: readonly T[],
  fail: (why: string) => CloisterError,
): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw fail(`"${name}" must be one of ${allowed.join(", ")}`);
  return found;
}

function isListOfText(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
