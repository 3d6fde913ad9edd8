// Opening what stands beside an entry, and holding it against the commitments in the leaf.
import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "@cloister/base";
import type { JsonObject } from "@cloister/base";
import { limits } from "./limits.ts";
import { isJsonObject } from "./object.ts";
import { commitData, commitHidden } from "./parts.ts";
import { placesOf } from "./places.ts";
import { deriveKeys, unseal } from "./seal.ts";
import type { SideKeys } from "./seal.ts";
import { blobPath } from "./side-store.ts";

/** Why the side of a part cannot be shown. */
export type Withheld =
  | { readonly kind: "erased"; readonly at: string | undefined }
  /** Never stored here: another machine's log, or lost in a power cut. */
  | { readonly kind: "missing" }
  /** Stored, but damaged, altered, or under another key. */
  | { readonly kind: "unreadable"; readonly why: string };

export type OpenedPart =
  | { readonly kind: "open"; readonly type: string; readonly data: Buffer; readonly hidden: JsonObject }
  | Withheld;

export type OpenedHidden = { readonly kind: "open"; readonly hidden: JsonObject } | Withheld;

export interface SideReader {
  /** The content and the hidden fields of one item of an entry's `parts`, both proven by the leaf. Never throws. */
  open(part: JsonObject): OpenedPart;
  /** The hidden fields alone, without reading the content. Never throws. */
  openHidden(part: JsonObject): OpenedHidden;
  close(): void;
}

interface Row {
  readonly commitment: string;
  readonly type: string;
  readonly blob: string;
  readonly salt: Uint8Array;
  readonly hiddenSalt: Uint8Array;
  readonly hidden: Uint8Array;
  readonly groupKey: Uint8Array;
  readonly group: string;
  readonly blobKey: Uint8Array | undefined;
}

/** Reads only. A directory without a side store, such as one handed to an auditor, has all parts `missing`. */
export function openSide(directory: string): SideReader {
  const places = placesOf(directory);
  if (!existsSync(places.sideRecords)) {
    return {
      open: () => ({ kind: "missing" }),
      openHidden: () => ({ kind: "missing" }),
      close: () => undefined,
    };
  }
  const keys = existsSync(places.sideKey) ? deriveKeys(readFileSync(places.sideKey)) : undefined;
  const database = new DatabaseSync(places.sideRecords, { readOnly: true, timeout: limits.sideBusyMs });
  const selectContent = hasContents(database)
    ? database.prepare("SELECT data FROM contents WHERE id = ?")
    : undefined;
  const select = database.prepare(
    `SELECT parts.*, groups.key AS group_key, blobs.key AS blob_key FROM parts
     LEFT JOIN groups ON groups.name = parts.group_name LEFT JOIN blobs ON blobs.id = parts.blob
     WHERE commitment = ?`,
  );

  function lookUp(part: JsonObject): Row | Withheld {
    const commitment = part["c"];
    if (typeof commitment !== "string") return { kind: "missing" };
    const row = select.get(commitment);
    if (row === undefined) return { kind: "missing" };
    const {
      salt,
      hidden_salt: hiddenSalt,
      hidden,
      group_key: groupKey,
      blob_key: blobKey,
      erased_at: at,
    } = row;
    if (at !== null || !isBytes(salt) || !isBytes(hiddenSalt) || !isBytes(hidden) || !isBytes(groupKey)) {
      return { kind: "erased", at: typeof at === "string" ? at : undefined };
    }
    const [type, blob, group] = [String(row["type"]), String(row["blob"]), String(row["group_name"])];
    return {
      commitment,
      type,
      blob,
      group,
      salt,
      hiddenSalt,
      hidden,
      groupKey,
      blobKey: isBytes(blobKey) ? blobKey : undefined,
    };
  }

  /** Where it lies depends on its size, and on the version that wrote it. */
  function sealedContent(id: string): Uint8Array | undefined {
    const inline = selectContent?.get(id)?.["data"];
    if (isBytes(inline)) return inline;
    const path = blobPath(places, id);
    return existsSync(path) ? readFileSync(path) : undefined;
  }

  function hiddenOf(part: JsonObject, row: Row, group: Buffer): JsonObject {
    const text = unseal(group, row.hidden, row.commitment).toString();
    const promised = part["h"];
    const made =
      text === "{}" ? undefined : commitHidden({ hiddenSalt: Buffer.from(row.hiddenSalt), hidden: text });
    if (made !== promised) throw new Error("the hidden fields are not those of the entry");
    const hidden: unknown = JSON.parse(text);
    if (!isJsonObject(hidden)) throw new Error("the hidden fields are no object");
    return hidden;
  }

  function guarded<T>(part: JsonObject, read: (row: Row, group: Buffer) => T): T | Withheld {
    try {
      const row = lookUp(part);
      if ("kind" in row) return row;
      return read(row, groupKeyOf(row, keys));
    } catch (error) {
      return { kind: "unreadable", why: messageOf(error) };
    }
  }

  return {
    open: (part) =>
      guarded<OpenedPart>(part, (row, group) => {
        const hidden = hiddenOf(part, row, group);
        const sealed = row.blobKey === undefined ? undefined : sealedContent(row.blob);
        if (row.blobKey === undefined || sealed === undefined) return { kind: "missing" };
        const data = unseal(unseal(group, row.blobKey, row.blob), sealed, row.blob);
        if (commitData({ type: row.type, salt: Buffer.from(row.salt), data }) !== part["c"]) {
          return { kind: "unreadable", why: "the content is not that of the entry" };
        }
        return { kind: "open", type: row.type, data, hidden };
      }),
    openHidden: (part) =>
      guarded<OpenedHidden>(part, (row, group) => ({ kind: "open", hidden: hiddenOf(part, row, group) })),
    close: () => database.close(),
  };
}

/** A store that no writer of this version has opened yet has no such table. */
function hasContents(database: DatabaseSync): boolean {
  const find = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'contents'");
  return find.get() !== undefined;
}

function groupKeyOf(row: Row, keys: SideKeys | undefined): Buffer {
  if (keys === undefined) throw new Error("side.key is not here");
  return unseal(keys.wrapping, row.groupKey, `group ${row.group}`);
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}
