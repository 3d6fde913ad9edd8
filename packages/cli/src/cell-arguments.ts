/** The command line of `cloister cell`. What follows `--` is the command's own and is not looked at. */
import { parseArgs } from "node:util";
import { messageOf } from "@cloister/base";
import type { Caches } from "@cloister/cell";
import { oneOf, usage, wholeNumber } from "./option-values.ts";

export interface CellRunArguments {
  readonly command: "cell";
  readonly argv: readonly string[];
  readonly workspace: string | undefined;
  readonly wishes: CellWishes;
  readonly tier: "bubblewrap" | "none" | undefined;
  readonly observe: string | undefined;
  readonly review: Review | undefined;
  readonly promoteGuarded: boolean;
  readonly timeoutMs: number | undefined;
  readonly ledger: string | undefined;
  readonly publish: readonly Publish[];
}

/** A port of the cell's loopback, and that of this machine's through which a person reaches it. */
export interface Publish {
  readonly inside: number;
  readonly outside: number;
}

/** What a cell shows and allows beyond its defaults; by flags, and by the user's settings, which are added up. */
export interface CellWishes {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly hide?: readonly string[];
  /** What a rule would hide and a person shows, as patterns of gitignore(5). */
  readonly show?: readonly string[];
  readonly allow?: readonly string[];
  readonly unix?: "none" | "inside";
  /** What commands see of the package caches in the home. */
  readonly caches?: Caches;
  readonly memoryBytes?: number;
  readonly processesMax?: number;
}

/** `ask` shows the changes and asks on the terminal. */
export type Review = "ask" | "promote" | "discard" | "show";

/** `keep` leaves what a session wrote aside, to be looked at later. */
export type SessionReview = Review | "keep";

const sessionReviews = ["ask", "promote", "discard", "keep", "show"] as const;

/** `--review` alone asks. @throws CloisterError `usage` */
export function toSessionReview(text: string): SessionReview {
  return text === "" ? "ask" : oneOf("--review", text, sessionReviews);
}

/** About what a session left aside: `promote` takes it over into the project. */
export interface CellReviewArguments {
  readonly command: "cell-review";
  readonly do: "list" | "show" | "promote" | "discard";
  readonly id: string;
  readonly promoteGuarded: boolean;
  readonly ledger: string | undefined;
}

export type CellArguments =
  | CellRunArguments
  | CellReviewArguments
  | { readonly command: "cell-doctor"; readonly json: boolean };

export const cellOptions = {
  workspace: { type: "string" },
  read: { type: "string", multiple: true },
  write: { type: "string", multiple: true },
  hide: { type: "string", multiple: true },
  show: { type: "string", multiple: true },
  publish: { type: "string", multiple: true },
  allow: { type: "string", multiple: true },
  unix: { type: "string" },
  memory: { type: "string" },
  processes: { type: "string" },
  timeout: { type: "string" },
  tier: { type: "string" },
  observe: { type: "string" },
  review: { type: "boolean" },
  "promote-guarded": { type: "boolean" },
  ledger: { type: "string" },
  json: { type: "boolean" },
} as const;

const tiers = ["bubblewrap", "none"] as const;
const reviews = ["ask", "promote", "discard", "show"] as const;
const form = "cloister cell [OPTIONS] -- COMMAND…";
const PROCESSES_MAX_MAX = 1_000_000;
const TIMEOUT_S_MAX = 7 * 24 * 3600;

/** @throws CloisterError `usage` */
export function parseCellArguments(argv: readonly string[]): CellArguments {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const command = end === -1 ? [] : argv.slice(end + 1);
  const { values, positionals } = parse(own);
  if (positionals[0] === "doctor" && positionals.length === 1 && end === -1) {
    return { command: "cell-doctor", json: values.json === true };
  }
  if (positionals[0] === "review" && end === -1) {
    return toReview(positionals.slice(1), values["promote-guarded"] === true, values.ledger);
  }
  if (positionals[0] !== undefined) throw usage(`the command stands after --: ${positionals[0]}`, form);
  if (command.length === 0) throw usage("no command given", `${form}, or cloister cell doctor`);
  const review = reviewOf(own);
  if (values["promote-guarded"] === true && review === undefined) {
    throw usage("--promote-guarded is about what a review found", "add --review");
  }
  return {
    command: "cell",
    argv: command,
    workspace: values.workspace,
    wishes: toWishes(values),
    tier: values.tier === undefined ? undefined : oneOf("--tier", values.tier, tiers),
    observe: values.observe,
    review,
    promoteGuarded: values["promote-guarded"] === true,
    timeoutMs:
      values.timeout === undefined
        ? undefined
        : 1000 * wholeNumber("--timeout", values.timeout, 1, TIMEOUT_S_MAX),
    ledger: values.ledger,
    publish: (values.publish ?? []).map(toPublish),
  };
}

const reviewForm = "cloister cell review [list | show ID | promote ID [--promote-guarded] | discard ID]";

function toReview(
  [what = "list", id = "", ...rest]: readonly string[],
  promoteGuarded: boolean,
  ledger: string | undefined,
): CellReviewArguments {
  const deed = oneOf("cell review", what, ["list", "show", "promote", "discard"]);
  if (rest.length > 0 || (id === "") !== (deed === "list")) {
    throw usage(`cell review ${deed} needs ${deed === "list" ? "no ID" : "one ID"}`, reviewForm);
  }
  return { command: "cell-review", do: deed, id, promoteGuarded, ledger };
}

const PORT_MAX = 65_535;

/** `3000`, or `3000:8080` for port 8080 of this machine; `3000:0` for one of the kernel's choice. */
function toPublish(text: string): Publish {
  const [inside = "", outside = inside, ...rest] = text.split(":");
  if (rest.length > 0) throw usage(`--publish cannot be "${text}"`, "PORT, or PORT:PORT_OUTSIDE");
  return {
    inside: wholeNumber("--publish", inside, 1, PORT_MAX),
    outside: wholeNumber("--publish", outside, 0, PORT_MAX),
  };
}

type Values = ReturnType<typeof parse>["values"];

/** `--review=X` is taken out first: parseArgs has no option whose value may be left out. */
function parse(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof cellOptions; allowPositionals: true }>> {
  const args = argv.map((text) => (text.startsWith("--review=") ? "--review" : text));
  try {
    return parseArgs({ args, options: cellOptions, allowPositionals: true });
  } catch (error) {
    throw usage(messageOf(error), form);
  }
}

function reviewOf(argv: readonly string[]): Review | undefined {
  const found = argv.findLast((text) => text === "--review" || text.startsWith("--review="));
  if (found === undefined) return undefined;
  if (found === "--review") return "ask";
  return oneOf("--review", found.slice("--review=".length), reviews);
}

function toWishes(values: Values): CellWishes {
  return {
    read: values.read ?? [],
    write: values.write ?? [],
    hide: values.hide ?? [],
    show: values.show ?? [],
    allow: values.allow ?? [],
    ...(values.unix === undefined ? {} : { unix: oneOf("--unix", values.unix, ["none", "inside"]) }),
    ...(values.memory === undefined ? {} : { memoryBytes: parseSize("--memory", values.memory) }),
    ...(values.processes === undefined
      ? {}
      : { processesMax: wholeNumber("--processes", values.processes, 1, PROCESSES_MAX_MAX) }),
  };
}

const units: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `512M`, `2G`: powers of 1024. @throws CloisterError `usage` */
export function parseSize(option: string, text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,12})([kmgt]?)i?b?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN);
  if (digits !== "" && bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw usage(`${option} cannot be "${text}"`, "it is a size such as 512M or 2G");
}
