/** What a hook is told of an occasion, with the names of Claude Code. */
import type { JsonObject } from "@cloister/base";
import type { Occasion, Stopping, ToolCall } from "./events.ts";

export interface HookSession {
  readonly sessionId: string;
  /** Absolute; where the session is stored, when it is. */
  readonly transcriptPath: string;
  readonly cwd: string;
  readonly permissionMode: string;
}

/** The subagent in whose conversation something happens. */
export interface HookCaller {
  readonly id: string;
  readonly type: string;
}

/** What a hook reads on its standard input, or as the body of its request. */
export function hookInput(occasion: Occasion, session: HookSession, caller?: HookCaller): JsonObject {
  return {
    session_id: session.sessionId,
    transcript_path: session.transcriptPath,
    cwd: session.cwd,
    permission_mode: session.permissionMode,
    hook_event_name: occasion.event,
    ...(caller === undefined ? {} : { agent_id: caller.id, agent_type: caller.type }),
    ...ownInput(occasion),
  };
}

function ownInput(occasion: Occasion): JsonObject {
  switch (occasion.event) {
    case "SessionStart":
      return { source: occasion.source };
    case "SessionEnd":
      return { reason: occasion.reason };
    case "InstructionsLoaded":
      return {
        file_path: occasion.path,
        memory_type: occasion.memory,
        load_reason: occasion.reason,
        ...(occasion.globs === undefined ? {} : { globs: occasion.globs }),
        ...(occasion.parent === undefined ? {} : { parent_file_path: occasion.parent }),
      };
    case "UserPromptSubmit":
      return { prompt: occasion.prompt };
    case "UserPromptExpansion":
      return {
        command_name: occasion.command,
        command_args: occasion.args,
        command_source: occasion.source,
        prompt: occasion.prompt,
      };
    case "PreToolUse":
    case "PermissionRequest":
      return toolInput(occasion);
    case "PermissionDenied":
      return { ...toolInput(occasion), reason: occasion.reason };
    case "PostToolUse":
      return { ...toolInput(occasion), tool_response: occasion.response, duration_ms: occasion.durationMs };
    case "PostToolUseFailure":
      return { ...toolInput(occasion), error: occasion.error, is_interrupt: occasion.isInterrupt };
    case "PostToolBatch":
      return {
        tool_calls: occasion.calls.map((call) => ({ ...toolInput(call), tool_response: call.response })),
      };
    case "Notification":
      return { message: occasion.message, title: occasion.title, notification_type: occasion.type };
    case "SubagentStart":
      return { agent_id: occasion.agentId, agent_type: occasion.agentType };
    case "SubagentStop":
      return { agent_id: occasion.agentId, agent_type: occasion.agentType, ...stopInput(occasion) };
    case "Stop":
      return stopInput(occasion);
    case "StopFailure":
      return { error: occasion.error, error_details: occasion.details };
    case "PreCompact":
      return { trigger: occasion.trigger, custom_instructions: occasion.hints };
    case "PostCompact":
      return { trigger: occasion.trigger, compact_summary: occasion.summary };
    case "Elicitation":
      return {
        mcp_server_name: occasion.server,
        message: occasion.message,
        requested_schema: occasion.schema,
      };
    case "ElicitationResult":
      return { mcp_server_name: occasion.server, action: occasion.action, content: occasion.content };
  }
}

function toolInput({ tool, input, callId }: ToolCall): JsonObject {
  return { tool_name: tool, tool_input: input, tool_use_id: callId };
}

function stopInput({ isContinued, lastText }: Stopping): JsonObject {
  return { stop_hook_active: isContinued, last_assistant_message: lastText };
}
