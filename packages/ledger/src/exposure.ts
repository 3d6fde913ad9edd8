// Which bytes of which file went to which endpoint: the ledger's answer to the question it is kept for.
import type { Json, JsonObject } from "@cloister/base";
import { isJsonObject } from "./object.ts";
import { mergeRanges } from "./ranges.ts";
import type { LineRange } from "./ranges.ts";
import { readEntries } from "./read.ts";
import { openSide } from "./side-read.ts";
import type { SideReader } from "./side-read.ts";

/** How a request ended; `unknown`: there is no result, the process ended before it came. */
export type Outcome = "answered" | "failed" | "cancelled" | "refused-by-server" | "unknown";

/** Plain JSON. Bytes are those of content recorded as new; what a client sent again later counts once. */
export interface ExposureReport {
  /** The session asked for; null for all. */
  readonly session: string | null;
  /** Entries read, of any type. */
  readonly entries: number;
  /** Exposure entries without an endpoint or an id: not of this product's making, counted nowhere else. */
  readonly malformed: number;
  readonly endpoints: readonly EndpointExposure[];
}

export interface EndpointExposure {
  readonly id: string;
  readonly url: string;
  readonly clearance: string;
  readonly operator: string;
  readonly requests: number;
  readonly bytes: number;
  readonly bytesIn: number;
  /** Times of the first and the last request. */
  readonly first: string;
  readonly last: string;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Requests by model and by label. */
  readonly models: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, number>>;
  /** Secrets replaced by placeholders before sending, by kind. */
  readonly sealed: Readonly<Record<string, number>>;
  readonly sources: Readonly<Record<string, Tally>>;
  /** By path. */
  readonly files: readonly FileExposure[];
  /** Parts that were sent, but whose files cannot be named any more. Their bytes are in `bytes` and `sources`. */
  readonly withheld: Readonly<Record<"erased" | "missing" | "unreadable", Tally>>;
}

export interface Tally {
  readonly parts: number;
  readonly bytes: number;
}

export interface FileExposure {
  readonly path: string;
  readonly ranges: readonly LineRange[];
  /** Of parts that showed this file alone. */
  readonly bytes: number;
  /** Of parts that showed several files at once, such as a search; what share is this file's is not known. */
  readonly bytesShared: number;
  /** In how many parts it was shown. */
  readonly shown: number;
  readonly first: string;
  readonly last: string;
  readonly sealed: Readonly<Record<string, number>>;
}

/**
 * Reads the whole log once; memory grows with the number of files shown, not with the log. It does not verify.
 * @throws CloisterError `entry-unreadable`
 */
export async function exposureReport(options: {
  readonly directory: string;
  readonly session?: string;
}): Promise<ExposureReport> {
  const side = openSide(options.directory);
  const endpoints = new Map<string, EndpointTally>();
  /** Requests without a result so far, by the index of their intent. */
  const waiting = new Map<number, EndpointTally>();
  let entries = 0;
  let malformed = 0;
  try {
    for await (const { index, body } of readEntries(options.directory)) {
      entries += 1;
      if (body["t"] === "exposure.result") {
        settle(waiting, body);
        continue;
      }
      if (body["t"] !== "exposure.intent") continue;
      if (options.session !== undefined && body["session"] !== options.session) continue;
      const endpoint = objectOf(body["endpoint"]);
      if (textOf(endpoint["id"]) === "") {
        malformed += 1;
        continue;
      }
      const tally = tallyFor(endpoints, endpoint);
      addIntent(tally, body, side);
      waiting.set(index, tally);
    }
  } finally {
    side.close();
  }
  for (const tally of waiting.values()) count(tally.outcomes, "unknown", 1);
  return {
    session: options.session ?? null,
    entries,
    malformed,
    endpoints: [...endpoints.values()].map(finish),
  };
}

interface MutableTally {
  parts: number;
  bytes: number;
}

interface FileTally {
  ranges: LineRange[];
  bytes: number;
  bytesShared: number;
  shown: number;
  readonly first: string;
  last: string;
  readonly sealed: Map<string, number>;
}

interface EndpointTally {
  readonly name: Pick<EndpointExposure, "id" | "url" | "clearance" | "operator">;
  requests: number;
  bytes: number;
  bytesIn: number;
  readonly first: string;
  last: string;
  readonly outcomes: Map<string, number>;
  readonly models: Map<string, number>;
  readonly labels: Map<string, number>;
  readonly sealed: Map<string, number>;
  readonly sources: Map<string, MutableTally>;
  readonly files: Map<string, FileTally>;
  readonly withheld: Record<"erased" | "missing" | "unreadable", MutableTally>;
}

