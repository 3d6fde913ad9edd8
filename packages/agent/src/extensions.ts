/** What the keeper needs to read and choose what developers bring, without the turn loop: its start must not wait for that. */
export { chooseExtensions, readExtensions } from "./extension/extensions.ts";
export type { ChosenExtensions, Extensions } from "./extension/extensions.ts";
export { formatInstructionFiles } from "./extension/instruction-files.ts";
export type {
  ExtensionPlaces,
  ExtensionReader,
  ExtensionWorld,
  FolderEntry,
  Loss,
  Origin,
  Scope,
} from "./extension/reader.ts";
export type { Hook } from "./extension/hooks/definition.ts";
export { readPlugin } from "./extension/plugins.ts";
export type { Plugin } from "./extension/plugins.ts";
export { compareTrust, countItems, listTrustItems, trustDigest } from "./extension/trust.ts";
export type { TrustChange, TrustItem, TrustRecord, TrustState } from "./extension/trust.ts";
