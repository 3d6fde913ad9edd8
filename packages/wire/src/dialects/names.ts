/** From the name as a model wrote it to an offered tool: only where it can mean one tool and no other. */

/** Special tokens of chat templates that stick to names: `</arg_value>`, `<|channel|>`, `[ARGS]`. */
export const LEAKED_TOKEN: RegExp = /<[|｜/]?[\w▁:｜|]{1,40}(?:[|｜])?>|\[\/?[A-Z_]{3,20}\]/;

const PREFIX = /^(?:functions?|tools?|default_api|namespace)[./:]/;

/**
 * Exact; else without what is known to stick to names; else the only one that is equal but for case and separators.
 * A name that merely resembles one is never taken: what runs has side effects.
 */
export function resolveName(
  written: string,
  offered: readonly { readonly name: string }[],
  aliases: Readonly<Record<string, string>> = {},
): string | undefined {
  const exact = (name: string): string | undefined => {
    const real = Object.hasOwn(aliases, name) ? aliases[name] : name;
    return offered.some((tool) => tool.name === real) ? real : undefined;
  };
  const direct = exact(written);
  if (direct !== undefined) return direct;
  // A token cuts the name into pieces; the tool is meant if one piece, and only one, names it.
  const pieces = written.split(LEAKED_TOKEN).map(bare);
  const found = new Set(pieces.map((piece) => exact(piece) ?? alike(piece, offered)));
  found.delete(undefined);
  return found.size === 1 ? [...found][0] : undefined;
}

/** `"functions.read_file:0"` → `read_file`: quotes, the namespace and the index of Kimi's ids come off. */
function bare(name: string): string {
  const plain = name.trim().replaceAll(/^["'`]+|["'`]+$|\(\)$/g, "");
  return plain.replace(PREFIX, "").replace(/:\d+$/, "");
}

function alike(name: string, offered: readonly { readonly name: string }[]): string | undefined {
  const key = plainKey(name);
  if (key === "") return undefined;
  const same = offered.filter((tool) => plainKey(tool.name) === key);
  return same.length === 1 ? same[0]?.name : undefined;
}

/** Without case and separators: `readFile`, `read-file` and `READ_FILE` are one. */
export function plainKey(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** The offered name that shares most letter pairs with the written one, for the error that the model reads. */
export function nearestName(
  written: string,
  offered: readonly { readonly name: string }[],
): string | undefined {
  const pairs = letterPairs(written);
  let best: string | undefined;
  let bestShare = 0.4; // below that the proposal would be noise
  for (const { name } of offered) {
    const own = letterPairs(name);
    const shared = [...own].filter((pair) => pairs.has(pair)).length;
    const share = (2 * shared) / Math.max(1, own.size + pairs.size);
    if (share > bestShare) [best, bestShare] = [name, share];
  }
  return best;
}

const NAME_CHARS_MAX = 128;

function letterPairs(name: string): Set<string> {
  const key = plainKey(name.slice(0, NAME_CHARS_MAX));
  return new Set(Array.from({ length: Math.max(0, key.length - 1) }, (_, at) => key.slice(at, at + 2)));
}
