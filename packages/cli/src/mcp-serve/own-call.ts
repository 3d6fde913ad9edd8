/** Whether a call that is asked about is the one that the client made, and so nothing that it does not know already. */
import { isDeepStrictEqual } from "node:util";
import type { Question } from "@cloister/airlock";
import { isRecord, parseJson, type JsonObject } from "@cloister/base";
import { guardCall, restoreNeutral } from "@cloister/wire";
import type { ClientCall } from "./asking.ts";

/**
 * By name and arguments, never by its id: the agent learns that, and may ask about a call of its own under it, as a hook
 * may that changes what the client sent. What the airlock mends in every model's calls is the client's own still.
 */
export async function isOwnCall(
  { name, arguments: asked }: Question["call"],
  own: ClientCall,
): Promise<boolean> {
  if (name !== own.name) return false;
  const sent = JSON.stringify(own.args);
  if (isDeepStrictEqual(asked, readBack(sent))) return true;
  const meant = guardCall({ id: "", name, arguments: sent }, "calls", await offeredTools());
  return meant.kind === "call" && isDeepStrictEqual(asked, readBack(JSON.stringify(meant.args)));
}

/** As the judge reads it. */
function readBack(text: string): unknown {
  return parseJson(restoreNeutral(text), "the client's call");
}

async function offeredTools(): Promise<{ readonly name: string; readonly parameters: JsonObject }[]> {
  const { fixedPrefix } = await import("@cloister/agent");
  const { tools } = fixedPrefix();
  return (Array.isArray(tools) ? tools : []).flatMap((tool) => {
    const shown = isRecord(tool) ? tool["function"] : undefined;
    if (!isRecord(shown) || typeof shown["name"] !== "string" || !isRecord(shown["parameters"])) return [];
    return [{ name: shown["name"], parameters: shown["parameters"] as JsonObject }];
  });
}
