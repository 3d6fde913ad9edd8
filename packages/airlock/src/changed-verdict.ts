/** The cell's side of `changed-call.ts`. */
import { isRecord, type JsonObject } from "@cloister/base";

export type ChangedVerdict = { readonly kind: "pass" } | { readonly kind: "deny"; readonly why: string };

/** As it comes back over the socket: what is no verdict is a "no". */
export function readChangedVerdict(value: unknown): ChangedVerdict {
  if (isRecord(value) && value["kind"] === "pass") return { kind: "pass" };
  const why =
    isRecord(value) && typeof value["why"] === "string" ? value["why"] : "the keeper gave no answer";
  return { kind: "deny", why };
}

/** What the agent sends. */
export function formatChangedCall({
  id,
  name,
  args,
}: {
  readonly id: string;
  readonly name: string;
  readonly args: JsonObject;
}): Uint8Array {
  return Buffer.from(JSON.stringify({ id, name, arguments: args }));
}
