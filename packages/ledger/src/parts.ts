// What goes beside an entry. The leaf holds salted commitments; content and private fields go to the side store.
import { canonicalJson, sha256 } from "@cloister/base";
import type { JsonObject } from "@cloister/base";
import { ledgerError } from "./errors.ts";
import { takeRandom } from "./random.ts";

export interface Attachment {
  /** Part of the commitment, such as `text`. No zero byte. */
  readonly type: string;
  /** The content, already free of secrets. */
  readonly data: Uint8Array;
  /** Public fields beside the commitment (size, label, source, …): no personal data. Keys `c` and `h` are taken. */
  readonly open: JsonObject;
  /** Private fields (path, line range, command, …), encrypted with the content, committed to on their own. */
  readonly hidden: JsonObject;
}

/** What the side store keeps of an attachment. Without the salts the commitments confirm no guess. */
export interface SideRecord {
  readonly commitment: string;
  readonly type: string;
  readonly salt: Buffer;
  readonly data: Uint8Array;
  readonly hiddenSalt: Buffer;
  readonly hidden: string;
}

/**
 * The leaf's `parts` (`c` commits to the data, `h` to the hidden fields if there are any, then the open fields) and
 * what they commit to. Two commitments under two salts, so that either can be shown to somebody without the other.
 */
export function prepareParts(attachments: readonly Attachment[]): {
  readonly parts: readonly JsonObject[];
  readonly records: readonly SideRecord[];
} {
  const parts: JsonObject[] = [];
  const records: SideRecord[] = [];
  for (const { type, data, open, hidden } of attachments) {
    if (Object.hasOwn(open, "c") || Object.hasOwn(open, "h")) {
      throw ledgerError("entry-field-reserved", "the fields c and h of a part belong to the ledger");
    }
    const record: SideRecord = {
      commitment: "",
      type,
      salt: takeRandom(32),
      data,
      hiddenSalt: takeRandom(32),
      hidden: canonicalHidden(hidden),
    };
    const commitment = commitData(record);
    parts.push({ ...open, c: commitment, ...(record.hidden === "{}" ? {} : { h: commitHidden(record) }) });
    records.push({ ...record, commitment });
  }
  return { parts, records };
}

export function commitData(record: Pick<SideRecord, "type" | "salt" | "data">): string {
  return commit(record.type, record.salt, record.data);
}

export function commitHidden(record: Pick<SideRecord, "hiddenSalt" | "hidden">): string {
  return commit("hidden", record.hiddenSalt, record.hidden);
}

/** SHA-256("cloister/commit/v1" ‖ 0x00 ‖ type ‖ 0x00 ‖ r ‖ SHA-256(data)), base64url. */
function commit(type: string, salt: Uint8Array, data: Uint8Array | string): string {
  return sha256(`cloister/commit/v1\0${type}\0`, salt, sha256(data)).toString("base64url");
}

function canonicalHidden(hidden: JsonObject): string {
  try {
    return canonicalJson(hidden);
  } catch (cause) {
    throw ledgerError("entry-not-canonical", "a hidden field has no canonical form", cause);
  }
}
