/** The events at which hooks run, what each tells them, and what an answer means there. */
import type { Json, JsonObject } from "@cloister/base";

interface ToolCall {
  readonly tool: string;
  readonly input: JsonObject;
  readonly callId: string;
}

/** Something that hooks are told of. */
export type Occasion =
  | { readonly event: "SessionStart"; readonly source: "startup" | "resume" | "clear" | "compact" | "fork" }
  | { readonly event: "SessionEnd"; readonly reason: string }
  | { readonly event: "UserPromptSubmit"; readonly prompt: string }
  | ({ readonly event: "PreToolUse" } & ToolCall)
  | ({ readonly event: "PermissionRequest" } & ToolCall)
  | ({ readonly event: "PermissionDenied"; readonly reason: string } & ToolCall)
  | ({ readonly event: "PostToolUse"; readonly response: Json; readonly durationMs: number } & ToolCall)
  | ({
      readonly event: "PostToolUseFailure";
      readonly error: string;
      readonly isInterrupt: boolean;
    } & ToolCall)
  | {
      readonly event: "Notification";
      readonly message: string;
      readonly title: string;
      readonly type: string;
    }
  | { readonly event: "SubagentStart"; readonly agentId: string; readonly agentType: string }
  | ({ readonly event: "SubagentStop"; readonly agentId: string; readonly agentType: string } & Stopping)
  | ({ readonly event: "Stop" } & Stopping)
  | { readonly event: "PreCompact"; readonly trigger: "manual" | "auto"; readonly hints: string }
  | { readonly event: "PostCompact"; readonly trigger: "manual" | "auto"; readonly summary: string };

interface Stopping {
  /** Whether a hook has made it go on before. */
  readonly isContinued: boolean;
  readonly lastText: string;
}

export type HookEvent = Occasion["event"];

export interface EventRule {
  /** What an exit code of 2, or `decision: "block"`, does. `nothing`: it is told to the person. */
  readonly onBlock: "refuses" | "tells-model" | "goes-on" | "nothing";
  /** Whether plain text on standard output is for the model. */
  readonly isTextContext: boolean;
}

const tells: EventRule = { onBlock: "nothing", isTextContext: false };
const refuses: EventRule = { onBlock: "refuses", isTextContext: false };

export const hookEvents: Readonly<Record<HookEvent, EventRule>> = {
  SessionStart: { onBlock: "nothing", isTextContext: true },
  SessionEnd: tells,
  UserPromptSubmit: { onBlock: "refuses", isTextContext: true },
  PreToolUse: refuses,
  PermissionRequest: tells,
  PermissionDenied: tells,
  PostToolUse: { onBlock: "tells-model", isTextContext: false },
  PostToolUseFailure: { onBlock: "tells-model", isTextContext: false },
  Notification: tells,
  SubagentStart: tells,
  SubagentStop: { onBlock: "goes-on", isTextContext: false },
  Stop: { onBlock: "goes-on", isTextContext: false },
  PreCompact: refuses,
  PostCompact: tells,
};

export function isHookEvent(name: string): name is HookEvent {
  return Object.hasOwn(hookEvents, name);
}

/** What a matcher is compared with; undefined where the event takes none, and every hook of it runs. */
export function subjectOf(occasion: Occasion): string | undefined {
  switch (occasion.event) {
    case "PreToolUse":
    case "PermissionRequest":
    case "PermissionDenied":
    case "PostToolUse":
    case "PostToolUseFailure":
      return occasion.tool;
    case "SessionStart":
      return occasion.source;
    case "SessionEnd":
      return occasion.reason;
    case "Notification":
      return occasion.type;
    case "SubagentStart":
    case "SubagentStop":
      return occasion.agentType;
    case "PreCompact":
    case "PostCompact":
      return occasion.trigger;
    case "UserPromptSubmit":
    case "Stop":
      return undefined;
  }
}

export interface HookSession {
  readonly sessionId: string;
  /** Absolute; where the session is stored, when it is. */
  readonly transcriptPath: string;
  readonly cwd: string;
  readonly permissionMode: string;
}

/** What a hook reads on its standard input (or as the body of its request), with the names of Claude Code. */
export function hookInput(occasion: Occasion, session: HookSession): JsonObject {
  return {
    session_id: session.sessionId,
    transcript_path: session.transcriptPath,
    cwd: session.cwd,
    permission_mode: session.permissionMode,
    hook_event_name: occasion.event,
    ...ownInput(occasion),
  };
}

function ownInput(occasion: Occasion): JsonObject {
  switch (occasion.event) {
    case "SessionStart":
      return { source: occasion.source };
    case "SessionEnd":
      return { reason: occasion.reason };
    case "UserPromptSubmit":
      return { prompt: occasion.prompt };
    case "PreToolUse":
    case "PermissionRequest":
      return toolInput(occasion);
    case "PermissionDenied":
      return { ...toolInput(occasion), reason: occasion.reason };
    case "PostToolUse":
      return { ...toolInput(occasion), tool_response: occasion.response, duration_ms: occasion.durationMs };
    case "PostToolUseFailure":
      return { ...toolInput(occasion), error: occasion.error, is_interrupt: occasion.isInterrupt };
    case "Notification":
      return { message: occasion.message, title: occasion.title, notification_type: occasion.type };
    case "SubagentStart":
      return { agent_id: occasion.agentId, agent_type: occasion.agentType };
    case "SubagentStop":
      return { agent_id: occasion.agentId, agent_type: occasion.agentType, ...stopInput(occasion) };
    case "Stop":
      return stopInput(occasion);
    case "PreCompact":
      return { trigger: occasion.trigger, custom_instructions: occasion.hints };
    case "PostCompact":
      return { trigger: occasion.trigger, compact_summary: occasion.summary };
  }
}

function toolInput({ tool, input, callId }: ToolCall): JsonObject {
  return { tool_name: tool, tool_input: input, tool_use_id: callId };
}

function stopInput({ isContinued, lastText }: Stopping): JsonObject {
  return { stop_hook_active: isContinued, last_assistant_message: lastText };
}
