/** Names for tools that a model would take for its own built-in ones. */
import type { RawCall } from "../calls.ts";
import type { TurnItem, TurnRequest, TurnTool } from "../turn.ts";
import type { Family } from "./family.ts";

/** From the real name to the one on the wire. An alias that is itself the name of an offered tool grows by a `_`. */
export function aliasesOf(family: Family, offered: readonly Pick<TurnTool, "name">[]): Map<string, string> {
  const taken = new Set(offered.map(({ name }) => name));
  const aliases = new Map<string, string>();
  for (const [name, alias] of Object.entries(family.reservedToolNames)) {
    let free = alias;
    // Bounded by the number of offered tools: each round meets another of them.
    while (taken.has(free)) free += "_";
    aliases.set(name, free);
  }
  return aliases;
}

/** A call of the answer under the name that the client knows. `offered` are the tools before shaping. */
export function unaliasCall(
  call: RawCall,
  family: Family,
  offered: readonly Pick<TurnTool, "name">[],
): RawCall {
  for (const [name, alias] of aliasesOf(family, offered)) {
    if (alias === call.name) return { ...call, name };
  }
  return call;
}

/** Tools, choice and history with the names of the wire. */
export function aliasTurn(turn: TurnRequest, family: Family): TurnRequest {
  const aliases = aliasesOf(family, turn.tools);
  if (aliases.size === 0) return turn;
  const aliased = <Named extends { readonly name: string }>(named: Named): Named => {
    const alias = aliases.get(named.name);
    return alias === undefined ? named : { ...named, name: alias };
  };
  const choice = turn.toolChoice;
  return {
    ...turn,
    tools: turn.tools.map(aliased),
    ...(typeof choice === "object" ? { toolChoice: aliased(choice) } : {}),
    items: turn.items.map((item): TurnItem =>
      item.kind === "assistant" ? { ...item, calls: item.calls.map(aliased) } : item,
    ),
  };
}
