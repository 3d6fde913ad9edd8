// The ledger as its users see it: entries in, receipts out, and one sync for all that arrived during the last one.
import { canonicalJson, CloisterError, timestamp } from "@cloister/base";
import type { Clock, JsonObject } from "@cloister/base";
import { realDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";
import { ledgerError } from "./errors.ts";
import { createFolders, found } from "./found.ts";
import type { Founded } from "./found.ts";
import { limits } from "./limits.ts";
import { openLock } from "./lock.ts";
import type { WriterLock } from "./lock.ts";
import { prepareParts } from "./parts.ts";
import type { Attachment } from "./parts.ts";
import { placesOf } from "./places.ts";
import { takeRandom } from "./random.ts";
import { openSideStore } from "./side-store.ts";
import type { SideStore } from "./side-store.ts";
import { openWal } from "./wal.ts";
import type { Receipt, Wal } from "./wal.ts";

export interface Entry {
  /** Dotted, such as `exposure.intent`. */
  readonly type: string;
  /** Public for ever: no personal data, no paths, no free text. Keys `v`, `t`, `ts`, `n` and `parts` are taken. */
  readonly fields: JsonObject;
  readonly attachments?: readonly Attachment[];
  /** What is erased together, such as a person or a project. Default `default`. */
  readonly group?: string;
  /** Nobody waits for it: it may wait up to 100 ms for others, and share their write and sync. Default false. */
  readonly patient?: boolean;
}

/** The record that the airlock keeps. Any number of processes may have the same directory open and append to it. */
export interface Ledger {
  /** The public key as text, `name+hash+base64`: all that a verifier needs besides the log. */
  readonly verifierKey: string;
  readonly origin: string;
  readonly directory: string;
  /**
   * Resolves only once the entry would survive a power cut. Concurrent calls share a batch. Attachments are stored
   * before the entry and survive the end of the process; after a power cut the last of them may be missing.
   * @throws CloisterError `entry-too-large`, `entry-not-canonical`, `entry-field-reserved`: nothing was written;
   * `ledger-busy`, `ledger-write-failed`, `ledger-read-failed`, `side-write-failed`, `ledger-overloaded`,
   * `ledger-closed`: not recorded as far as one can tell, try again; `ledger-broken`, `ledger-shortened`: alarms, final.
   */
  append(entry: Entry): Promise<Receipt>;
  /** Waits for what is pending; releases files. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  /** Created, 0700, with keys and files when absent. */
  readonly directory: string;
  /** Name of a new log, for ever; must fit that of an existing one. Default: a random name. */
  readonly origin?: string;
  readonly clock: Clock;
  readonly disk?: Disk;
  /** Default 256 MiB. */
  readonly segmentBytesMax?: number;
  /** Contents larger than this lie in files of their own. Default 64 KiB. */
  readonly inlineBytesMax?: number;
}

/** @throws CloisterError `ledger-open-failed` and the codes of `Ledger.append`, `found`. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const places = placesOf(options.directory);
  let lock: WriterLock | undefined;
  let wal: Wal | undefined;
  try {
    createFolders(options.directory, places);
    lock = openLock(places.lock, options.clock);
    await lock.acquire();
    try {
      const founded = found(places, options.origin);
      const {
        disk = realDisk,
        segmentBytesMax = limits.segmentBytesMax,
        inlineBytesMax = limits.inlineBytesMax,
      } = options;
      wal = openWal({ places, founded, disk, segmentBytesMax });
      await wal.catchUp();
      await wal.write([]);
      wal.publish();
      const side = openSideStore(places, inlineBytesMax);
      return createLedger({ options, founded, lock, wal, side });
    } finally {
      lock.release();
    }
  } catch (error) {
    await wal?.close();
    lock?.close();
    if (error instanceof CloisterError) throw error;
    throw ledgerError("ledger-open-failed", `the ledger in ${options.directory} cannot be opened`, error);
  }
}

interface Pending {
  readonly body: Buffer;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

function createLedger(made: {
  readonly options: LedgerOptions;
  readonly founded: Founded;
  readonly lock: WriterLock;
  readonly wal: Wal;
  readonly side: SideStore;
}): Ledger {
  const { lock, wal, side } = made;
  const { clock, directory } = made.options;
  const { verifier } = made.founded;
  const pending: Pending[] = [];
  let closed = false;
  const closing = new AbortController();
  let draining: Promise<void> | undefined;
  /** Somebody waits for the next batch, or its time has come. */
  let isDue = false;
  let isWaitingForCompany = false;
  let isPublishingLater = false;
  let publishedAt = Number.NEGATIVE_INFINITY;

  function begin(): void {
    isDue = true;
    draining ??= drain();
  }

  /** Writes batches until nobody waits. It never rejects: every failure goes to those whose entries it concerns. */
  async function drain(): Promise<void> {
    let since = clock.now();
    while (isDue) {
      await commitBatch();
      if (isDue && clock.now() - since > limits.turnMs) {
        // Others poll for the lock; without a pause this process would hold it all but a few microseconds of the time.
        await clock.sleep(limits.yieldMs);
        since = clock.now();
      }
    }
    // In the same tick as the check above, so that no append falls between.
    draining = undefined;
    if (pending.length > 0) void waitForCompany();
  }

  async function commitBatch(): Promise<void> {
    let batch: Pending[] = [];
    try {
      await lock.acquire();
      let receipts: Receipt[];
      try {
        await wal.catchUp();
        // Taken only now: the batch is what has arrived while this process waited.
        batch = takeBatch(pending);
        isDue = pending.length > 0;
        receipts = await wal.write(batch.map((item) => item.body));
        publishNowAndThen();
      } finally {
        lock.release();
      }
      for (const [position, item] of batch.entries()) item.resolve(receipts[position] as Receipt);
    } catch (error) {
      const failure =
        error instanceof CloisterError
          ? error
          : ledgerError("ledger-read-failed", "the ledger could not be read or locked", error);
      if (batch.length === 0) isDue = false;
      for (const item of batch.length > 0 ? batch : pending.splice(0)) item.reject(failure);
    }
  }

  /** A patient entry that nobody joins is written in the end. */
  async function waitForCompany(): Promise<void> {
    if (isWaitingForCompany) return;
    isWaitingForCompany = true;
    await clock.sleep(limits.patienceMs, closing.signal).catch(() => undefined); // closing ends the waiting
    isWaitingForCompany = false;
    if (pending.length > 0) begin();
  }

  /** A copy of each checkpoint would cost more than its batch. */
  function publishNowAndThen(): void {
    if (closed || clock.now() - publishedAt >= limits.publishMs) {
      publishedAt = clock.now();
      wal.publish();
    } else if (wal.isUnpublished && !isPublishingLater) {
      void publishLater();
    }
  }

  async function publishLater(): Promise<void> {
    isPublishingLater = true;
    await clock.sleep(limits.publishMs, closing.signal).catch(() => undefined); // closing publishes by itself
    isPublishingLater = false;
    if (closed || !wal.isUnpublished) return;
    publishedAt = Number.NEGATIVE_INFINITY;
    begin();
  }

  return {
    verifierKey: verifier.text,
    origin: verifier.name,
    directory,
    async append(entry) {
      if (closed) throw ledgerError("ledger-closed", "the ledger is closed");
      if (pending.length >= limits.pendingEntriesMax) {
        throw ledgerError("ledger-overloaded", `${pending.length} entries wait to be written`);
      }
      const { parts, records } = prepareParts(entry.attachments ?? []);
      const body = bodyOf(entry, { ts: timestamp(clock), parts });
      // Before the entry: a crash between the two leaves an orphan, never an entry whose content is missing.
      if (records.length > 0) side.put(records, entry.group ?? "default");
      return new Promise((resolve, reject) => {
        pending.push({ body, resolve, reject });
        if (entry.patient === true) void waitForCompany();
        else begin();
      });
    },
    async close() {
      if (closed) return;
      closed = true;
      closing.abort();
      if (pending.length > 0 || wal.isUnpublished) begin();
      await draining;
      await wal.close();
      side.close();
      lock.close();
    },
  };
}

