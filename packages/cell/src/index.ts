export { openCells } from "./cells.ts";
export type { Cells, CellsOptions } from "./cells.ts";
export { missingGuarded, removeMountPoints } from "./guard.ts";
export { killTree, runInCell } from "./run.ts";
export type { RunLimits, RunResult } from "./run.ts";
export { findToolchains } from "./toolchains.ts";
export type { Toolchains } from "./toolchains.ts";
export type { CellView, Launch, SocketBinding, Tier } from "./view.ts";
