export { formatBytes, newId, sha256 } from "./bytes.ts";
export { systemClock, timestamp } from "./clock.ts";
export type { Clock } from "./clock.ts";
export { CloisterError, formatError, messageOf, systemCodeOf } from "./errors.ts";
export type { ErrorDetail } from "./errors.ts";
export { GrowingBytes } from "./growing.ts";
export { canonicalJson, isRecord, parseJson } from "./json.ts";
export type { Json, JsonObject } from "./json.ts";
export { readLines } from "./lines.ts";