/** One tally for each endpoint as it was configured: another address or clearance is another line of the report. */
function tallyFor(endpoints: Map<string, EndpointTally>, endpoint: JsonObject): EndpointTally {
  const [id, url] = [textOf(endpoint["id"]), textOf(endpoint["url"])];
  const [clearance, operator] = [textOf(endpoint["clearance"]), textOf(endpoint["operator"])];
  const key = JSON.stringify([id, url, clearance, operator]);
  const known = endpoints.get(key);
  if (known !== undefined) return known;
  const tally: EndpointTally = {
    name: { id, url, clearance, operator },
    requests: 0,
    bytes: 0,
    bytesIn: 0,
    first: "",
    last: "",
    outcomes: new Map(),
    models: new Map(),
    labels: new Map(),
    sealed: new Map(),
    sources: new Map(),
    files: new Map(),
    withheld: { erased: none(), missing: none(), unreadable: none() },
  };
  endpoints.set(key, tally);
  return tally;
}

function addIntent(tally: EndpointTally, body: JsonObject, side: SideReader): void {
  const at = textOf(body["ts"]);
  tally.requests += 1;
  Object.assign(tally, { first: earlier(tally.first, at), last: later(tally.last, at) });
  count(tally.models, textOf(body["model"]), 1);
  count(tally.labels, textOf(body["label"]), 1);
  for (const item of listOf(body["parts"])) addPart(tally, { part: objectOf(item), at }, side);
}

function addPart(
  tally: EndpointTally,
  shown: { readonly part: JsonObject; readonly at: string },
  side: SideReader,
): void {
  const { part, at } = shown;
  const bytes = numberOf(part["bytes"]);
  const sealed = objectOf(part["sealed"]);
  tally.bytes += bytes;
  addTo(entryOf(tally.sources, textOf(part["source"]), none), bytes);
  for (const [kind, times] of Object.entries(sealed)) count(tally.sealed, kind, numberOf(times));

  const opened = side.openHidden(part);
  if (opened.kind !== "open") {
    addTo(tally.withheld[opened.kind], bytes);
    return;
  }
  const paths = new Map<string, LineRange[]>();
  for (const item of listOf(opened.hidden["sources"])) {
    const source = objectOf(item);
    const ranges = entryOf(paths, textOf(source["path"]), () => []);
    ranges.push({ from: numberOf(source["from"]), to: numberOf(source["to"]) });
  }
  for (const [path, ranges] of paths) {
    const file = entryOf(tally.files, path, () => newFile(at));
    file.ranges = mergeRanges([...file.ranges, ...ranges]);
    file[paths.size === 1 ? "bytes" : "bytesShared"] += bytes;
    file.shown += 1;
    Object.assign(file, { first: earlier(file.first, at), last: later(file.last, at) });
    for (const [kind, times] of Object.entries(sealed)) count(file.sealed, kind, numberOf(times));
  }
}

function settle(waiting: Map<number, EndpointTally>, result: JsonObject): void {
  const intent = numberOf(result["intent"], -1);
  const tally = waiting.get(intent);
  // Of another session, or a second result: the first one stands.
  if (tally === undefined) return;
  waiting.delete(intent);
  count(tally.outcomes, textOf(result["outcome"]), 1);
  tally.bytesIn += numberOf(result["bytesIn"]);
}

function finish(tally: EndpointTally): EndpointExposure {
  const outcomes = { answered: 0, failed: 0, cancelled: 0, "refused-by-server": 0, unknown: 0 };
  const files: FileExposure[] = [];
  for (const [path, file] of tally.files) {
    files.push({ path, ...file, sealed: Object.fromEntries(file.sealed) });
  }
  return {
    ...tally.name,
    requests: tally.requests,
    bytes: tally.bytes,
    bytesIn: tally.bytesIn,
    first: tally.first,
    last: tally.last,
    outcomes: { ...outcomes, ...Object.fromEntries(tally.outcomes) },
    models: Object.fromEntries(tally.models),
    labels: Object.fromEntries(tally.labels),
    sealed: Object.fromEntries(tally.sealed),
    sources: Object.fromEntries(tally.sources),
    files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    withheld: tally.withheld,
  };
}

function newFile(at: string): FileTally {
  return { ranges: [], bytes: 0, bytesShared: 0, shown: 0, first: at, last: at, sealed: new Map() };
}

function none(): MutableTally {
  return { parts: 0, bytes: 0 };
}

function addTo(tally: MutableTally, bytes: number): void {
  tally.parts += 1;
  tally.bytes += bytes;
}

function count(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

// Times are compared, not the order of entries: several processes append, and clocks are set back.
function earlier(known: string, at: string): string {
  return known === "" || at < known ? at : known;
}

function later(known: string, at: string): string {
  return at > known ? at : known;
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: Json | undefined, otherwise = 0): number {
  return typeof value === "number" ? value : otherwise;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
