/**
 * What a message to somebody other than a model holds. A conversation's label rises with what is shown to a model; a
 * hook hears of a result before that, and an agent that was taken over may say what no model was ever shown.
 */
import { isRecord, parseJson, type JsonObject } from "@cloister/base";
import { joinClassifications, type Classification } from "@cloister/policy";
import { innerCallOf } from "@cloister/wire";
import type { AirlockSession } from "../session.ts";
import { aboutCall } from "./calls.ts";
import { causesOf } from "./causes.ts";

/** What the session holds, together with the text of the message. Neither changes. */
export function classificationOfText(session: AirlockSession, text: string): Classification {
  return classificationOf(session, text, []);
}

/** Of a hook's event: the files that it is about count too, wherever in it they are named. */
export function classificationOfEvent(session: AirlockSession, json: string): Classification {
  return classificationOf(session, json, pathsIn(parseJson(json, "a hook's event")));
}

function classificationOf(
  session: AirlockSession,
  content: string,
  paths: readonly string[],
): Classification {
  const item = {
    role: "tool",
    content,
    cloister: { source: "tool", files: paths.map((path) => ({ path })) },
  };
  return causesOf(item, session)
    .map(({ to }) => to)
    .reduce(joinClassifications, session.standing.classification);
}

function pathsIn(event: unknown): string[] {
  if (!isRecord(event)) return [];
  const { tool_name: name, tool_input: input = null, tool_response: response } = event as JsonObject;
  const tool = typeof name === "string" ? name : "";
  const inner = isRecord(input) ? innerCallOf(tool, input) : undefined;
  const file = isRecord(response) ? response["filePath"] : undefined;
  return [
    ...aboutCall(tool, input).paths,
    ...(inner === undefined ? [] : aboutCall(inner.name, inner.args).paths),
    ...(typeof file === "string" ? [file] : []),
  ];
}
