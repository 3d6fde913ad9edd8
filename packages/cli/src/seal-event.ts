/**
 * Events leave the cell with what the agent saw, secrets included; what is printed or stored holds placeholders. What
 * the model itself said needs none: it was never shown a secret.
 */
import type { AgentEvent } from "@cloister/agent";
import type { JsonObject } from "@cloister/base";
import type { Seals } from "@cloister/secrets";

export function sealEvent(event: AgentEvent, seals: Seals): AgentEvent {
  const seal = (text: string): string => seals.seal(text).text;
  switch (event.kind) {
    case "call":
      return { ...event, args: sealArguments(event.args, seal) };
    case "result":
      return {
        ...event,
        text: seal(event.text),
        ...(event.diff === undefined ? {} : { diff: { ...event.diff, hunks: seal(event.diff.hunks) } }),
      };
    case "start":
    case "status":
    case "text":
    case "reasoning":
    case "turn":
    case "end":
      return event;
  }
}

function sealArguments(args: JsonObject, seal: (text: string) => string): JsonObject {
  return JSON.parse(JSON.stringify(args), (_key, value: unknown) =>
    typeof value === "string" ? seal(value) : value,
  ) as JsonObject;
}
