/** An index of fingerprints: what a repository is known by, and what it is worth. */
import { CloisterError, isRecord } from "@cloister/base";
import { eachFingerprint, fingerprintsOf } from "./fingerprints.ts";
import { isLabel, type Label } from "./labels.ts";

export interface FingerprintIndex {
  readonly name: string;
  readonly label: Label;
  readonly compartments: readonly string[];
  /** Sorted, each once. */
  readonly prints: Float64Array;
}

export interface IndexBuilder {
  add(text: string): void;
  /** Fingerprints of what is no secret: code that others published too. */
  except(text: string): void;
  build(head: Omit<FingerprintIndex, "prints">): FingerprintIndex;
}

/** So many files may share a run of code before it counts as boilerplate: a licence's head, a generated preamble. */
const SHARED_FILES_MIN = 8;
const SHARED_SHARE = 0.05;

export function createIndexBuilder(): IndexBuilder {
  const files = new Map<number, number>();
  const known = new Set<number>();
  let count = 0;
  return {
    add(text) {
      count += 1;
      for (const print of fingerprintsOf(text)) files.set(print, (files.get(print) ?? 0) + 1);
    },
    except(text) {
      for (const print of fingerprintsOf(text)) known.add(print);
    },
    build(head) {
      const shared = Math.max(SHARED_FILES_MIN, count * SHARED_SHARE);
      const kept = [...files].filter(([print, times]) => times <= shared && !known.has(print));
      return { ...head, prints: Float64Array.from(kept, ([print]) => print).toSorted() };
    },
  };
}

/** Some 200 characters of code, blanks not counted, within what may be a page of it. Fewer may be anybody's idioms, found here and there. */
const MATCHES_MIN = 16;
const SPAN_CHARS = 4000;

/** How many different fingerprints of the index the text holds, when enough of them stand together to be a copy; else 0. */
export function matchIndex(text: string, index: FingerprintIndex): number {
  if (index.prints.length === 0) return 0;
  const found = new Set<number>();
  const recent: { readonly print: number; readonly at: number }[] = [];
  let isCopy = false;
  eachFingerprint(text, (print, at) => {
    if (!holds(index.prints, print)) return;
    found.add(print);
    if (isCopy || recent.some((match) => match.print === print)) return;
    recent.push({ print, at });
    while (recent[0] !== undefined && at - recent[0].at > SPAN_CHARS) recent.shift();
    isCopy = recent.length >= MATCHES_MIN;
  });
  return isCopy ? found.size : 0;
}

function holds(prints: Float64Array, print: number): boolean {
  let low = 0;
  let high = prints.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = prints[middle] as number;
    if (at === print) return true;
    if (at < print) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

const MAGIC = "cloister fingerprints v1";
const HEAD_BYTES_MAX = 10_000;

/** One line that names the format, one of JSON, then the fingerprints as little-endian doubles. */
export function encodeIndex({ name, label, compartments, prints }: FingerprintIndex): Uint8Array {
  const head = JSON.stringify({ name, label, compartments, count: prints.length });
  const bytes = new TextEncoder().encode(`${MAGIC}\n${head}\n`);
  const file = new Uint8Array(bytes.length + prints.length * 8);
  file.set(bytes);
  const view = new DataView(file.buffer, bytes.length);
  prints.forEach((print, at) => view.setFloat64(at * 8, print, true));
  return file;
}

/** @throws CloisterError `bad-fingerprints`: an index that cannot be read would recognise nothing, in silence. */
export function decodeIndex(file: Uint8Array, path: string): FingerprintIndex {
  const text = new TextDecoder("latin1").decode(file.subarray(0, HEAD_BYTES_MAX));
  const [magic, json = ""] = text.split("\n", 2);
  const start = MAGIC.length + json.length + 2;
  const head = magic === MAGIC ? readHead(file.subarray(MAGIC.length + 1, start - 1)) : undefined;
  if (head === undefined || file.length !== start + head.count * 8) {
    throw new CloisterError(`${path} is no whole fingerprint index`, {
      code: "bad-fingerprints",
      next: "make it again with: cloister policy fingerprint REPO --label LABEL",
    });
  }
  const view = new DataView(file.buffer, file.byteOffset + start);
  const prints = Float64Array.from({ length: head.count }, (_, at) => view.getFloat64(at * 8, true));
  return { name: head.name, label: head.label, compartments: head.compartments, prints };
}

function readHead(bytes: Uint8Array): (Omit<FingerprintIndex, "prints"> & { count: number }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // reported by the caller, with the file's name
  }
  if (!isRecord(value)) return undefined;
  const { name, label, compartments, count } = value;
  const isWhole =
    typeof name === "string" &&
    typeof label === "string" &&
    isLabel(label) &&
    Array.isArray(compartments) &&
    compartments.every((item) => typeof item === "string") &&
    typeof count === "number" &&
    Number.isSafeInteger(count) &&
    count >= 0;
  return isWhole ? { name, label, compartments, count } : undefined;
}
