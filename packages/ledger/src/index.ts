export { realDisk } from "./disk.ts";
export type { Disk } from "./disk.ts";
export { exposureReport } from "./exposure.ts";
export type { EndpointExposure, ExposureReport, FileExposure, Outcome, Tally } from "./exposure.ts";
export { openLedger } from "./ledger.ts";
export type { Entry, Ledger, LedgerOptions } from "./ledger.ts";
export { openNote, parseVerifierKey, signCheckpoint } from "./note.ts";
export type { Checkpoint, OpenedNote, Verifier } from "./note.ts";
export type { Attachment } from "./parts.ts";
export type { LineRange } from "./ranges.ts";
export { readEntries } from "./read.ts";
export type { ReadEntry } from "./read.ts";
export { seal, sealBytes, unseal } from "./seal.ts";
export { openSide } from "./side-read.ts";
export type { OpenedHidden, OpenedPart, SideReader, Withheld } from "./side-read.ts";
export { eraseSide } from "./side-store.ts";
export {
  consistencyProof,
  createFrontier,
  inclusionProof,
  leafHash,
  nodeHash,
  rangesOf,
  verifyConsistency,
  verifyInclusion,
} from "./tree.ts";
export type { Frontier, RangeHash } from "./tree.ts";
export { verifyLedger } from "./verify.ts";
export type { Verification } from "./verify.ts";
export type { Receipt } from "./wal.ts";
