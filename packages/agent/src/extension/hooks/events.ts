/** The events at which hooks run, and what an answer means there. */
import type { Json, JsonObject } from "@cloister/base";
import { absentEvents } from "./absent-events.ts";

export interface ToolCall {
  readonly tool: string;
  readonly input: JsonObject;
  readonly callId: string;
}

/** Something that hooks are told of. */
export type Occasion =
  | { readonly event: "SessionStart"; readonly source: "startup" | "resume" | "clear" | "compact" | "fork" }
  | { readonly event: "SessionEnd"; readonly reason: string }
  | {
      readonly event: "InstructionsLoaded";
      readonly path: string;
      readonly memory: "User" | "Project" | "Local" | "Managed";
      readonly reason: "session_start" | "include" | "nested_traversal" | "path_glob_match";
      readonly globs?: readonly string[];
      /** The file that imports it. */
      readonly parent?: string;
    }
  | { readonly event: "UserPromptSubmit"; readonly prompt: string }
  | {
      readonly event: "UserPromptExpansion";
      readonly command: string;
      readonly args: string;
      /** Whose it is: `user`, `project`, `plugin`, `managed`. */
      readonly source: string;
      readonly prompt: string;
    }
  | ({ readonly event: "PreToolUse" } & ToolCall)
  | ({ readonly event: "PermissionRequest" } & ToolCall)
  | ({ readonly event: "PermissionDenied"; readonly reason: string } & ToolCall)
  | ({ readonly event: "PostToolUse"; readonly response: Json; readonly durationMs: number } & ToolCall)
  | ({
      readonly event: "PostToolUseFailure";
      readonly error: string;
      readonly isInterrupt: boolean;
    } & ToolCall)
  /** All calls of one answer, with their results. */
  | { readonly event: "PostToolBatch"; readonly calls: readonly (ToolCall & { readonly response: Json })[] }
  | {
      readonly event: "Notification";
      readonly message: string;
      readonly title: string;
      readonly type: string;
    }
  | { readonly event: "SubagentStart"; readonly agentId: string; readonly agentType: string }
  | ({ readonly event: "SubagentStop"; readonly agentId: string; readonly agentType: string } & Stopping)
  | ({ readonly event: "Stop" } & Stopping)
  | { readonly event: "StopFailure"; readonly error: string; readonly details: string }
  | { readonly event: "PreCompact"; readonly trigger: "manual" | "auto"; readonly hints: string }
  | { readonly event: "PostCompact"; readonly trigger: "manual" | "auto"; readonly summary: string }
  | {
      readonly event: "Elicitation";
      readonly server: string;
      readonly message: string;
      readonly schema: Json;
    }
  | {
      readonly event: "ElicitationResult";
      readonly server: string;
      readonly action: string;
      readonly content: Json;
    };

export interface Stopping {
  /** Whether a hook has made it go on before. */
  readonly isContinued: boolean;
  readonly lastText: string;
}

export type HookEvent = Occasion["event"];

export interface EventRule {
  /** What an exit code of 2, or `decision: "block"`, does. `nothing`: it is told to the person. */
  readonly onBlock: "refuses" | "tells-model" | "goes-on" | "ends" | "nothing";
  /** Whether plain text on standard output is for the model. */
  readonly isTextContext: boolean;
}

const tells: EventRule = { onBlock: "nothing", isTextContext: false };
const refuses: EventRule = { onBlock: "refuses", isTextContext: false };

export const hookEvents: Readonly<Record<HookEvent, EventRule>> = {
  SessionStart: { onBlock: "nothing", isTextContext: true },
  SessionEnd: tells,
  InstructionsLoaded: tells,
  UserPromptSubmit: { onBlock: "refuses", isTextContext: true },
  UserPromptExpansion: { onBlock: "refuses", isTextContext: true },
  PreToolUse: refuses,
  PermissionRequest: tells,
  PermissionDenied: tells,
  PostToolUse: { onBlock: "tells-model", isTextContext: false },
  PostToolUseFailure: { onBlock: "tells-model", isTextContext: false },
  PostToolBatch: { onBlock: "ends", isTextContext: false },
  Notification: tells,
  SubagentStart: tells,
  SubagentStop: { onBlock: "goes-on", isTextContext: false },
  Stop: { onBlock: "goes-on", isTextContext: false },
  StopFailure: tells,
  PreCompact: refuses,
  PostCompact: tells,
  Elicitation: refuses,
  ElicitationResult: refuses,
};

/** Why a hook of this event would never run; undefined for those above. */
export function whyAbsent(name: string): string | undefined {
  if (isHookEvent(name)) return undefined;
  return Object.hasOwn(absentEvents, name) ? absentEvents[name] : "no such event happens here";
}

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
    case "InstructionsLoaded":
      return occasion.reason;
    case "UserPromptExpansion":
      return occasion.command;
    case "StopFailure":
      return occasion.error;
    case "Elicitation":
    case "ElicitationResult":
      return occasion.server;
    case "UserPromptSubmit":
    case "PostToolBatch":
    case "Stop":
      return undefined;
  }
}
