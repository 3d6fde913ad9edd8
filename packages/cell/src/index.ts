export { findCaches } from "./caches.ts";
export type { Caches } from "./caches.ts";
export { censusOf, compareCensus, quarantine } from "./census.ts";
export type { Census, Finding } from "./census.ts";
export { openCells } from "./cells.ts";
export type { Cells, CellsOptions } from "./cells.ts";
export { examineHost } from "./examine.ts";
export type { ExamineOptions, HostCheck, HostExamination } from "./examine.ts";
export { missingGuarded, removeMountPoints } from "./guard.ts";
export { maskedNames } from "./guarded-names.ts";
export { hiddenPaths, openHidden, openHiddenRule } from "./hide.ts";
export type { Hidden, HiddenPath, HideOptions } from "./hide.ts";
export { openCellNetwork } from "./network-namespace.ts";
export type { CellConnection } from "./network-connector.ts";
export type { CellListener, CellNetwork, CellNetworkOptions } from "./network-namespace.ts";
export { createObserver } from "./observe.ts";
export type { Observer, ObserverOptions } from "./observe.ts";
export type { Observation, ObservationKind } from "./observe-parse.ts";
export { openFolder } from "./open-folder.ts";
export type { OpenFolder } from "./open-folder.ts";
export { openOverlay } from "./overlay.ts";
export type { Overlay, OverlayOptions, SharedOverlay } from "./overlay.ts";
export type { Change } from "./overlay-change.ts";
export { promote } from "./overlay-promote.ts";
export type { PromoteOptions, Promoted } from "./overlay-promote.ts";
export type { StreamOf } from "./pipes.ts";
export { saveGuarded } from "./save-guarded.ts";
export type { GuardedSave, GuardedSaved } from "./save-guarded.ts";
export { signalCommand } from "./signal.ts";
export { killTree, runInCell } from "./run.ts";
export type { RunLimits, RunResult } from "./run.ts";
export { inTerminal, resizeTerminal } from "./terminal.ts";
export { findToolchains } from "./toolchains.ts";
export type { Toolchains } from "./toolchains.ts";
export type {
  CellLimits,
  CellView,
  Launch,
  NetworkNamespace,
  SocketBinding,
  StdioOption,
  Tier,
} from "./view.ts";
