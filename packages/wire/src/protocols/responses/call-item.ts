import { isRecord, type JsonObject } from "@cloister/base";
import type { RawCall } from "../../calls.ts";
import type { TurnTool } from "../../turn.ts";
import { bridgedFields, bridgeOf } from "./bridges.ts";
import { isCustom } from "./tools.ts";

export interface CallItem {
  readonly begun: JsonObject;
  readonly done: JsonObject;
  /** What is streamed between the two; built-in calls have no such events. */
  readonly pieces:
    | { readonly type: string; readonly field: "arguments" | "input"; readonly text: string }
    | undefined;
}

/** A call in the words of the tool that the client offered: function, namespace, custom or built-in (R2). */
export function callItem(
  call: RawCall,
  tool: TurnTool | undefined,
  { base, index }: { readonly base: string; readonly index: number },
): CallItem {
  const call_id = call.id === "" ? `call_${base}_${index}` : call.id;
  const door = tool?.door;
  const name = door?.kind === "namespace" ? door.inner : call.name;
  const place = door?.kind === "namespace" ? { namespace: door.namespace } : {};

  const bridge = tool === undefined ? undefined : bridgeOf(tool);
  const fields = bridge === undefined ? undefined : bridgedFields(bridge, parsed(call.arguments));
  if (bridge !== undefined && fields !== undefined) {
    const item = { id: `${bridge.tool}_${base}_${index}`, type: bridge.callType, call_id, ...fields };
    return {
      begun: { ...item, status: "in_progress" },
      done: { ...item, status: "completed" },
      pieces: undefined,
    };
  }
  if (tool !== undefined && isCustom(tool)) {
    const input = customInput(call.arguments);
    const item = { id: `ctc_${base}_${index}`, type: "custom_tool_call", call_id, name, ...place };
    return {
      begun: { ...item, status: "in_progress", input: "" },
      done: { ...item, status: "completed", input },
      pieces: { type: "response.custom_tool_call_input", field: "input", text: input },
    };
  }
  // G6: no arguments at all are an empty object; clients of this protocol parse what they get.
  const text = call.arguments.trim() === "" ? "{}" : call.arguments;
  const item = { id: `fc_${base}_${index}`, type: "function_call", call_id, name, ...place };
  return {
    begun: { ...item, status: "in_progress", arguments: "" },
    done: { ...item, status: "completed", arguments: text },
    pieces: { type: "response.function_call_arguments", field: "arguments", text },
  };
}

/** A model that wrote the input itself instead of an object around it meant just that. */
function customInput(text: string): string {
  const args = parsed(text);
  return isRecord(args) && typeof args["input"] === "string" ? args["input"] : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the callers have a form for arguments that are none
  }
}
