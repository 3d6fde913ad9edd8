/** Asks a server how far it is with the prompt, where it is known to understand the question. */
import type { ServerKind } from "@cloister/backend";
import type { JsonObject } from "@cloister/base";
import type { Labelled } from "./label.ts";

/** A model file in this process answers as llama.cpp's server does. Others may refuse a field that they do not know. */
const tells: ReadonlySet<ServerKind> = new Set(["llama.cpp", "embedded"]);

/** The fields as they go out. For our own agent alone: another client did not ask, and would not know the answer. */
export function askReading(fields: JsonObject, asked: Labelled): JsonObject {
  const { endpoint, route, turn, client } = asked;
  const isUnderstood = route.upstream.name === "chat" && tells.has(endpoint.server ?? "unknown");
  const isHeard = client.evidence === "started" && turn.request.stream;
  return isUnderstood && isHeard ? { ...fields, return_progress: true } : fields;
}
