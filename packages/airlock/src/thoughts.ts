/**
 * Reasoning that is signed, or that only its maker can read, goes back to that maker and to nobody else (rules Q10 and
 * R1). Clients keep such tokens as they are, so a token says by itself who made it: no restart, no other copy of the
 * gateway and no branch of the conversation has to remember it.
 */
import { sha256, type JsonObject } from "@cloister/base";
import type { Loss, OpenThought, Protocol, TurnItem, TurnRequest } from "@cloister/wire";
import type { Endpoint } from "./endpoint.ts";

const MARK = "cloister1.";
const TAG_CHARS = 22;

export interface Maker {
  /** The token as the client gets it. */
  mark(token: string): string;
  readonly open: OpenThought;
}

/**
 * The same server with the same model. The tag tells makers apart and proves nothing: what a client puts behind it is
 * sealed and recorded like all that it sends.
 */
export function makerOf({ id, url }: Pick<Endpoint, "id" | "url">, model: string): Maker {
  const tag = sha256(JSON.stringify(["reasoning", id, url, model]))
    .toString("base64url")
    .slice(0, TAG_CHARS);
  const head = `${MARK}${tag}.`;
  return {
    mark: (token) => head + token,
    open: (token) => (token.startsWith(head) ? token.slice(head.length) : undefined),
  };
}

const MARKED = new RegExp(`^${MARK.replace(".", "\\.")}[\\w-]{${TAG_CHARS}}\\.`);

/** A token that was marked here, without its mark; undefined for any other text. */
export function tokenIn(text: string): string | undefined {
  const [mark] = MARKED.exec(text) ?? [];
  return mark === undefined ? undefined : text.slice(mark.length);
}

/** What came through a door of no maker's protocol, in the form of its maker, where this is the maker. */
export function restoreSigned(turn: TurnRequest, upstream: Protocol, maker: Maker): TurnRequest {
  const losses: Loss[] = [];
  const items = turn.items.map((item, index): TurnItem => {
    if (item.kind !== "assistant" || item.signed === undefined) return item;
    const { signed, ...plain } = item;
    const thoughts = signed.flatMap((thought, at) => {
      const token = maker.open(thought.token);
      const own = token === undefined ? undefined : upstream.toThought({ ...thought, token });
      if (own !== undefined) return [own];
      losses.push({
        path: `items[${index}].thoughts[${at}]`,
        reason: "reasoning that another server or model made",
        severity: "cosmetic",
      });
      return [];
    });
    // What goes back as it came is not told a second time in plain words.
    return thoughts.length === 0 ? plain : { ...plain, reasoning: "", thoughts };
  });
  return losses.length === 0 ? { ...turn, items } : { ...turn, items, losses: [...turn.losses, ...losses] };
}

export interface Restored {
  readonly items: readonly JsonObject[];
  readonly losses: readonly Loss[];
}

/** `from` is the place of the first item in the request, for the paths of the losses. */
export function restoreAll(
  items: readonly JsonObject[],
  { protocol, maker, from }: { readonly protocol: Protocol; readonly maker: Maker; readonly from: number },
): Restored {
  const losses: Loss[] = [];
  const restored = items.flatMap((given, index) => {
    const { item, dropped } = protocol.restoreThoughts(given, maker.open);
    for (const path of dropped) {
      losses.push({
        path: `${protocol.itemsField}[${from + index}].${path}`,
        reason: "reasoning that another server or model made",
        severity: "cosmetic",
      });
    }
    return item === undefined ? [] : [item];
  });
  return { items: restored, losses };
}