/** The oldest entries that fit into one batch; at least one. */
function takeBatch(pending: Pending[]): Pending[] {
  let count = 0;
  let bytes = 0;
  for (const { body } of pending.slice(0, limits.batchEntriesMax)) {
    bytes += body.length;
    if (count > 0 && bytes > limits.batchBytesMax) break;
    count += 1;
  }
  return pending.splice(0, count);
}

const reserved = ["v", "t", "ts", "n", "parts"];

function bodyOf(entry: Entry, made: { readonly ts: string; readonly parts: readonly JsonObject[] }): Buffer {
  const taken = reserved.find((name) => Object.hasOwn(entry.fields, name));
  if (taken !== undefined) {
    throw ledgerError("entry-field-reserved", `the field ${taken} belongs to the ledger`);
  }
  const body = encodeBody({
    ...entry.fields,
    v: 1,
    t: entry.type,
    ts: made.ts,
    // Two equal entries are two leaves, and a leaf hash confirms no guess of a short body.
    n: takeRandom(16).toString("base64url"),
    ...(made.parts.length > 0 ? { parts: made.parts } : {}),
  });
  if (body.length > limits.bodyBytesMax) {
    throw ledgerError(
      "entry-too-large",
      `an entry of ${body.length} B; the limit is ${limits.bodyBytesMax} B`,
    );
  }
  return body;
}

function encodeBody(body: JsonObject): Buffer {
  try {
    return Buffer.from(canonicalJson(body));
  } catch (cause) {
    throw ledgerError("entry-not-canonical", "a field of the entry has no canonical form", cause);
  }
}
