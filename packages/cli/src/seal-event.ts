/**
 * Events leave the cell with what the agent saw, secrets included; what is printed or stored holds placeholders. What
 * the model itself said needs none: it was never shown a secret.
 */
import type { AgentEvent, Ending } from "@cloister/agent";
import type { Seals } from "@cloister/secrets";

export function sealEvent(event: AgentEvent, seals: Seals): AgentEvent {
  const seal = (text: string): string => seals.seal(text).text;
  switch (event.kind) {
    case "call":
      return { ...event, args: sealAll(event.args, seal) };
    case "result":
      return {
        ...event,
        text: seal(event.text),
        ...(event.diff === undefined ? {} : { diff: { ...event.diff, hunks: seal(event.diff.hunks) } }),
      };
    case "progress":
    case "user":
      return { ...event, text: seal(event.text) };
    // What was restored into an edit is in the arguments of its call.
    case "item":
      return { ...event, item: sealAll(event.item, seal) };
    case "background":
      return { ...event, command: seal(event.command) };
    case "question":
      return { ...event, ask: sealAll(event.ask, seal) };
    case "todos":
      return { ...event, todos: sealAll(event.todos, seal) };
    case "subagent":
      return event.what.kind === "event"
        ? { ...event, what: { ...event.what, event: sealEvent(event.what.event, seals) } }
        : event;
    case "end":
      return { ...event, ending: sealEnding(event.ending, seal) };
    case "start":
    case "status":
    case "text":
    case "reasoning":
    case "mode":
    case "turn":
    case "context":
    case "compaction":
      return event;
  }
}

/** A report of trouble may hold a piece of output. */
function sealEnding(ending: Ending, seal: (text: string) => string): Ending {
  const { error } = ending;
  return error === undefined ? ending : { ...ending, error: { ...error, message: seal(error.message) } };
}

function sealAll<T>(value: T, seal: (text: string) => string): T {
  return JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
    typeof inner === "string" && !picture.test(inner) ? seal(inner) : inner,
  ) as T;
}

/** As in what is sent, and for the same reason: there is nothing in it to read, and millions of characters to look at. */
const picture = /^data:image\/[\w.+-]{1,40};base64,[A-Za-z0-9+/]{256,}={0,2}$/;
