export { findSecrets } from "./find.ts";
export type { FindOptions } from "./find.ts";
export { isPersonal } from "./finding.ts";
export type { Finding, SecretKind } from "./finding.ts";
export { importRules } from "./foreign-rules.ts";
export type { ForeignRules, ImportedRules } from "./foreign-rules.ts";
export { createKnownSecrets } from "./known-secrets.ts";
export type { KnownSecrets } from "./known-secrets.ts";
export { hasPlaceholder } from "./placeholder.ts";
export { createSeals } from "./seals.ts";
export type {
  KeptSecret,
  SealedSecret,
  SealedText,
  Seals,
  ShownStream,
  UnsealedText,
  WithheldSecret,
} from "./seals.ts";
