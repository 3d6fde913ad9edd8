/** What a server asks the person, with hooks before the question and behind the answer. */
import { isRecord, type JsonObject } from "@cloister/base";
import type { Elicited } from "../extension/hooks/outcome.ts";
import type { HookPoints } from "../hook-points.ts";
import type { ToolWorld } from "../tools/tool.ts";
import { answerElicitation } from "./elicitation.ts";
import { textOf } from "./names.ts";

export type ElicitationHooks = Pick<HookPoints, "answersServer" | "elicitation" | "elicitationResult">;

interface ElicitationWorld {
  readonly question?: ToolWorld["question"];
  readonly elicitation?: { readonly server: string; readonly hooks: () => ElicitationHooks };
}

/** The result of `elicitation/create`. A hook may answer a form, never an address that a server wants opened. */
export async function answerWithHooks(
  params: JsonObject,
  { question, elicitation }: ElicitationWorld,
  signal: AbortSignal,
): Promise<JsonObject> {
  const isForm = params["mode"] === undefined || params["mode"] === "form";
  if (elicitation === undefined || !isForm) return answerElicitation(params, question, signal);
  const { server } = elicitation;
  const hooks = elicitation.hooks();
  const schema = isRecord(params["requestedSchema"]) ? params["requestedSchema"] : {};
  const message = textOf(params["message"]);
  const given = await hooks.elicitation({ server, message, schema }, signal);
  const answer = given === undefined ? await answerElicitation(params, question, signal) : toResult(given);
  const about = { server, action: textOf(answer["action"]), content: answer["content"] ?? {} };
  const changed = await hooks.elicitationResult(about, signal);
  // Who only says that it is fine has not said what is to be told.
  if (changed === undefined) return answer;
  return toResult({ ...changed, content: changed.content ?? asRecord(answer["content"]) });
}

function asRecord(value: unknown): JsonObject | undefined {
  return isRecord(value) ? (value as JsonObject) : undefined;
}

function toResult({ action, content }: Elicited): JsonObject {
  return action === "accept" ? { action, content: content ?? {} } : { action };
}
