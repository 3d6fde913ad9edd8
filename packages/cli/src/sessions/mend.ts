/** A conversation that was broken off becomes one that can go on: every call in it has a result. */
import { callsIn, note } from "@cloister/agent/history";
import type { ChatMessage } from "@cloister/wire";
import { pendingItem, type Story } from "./story.ts";

/** What the model is told of a call whose result nobody kept. It must look before it repeats. */
export const interruptedText: string =
  "Error (interrupted): Cloister was stopped before the result of this call was saved. It may or may not have run, " +
  "wholly or in part. Look at what is there before you repeat it.";

function lostText(count: number): string {
  const what = count === 1 ? "A picture" : `${count} pictures`;
  return `${what} shown with the last message did not arrive: Cloister was stopped before. Ask for it again if it matters.`;
}

/** The items to be added, in order; none when it came to its end. */
export function mendingItems(
  story: Pick<Story, "items" | "results" | "pending" | "picturesLost">,
): ChatMessage[] {
  const { items, results, pending, picturesLost } = story;
  const answered = new Set(items.flatMap(({ tool_call_id: id }) => (typeof id === "string" ? [id] : [])));
  const open = items.flatMap(callsIn).filter(({ id }) => !answered.has(id));
  const added = open.map(({ id, name }): ChatMessage => {
    const result = results.get(id);
    return {
      role: "tool",
      tool_call_id: id,
      // A result that was shown is the result, though the process died before it was part of the conversation.
      content: result === undefined ? interruptedText : result.text,
      cloister: { source: name === "Bash" ? "command" : "tool", tool: name },
    };
  });
  if (pending !== undefined) added.push(pendingItem(pending));
  if (picturesLost > 0) added.push(note(lostText(picturesLost)));
  return added;
}
