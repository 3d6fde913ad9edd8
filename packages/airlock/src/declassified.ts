/** A person's word that an exact text is not what its rules make of it. On record with who gave it, and the text. */
import { sha256 } from "@cloister/base";
import type { Ledger } from "@cloister/ledger";
import type { Seals } from "@cloister/secrets";

export interface Declassified {
  readonly ledger: Ledger;
  readonly texts: readonly string[];
  /** In the log stands a commitment to it; what it says is in the side store, and can be erased there. */
  readonly person: string;
  readonly seals: Pick<Seals, "seal">;
  /** Undefined for all sessions of an airlock. */
  readonly session?: string;
}

/** Durable when it resolves. @throws what the ledger throws */
export async function recordDeclassified(given: Declassified): Promise<void> {
  const { ledger, texts, person, seals, session } = given;
  for (const text of texts) {
    const bytes = Buffer.byteLength(text);
    await ledger.append({
      type: "declassify",
      fields: {
        ...(session === undefined ? {} : { session }),
        bytes,
        sha256: sha256(text).toString("hex"),
      },
      attachments: [
        { type: "person", data: Buffer.from(person), open: {}, hidden: {} },
        { type: "text", data: Buffer.from(seals.seal(text).text), open: { bytes }, hidden: {} },
      ],
    });
  }
}
