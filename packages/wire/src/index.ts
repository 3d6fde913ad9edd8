export { readAnswer, STATUS_COMMENT } from "./answer.ts";
export type { AnswerEvent, FinishReason } from "./answer.ts";
export { CallAssembler } from "./calls.ts";
export type { RawCall } from "./calls.ts";
export { errorText, parseChatChunk, parseChatMessage } from "./chat.ts";
export type {
  CallFragment,
  ChatChunk,
  ChatMessage,
  ChatTool,
  Provenance,
  SourceKind,
  Usage,
} from "./chat.ts";
export { guardCall } from "./guard.ts";
export type { Guarded, GuardCause, OfferedTool } from "./guard.ts";
export { formatSse, readSse } from "./sse.ts";
export type { SseEvent } from "./sse.ts";
