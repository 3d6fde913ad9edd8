import type { Provenance } from "@cloister/wire";

/** One piece of what will be shown: an item of the conversation, or the fields with the tools. */
export interface Part {
  readonly bytes: Buffer;
  readonly provenance: Provenance;
  /** How many secrets of each kind were sealed in it. */
  readonly sealed: Readonly<Record<string, number>>;
}
