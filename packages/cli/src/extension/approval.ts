/**
 * Whether the scripts of a project are still the bytes that a person approved. They were compared when the session began;
 * whatever runs in the workspace since may have changed them, and what was approved is these bytes and no others.
 */
import { listTrustItems, trustDigest, type TrustItem } from "@cloister/agent/extensions";
import type { OpenedExtensions } from "./open.ts";

export type Approval = () => Promise<boolean>;

export function createApproval({
  items,
  world,
  extensions,
}: Pick<OpenedExtensions, "items" | "world" | "extensions">): Approval {
  const approved = digestOf(items);
  return async () => digestOf(await listTrustItems(world, extensions)) === approved;
}

function digestOf(items: readonly TrustItem[]): string {
  return trustDigest(items.filter(({ kind }) => kind === "script"));
}
