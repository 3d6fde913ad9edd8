import { isRecord } from "@cloister/base";
import type { JsonObject } from "@cloister/base";

/** Whether what `JSON.parse` gave is an object: everything in it is JSON then. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isRecord(value);
}
