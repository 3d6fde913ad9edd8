/** What the door of Messages reads and does not carry on. */
import { CloisterError, isRecord } from "@cloister/base";
import type { Loss } from "../../turn.ts";

/** Fields with a known meaning that no answer depends on. All others may matter: nobody here knows them. */
const HARMLESS: ReadonlyMap<string, string> = new Map([
  ["cache_control", "the model server decides what it keeps"],
  ["caller", "calls come from the model alone"],
  ["citations", "citations are not made here"],
  ["context_management", "the client keeps its own history"],
  ["defer_loading", "every tool is offered at once"],
  ["display", "thinking is shown as it comes"],
  ["eager_input_streaming", "a call is passed on when it is whole"],
  ["inference_geo", "the policy decides where a request goes"],
  ["media_type", "text is text"],
  ["metadata", "personal names of session and user stay here"],
  ["service_tier", "the policy decides about precedence"],
  ["tags", "they were for another gateway"],
]);

export type Fields = Readonly<Record<string, unknown>>;

/** Records every field beside the known ones. Null is absence. */
export function noteUnknown(
  fields: Fields,
  known: readonly string[],
  place: { readonly path: string; readonly losses: Loss[] },
): void {
  for (const [name, value] of Object.entries(fields)) {
    if (known.includes(name) || value === null || value === undefined) continue;
    const reason = HARMLESS.get(name);
    place.losses.push({
      path: place.path === "" ? name : `${place.path}.${name}`,
      reason: reason ?? "no other protocol has this field",
      severity: reason === undefined ? "semantic" : "cosmetic",
    });
  }
}

export function badRequest(path: string, fault: string, next?: string): CloisterError {
  return new CloisterError(`${path}: ${fault}`, {
    code: "bad-request",
    next: next ?? "correct the field and send the request again",
  });
}

export function toFields(value: unknown, path: string): Fields {
  if (!isRecord(value)) throw badRequest(path, "must be an object");
  return value;
}

export function toList(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badRequest(path, "must be a list");
  return value;
}

export function toText(value: unknown, path: string): string {
  if (typeof value !== "string") throw badRequest(path, "must be a string");
  return value;
}

/** Undefined for null, too: clients write it for "not given". */
export function optionalNumber(value: unknown, path: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw badRequest(path, "must be a number");
  return value;
}
