/** What of a conversation was looked at before: each part is looked at once, when it is new. */
import { isRecord, sha256, type Json, type JsonObject } from "@cloister/base";
import type { Protocol } from "@cloister/wire";
import type { CallAbout } from "./calls.ts";

export interface Reading {
  readonly calls: Map<string, CallAbout>;
  /** The items and fields of the request that were not there before. */
  fresh(request: JsonObject, door: Protocol): JsonObject[];
}

const REMEMBERED_MAX = 100_000;

export function createReading(): Reading {
  const items = new WeakSet<object>();
  // Clients build their items anew, and change one field for all of them.
  const digests = new Set<string>();
  const fields = new Map<string, Json | undefined>();

  const isNew = (item: JsonObject): boolean => {
    if (items.has(item)) return false;
    items.add(item);
    const digest = sha256(JSON.stringify(item)).toString("base64");
    if (digests.has(digest)) return false;
    if (digests.size < REMEMBERED_MAX) digests.add(digest);
    return true;
  };

  return {
    calls: new Map(),
    fresh(request, door) {
      const changed: Record<string, Json> = {};
      const list: JsonObject[] = [];
      for (const [name, value] of Object.entries(request)) {
        if (name === door.itemsField && Array.isArray(value)) {
          list.push(...(value as readonly Json[]).map((item) => (isRecord(item) ? item : { text: item })));
        } else if (fields.get(name) !== value) {
          fields.set(name, value);
          changed[name] = value;
        }
      }
      const fresh = list.filter(isNew);
      // What stands before the conversation, and the tools.
      return Object.keys(changed).length > 0 && isNew(changed) ? [changed, ...fresh] : fresh;
    },
  };
}
