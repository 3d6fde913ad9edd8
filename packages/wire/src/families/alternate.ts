import type { Part, TurnItem } from "../turn.ts";

/** Says what happened, as far as a history knows it: an answer was interrupted, or never asked for. */
const NO_ANSWER = "(no answer)";
const NO_QUESTION = "(continue)";

/**
 * Users and assistants take turns; assistants with calls and results do not count (Mistral's rule). Where two of a
 * kind meet, the later text joins the one before when both are texts and neighbours: the joined one begins with the
 * bytes of what was sent, so even a user text that was already sent alone may grow. Everything else would rewrite
 * what was sent; there a filler is put between, which only appends.
 */
export function alternate(items: readonly TurnItem[]): TurnItem[] {
  const out: TurnItem[] = [];
  let expected: "user" | "assistant" = "user";
  for (const original of items) {
    const item = inOnePiece(original);
    const role = roleOf(item);
    if (role === expected) {
      expected = role === "user" ? "assistant" : "user";
    } else if (role !== undefined) {
      const joined = join(out.at(-1), item);
      if (joined !== undefined) {
        out[out.length - 1] = joined;
        continue;
      }
      out.push(
        role === "user"
          ? { kind: "assistant", text: NO_ANSWER, reasoning: "", calls: [] }
          : { kind: "user", parts: [{ kind: "text", text: NO_QUESTION }] },
      );
    }
    out.push(item);
  }
  return out;
}

/** undefined for what the template does not count. */
function roleOf(item: TurnItem): "user" | "assistant" | undefined {
  switch (item.kind) {
    case "user":
      return "user";
    case "assistant":
      return item.calls.length === 0 ? "assistant" : undefined;
    case "system":
    case "result":
      return undefined;
  }
}

/** One text from the start, whether or not another will join it: the bytes must not depend on what comes. */
function inOnePiece(item: TurnItem): TurnItem {
  if (item.kind === "user") {
    const texts = textsOf(item.parts);
    return texts === undefined || texts.length === 1 ? item : userOf(texts.join("\n\n"));
  }
  if (item.kind !== "assistant" || item.calls.length > 0 || item.text !== "") return item;
  // Ministral's template refuses an assistant with nothing to say.
  return { ...item, text: NO_ANSWER };
}

function join(before: TurnItem | undefined, item: TurnItem): TurnItem | undefined {
  if (before?.kind === "user" && item.kind === "user") {
    const [first, second] = [textsOf(before.parts), textsOf(item.parts)];
    return first && second && userOf([...first, ...second].join("\n\n"));
  }
  const isPlain = (one: TurnItem | undefined): one is Extract<TurnItem, { kind: "assistant" }> =>
    one?.kind === "assistant" && one.calls.length === 0 && one.reasoning === "" && one.thoughts === undefined;
  return isPlain(before) && isPlain(item) ? { ...before, text: `${before.text}\n\n${item.text}` } : undefined;
}

function userOf(text: string): TurnItem {
  return { kind: "user", parts: [{ kind: "text", text }] };
}

/** undefined when there is more than text. */
function textsOf(parts: readonly Part[]): string[] | undefined {
  const texts = parts.flatMap((part) => (part.kind === "text" ? [part.text] : []));
  return texts.length === parts.length ? texts : undefined;
}
