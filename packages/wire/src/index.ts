export { NEWS_COMMENT, readAnswer, STATUS_COMMENT } from "./answer.ts";
export type { AnswerEvent } from "./answer.ts";
export type { RawCall } from "./calls.ts";
export { errorText } from "./chat.ts";
export type { FinishReason, ChatMessage, ChatTool, Provenance, SourceKind, Usage } from "./chat.ts";
export { guardCall } from "./guard.ts";
export type { Guarded, GuardCause, OfferedTool } from "./guard.ts";
export { formatSse, readSse } from "./sse.ts";
export type {
  AnswerContext,
  DoorError,
  FormatOptions,
  OpenThought,
  Protocol,
  ProtocolName,
  StreamWriter,
} from "./protocols/protocol.ts";
export type {
  AnsweredBy,
  AnswerFormat,
  CloisterExtension,
  CodeNotice,
  Frame,
  Loss,
  Part,
  ReadingProgress,
  ReasoningEffort,
  RefusalCause,
  RefusedCall,
  Sampling,
  SignedThought,
  TurnEvent,
  TurnItem,
  TurnRequest,
  TurnTool,
} from "./turn.ts";
export { aliasesOf, unaliasCall } from "./families/aliases.ts";
export { familyOf } from "./families/families.ts";
export type { Family } from "./families/family.ts";
export { neutralise, restoreNeutral } from "./families/neutralise.ts";
export { shapeForFamily } from "./families/shape.ts";
export { simplifyTools } from "./families/simple-schema.ts";
export { chatProtocol } from "./protocols/chat/chat.ts";
export { messagesProtocol } from "./protocols/messages/messages.ts";
export { parseCountTokens, writeCountTokens } from "./protocols/messages/parse.ts";
export { writeModels } from "./protocols/models.ts";
export type { ListedModel } from "./protocols/models.ts";
export { responsesProtocol } from "./protocols/responses/responses.ts";
export { innerCallOf, USE_TOOL } from "./use-tool.ts";
export type { InnerCall } from "./use-tool.ts";
export { createRecovery } from "./recovery.ts";
export type { Recovery, RecoveryOptions } from "./recovery.ts";
