/** Words in the conversation: upwards first, since what was said last is what one looks for. */
import { plainText, type Line, type StyleName } from "../text/line.ts";
import { graphemes } from "../text/width.ts";
import type { Sheet } from "./sheet.ts";
import type { Place } from "./view.ts";

export interface Search {
  /** Goes to the nearest that is not below this block. Undefined: nothing is found, or not yet. */
  type(query: string, from: number): Place | undefined;
  /** The next one: -1 upwards, 1 downwards, and round. */
  next(step: 1 | -1): Place | undefined;
  readonly isFound: boolean;
  /** There is more to look through than one picture may wait for: `look` goes on with it. */
  readonly isLooking: boolean;
  look(): Place | undefined;
  /** For one picture: gives rows with all that was found in them marked. */
  marker(): (place: Place, row: Line) => Line;
}

interface Match {
  /** A match may go on in the next rows. Offsets are those of the rows' texts. */
  readonly parts: readonly { readonly row: number; readonly from: number; readonly to: number }[];
}

const MATCHES_IN_BLOCK_MAX = 1000;
/** Blocks that nobody has looked at yet have to be drawn to be searched: so many take some milliseconds. */
const FRESH_BLOCKS_MAX = 100;
/** These are written without spaces: where a row ends between two of them, nothing stands between. */
const unspaced = /^[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uff60]/u;

export function createSearch(sheet: Sheet): Search {
  let query = "";
  let at: { readonly block: number; readonly index: number } | undefined;
  /** What was looked through once is not drawn again for the next letter. */
  const texts = new Map<number, string>();
  let version = sheet.version;
  let looking: { readonly from: number; readonly step: 1 | -1; tried: number } | undefined;

  const knownText = (block: number): string | undefined => {
    if (version !== sheet.version) texts.clear();
    version = sheet.version;
    // What the model is at is another text each time.
    return block < sheet.end && block !== sheet.growing ? texts.get(block) : undefined;
  };
  const textOf = (block: number): string => {
    const known = knownText(block);
    if (known !== undefined) return known;
    const { text } = joinRows(sheet.lines(block));
    texts.set(block, text);
    return text;
  };
  const matchesIn = (block: number): readonly Match[] => {
    if (query === "" || !textOf(block).includes(query)) return [];
    return findMatches(sheet.lines(block), query);
  };
  const go = (block: number, index: number): Place => {
    at = { block, index };
    const row = matchesIn(block)[index]?.parts[0]?.row ?? 0;
    return { block, row };
  };
  const look = (): Place | undefined => {
    if (looking === undefined) return undefined;
    const { from, step } = looking;
    const count = sheet.end - sheet.first + 1;
    for (let fresh = 0; looking.tried < count; looking.tried += 1) {
      const block = sheet.first + ((((from - sheet.first + step * looking.tried) % count) + count) % count);
      if (knownText(block) === undefined) fresh += 1;
      if (fresh > FRESH_BLOCKS_MAX) return undefined;
      const { length } = matchesIn(block);
      if (length > 0) {
        looking = undefined;
        return go(block, step === 1 ? 0 : length - 1);
      }
    }
    at = looking = undefined;
    return undefined;
  };
  /** Each block once, from there on and round. */
  const walk = (from: number, step: 1 | -1): Place | undefined => {
    looking = { from, step, tried: 0 };
    return look();
  };

  return {
    type: (typed, from) => {
      query = fold(typed);
      at = looking = undefined;
      if (query === "") return undefined;
      return walk(Math.min(from, sheet.end), -1);
    },
    next: (step) => {
      if (at === undefined) return undefined;
      const { block, index } = at;
      const here = matchesIn(block);
      return here[index + step] === undefined ? walk(block + step, step) : go(block, index + step);
    },
    get isFound() {
      return at !== undefined;
    },
    get isLooking() {
      return looking !== undefined;
    },
    look,
    marker: () => {
      let seen: { readonly block: number; readonly matches: readonly Match[] } | undefined;
      return ({ block, row }, line) => {
        if (query === "") return line;
        // The rows of a block come one after another.
        if (seen?.block !== block) seen = { block, matches: matchesIn(block) };
        return seen.matches.reduce((marked, { parts }, index) => {
          const part = parts.find((each) => each.row === row);
          const isHere = at?.block === block && at.index === index;
          return part === undefined ? marked : paint(marked, part, isHere ? "found" : "match");
        }, line);
      };
    },
  };
}

/** As one text: what was wrapped is found, too. `from`: where each row begins in it; `lead`: how far the row is indented. */
function joinRows(rows: readonly Line[]): { text: string; from: number[]; lead: number[] } {
  let text = "";
  const from: number[] = [];
  const lead: number[] = [];
  for (const row of rows) {
    const plain = plainText(row).trimEnd();
    const words = plain.trimStart();
    const isJoined = unspaced.test(text.slice(-1)) && unspaced.test(words);
    if (text !== "" && !isJoined) text += " ";
    from.push(text.length);
    lead.push(plain.length - words.length);
    text += fold(words);
  }
  return { text, from, lead };
}

function findMatches(rows: readonly Line[], query: string): readonly Match[] {
  const { text, from, lead } = joinRows(rows);
  const matches: Match[] = [];
  let row = 0;
  for (let at = text.indexOf(query); at >= 0; at = text.indexOf(query, at + query.length)) {
    const end = at + query.length;
    while (row + 1 < from.length && (from[row + 1] ?? 0) <= at) row += 1;
    const parts: Match["parts"][number][] = [];
    for (let each = row; each < from.length && (from[each] ?? 0) < end; each++) {
      const start = from[each] ?? 0;
      const shift = lead[each] ?? 0;
      const stop = (from[each + 1] ?? text.length) - start;
      const part = { from: Math.max(0, at - start) + shift, to: Math.min(end - start, stop) + shift };
      if (part.to > part.from) parts.push({ row: each, ...part });
    }
    matches.push({ parts });
    if (matches.length >= MATCHES_IN_BLOCK_MAX) break;
  }
  return matches;
}

/** Whole characters, as they are seen: marks on a letter and the parts of an emoji stay with it. */
function paint(
  line: Line,
  { from, to }: { readonly from: number; readonly to: number },
  style: StyleName,
): Line {
  let offset = 0;
  return line.flatMap((each) => {
    const start = offset;
    offset += each.text.length;
    if (offset <= from || start >= to) return [each];
    const cuts = { before: "", within: "", after: "" };
    let at = start;
    for (const grapheme of graphemes(each.text)) {
      const end = at + grapheme.length;
      cuts[end <= from ? "before" : at >= to ? "after" : "within"] += grapheme;
      at = end;
    }
    const { before, within, after } = cuts;
    const pieces = [
      { text: before, style: each.style },
      { text: within, style },
      { text: after, style: each.style },
    ];
    return pieces.filter(({ text }) => text !== "");
  });
}

/** Small letters, as long as the text was, so that an offset means the same in both. */
function fold(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return Array.from(text, (each) =>
    each.toLowerCase().length === each.length ? each.toLowerCase() : each,
  ).join("");
}
