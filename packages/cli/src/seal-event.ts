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
    // A status may quote a hook, or the command that it is about.
    case "status":
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
    case "server":
      return event.why === undefined ? event : { ...event, why: seal(event.why) };
    case "goal":
      return { ...event, ...sealAll({ goal: event.goal, step: event.step }, seal) };
    case "todos":
      return { ...event, todos: sealAll(event.todos, seal) };
    case "subagent":
      return { ...event, what: sealSubagent(event.what, seals) };
    case "end":
      return { ...event, ending: sealEnding(event.ending, seal) };
    case "aside":
      return event.what.kind === "text" || event.what.error === undefined
        ? event
        : { ...event, what: { ...event.what, error: sealAll(event.what.error, seal) } };
    case "start":
    case "reading":
    case "judging":
    case "text":
    case "reasoning":
    case "mode":
    case "turn":
    case "context":
    case "compaction":
      return event;
  }
}

type Subagent = Extract<AgentEvent, { kind: "subagent" }>["what"];

function sealSubagent(what: Subagent, seals: Seals): Subagent {
  const seal = (text: string): string => seals.seal(text).text;
  switch (what.kind) {
    case "begin":
      return { ...what, description: seal(what.description) };
    case "event":
      return { ...what, event: sealEvent(what.event, seals) };
    case "end":
      return { ...what, ending: sealEnding(what.ending, seal) };
  }
}

/** A report of trouble may hold a piece of output. */
export function sealEnding(ending: Ending, seal: (text: string) => string): Ending {
  const { error } = ending;
  if (error === undefined) return ending;
  const next = error.next === undefined ? {} : { next: seal(error.next) };
  return { ...ending, error: { ...error, message: seal(error.message), ...next } };
}

/** Every text in it. */
export function sealAll<T>(value: T, seal: (text: string) => string): T {
  return JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
    typeof inner === "string" && !picture.test(inner) ? seal(inner) : inner,
  ) as T;
}

/** As in what is sent, and for the same reason: there is nothing in it to read, and millions of characters to look at. */
const picture = /^data:image\/[\w.+-]{1,40};base64,[A-Za-z0-9+/]{256,}={0,2}$/;
