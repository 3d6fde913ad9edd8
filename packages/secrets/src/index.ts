export { findSecrets } from "./find.ts";
export type { Finding, SecretKind } from "./finding.ts";
export { hasPlaceholder } from "./placeholder.ts";
export { createSeals } from "./seals.ts";
export type { SealedSecret, SealedText, Seals, UnsealedText, WithheldSecret } from "./seals.ts";
