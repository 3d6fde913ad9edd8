/** A conversation as a family's chat template can take it, growing only at its end (rule G4). */
import type { Loss, Part, TurnItem, TurnRequest } from "../turn.ts";
import { aliasTurn } from "./aliases.ts";
import { alternate } from "./alternate.ts";
import { toKimiIds, toMistralIds } from "./call-ids.ts";
import type { Family } from "./family.ts";
import { oneCallPerMessage } from "./one-call.ts";

type Assistant = Extract<TurnItem, { kind: "assistant" }>;

/**
 * Deterministic, and append-only: the shape of n items is the beginning of the shape of n+1, where a user text that
 * another one joins counts as begun. One exception: with reasoning echoed `in-loop`, a new user item takes the
 * reasoning of the loop before it out of the history, and the prefix ends there. The models' templates do the same,
 * so a server that is sent all of it has to compute as much anew; only the bytes differ.
 *
 * Not in the losses: reasoning that the family does not take back, and names and ids that are mapped both ways.
 */
export function shapeForFamily(
  turn: TurnRequest,
  family: Family,
): { readonly turn: TurnRequest; readonly losses: readonly Loss[] } {
  const losses: Loss[] = [];
  const aliased = aliasTurn(turn, family);
  let items: readonly TurnItem[] = aliased.items;
  if (family.systemRule === "first-only") items = items.map(systemAsUser);
  items = echoReasoning(items, family);
  if (family.textWithCalls === "refused-with-reasoning") items = items.map(textIntoReasoning);
  if (family.callsPerMessage === "one") items = oneCallPerMessage(items, losses);
  if (family.callIds === "kimi") items = toKimiIds(items);
  if (family.callIds === "mistral") items = toMistralIds(items);
  if (family.alternation) items = alternate(withoutResultImages(items, losses));
  return { turn: { ...aliased, items }, losses };
}

/** Its place is kept, and its mark is that of the protocols (rule Q3), so that equal texts stay equal bytes. */
function systemAsUser(item: TurnItem): TurnItem {
  if (item.kind !== "system") return item;
  const part: Part = { kind: "text", text: `<system-message>\n${item.text}\n</system-message>` };
  return { kind: "user", parts: [part] };
}

function echoReasoning(items: readonly TurnItem[], { reasoning }: Family): readonly TurnItem[] {
  if (reasoning.echo === "always" || reasoning.echo === "always-even-empty") return items;
  const from = reasoning.echo === "never" ? items.length : items.findLastIndex(({ kind }) => kind === "user");
  return items.map((item, index) =>
    item.kind === "assistant" && index < from && item.reasoning !== "" ? { ...item, reasoning: "" } : item,
  );
}

/** A protocol moves such images into a user message of its own (rule Q5), which would be out of turn. */
function withoutResultImages(items: readonly TurnItem[], losses: Loss[]): TurnItem[] {
  return items.map((item, index) => {
    if (item.kind !== "result" || item.parts.every(({ kind }) => kind === "text")) return item;
    losses.push({
      path: `items[${index}].parts`,
      reason: "an image in a tool result, where users and assistants must take turns",
      severity: "semantic",
    });
    const parts = item.parts.map((part): Part => (part.kind === "text" ? part : LEFT_OUT));
    return { ...item, parts };
  });
}

const LEFT_OUT: Part = { kind: "text", text: "[an image that cannot be shown here]" };

/** The template renders either of them into the same channel, and errors when it is given both. */
function textIntoReasoning(item: TurnItem): TurnItem {
  if (item.kind !== "assistant" || item.calls.length === 0) return item;
  if (item.text === "" || item.reasoning === "") return item;
  const joined: Assistant = { ...item, text: "", reasoning: `${item.reasoning}\n\n${item.text}` };
  return joined;
}
