/**
 * The conversation, kept block by block, so that it can be drawn again at any width: for the full screen. The oldest gives
 * way when there is too much. It costs what its texts cost, which the transcript holds too.
 */
import type { Line } from "../text/line.ts";

export interface RollBlock {
  readonly lines: (columns: number) => readonly Line[];
  /** The same with nothing folded, where something is. */
  readonly unfolded?: ((columns: number) => readonly Line[]) | undefined;
  /** Of the texts that it holds on to. */
  readonly chars: number;
}

export interface Roll {
  /** Numbers go on: the first that is still there, and one more than the last. */
  readonly first: number;
  readonly end: number;
  /** The first block of what is shown at first: after the screen was cleared. */
  readonly page: number;
  block(number: number): RollBlock | undefined;
  add(block: RollBlock): void;
  /** The last block is a text that is still being said. */
  beginText(): void;
  /** That of a text that is still being said. */
  readonly growing: number | undefined;
  /** How wide its lines are that are here. Undefined: none are. */
  readonly textColumns: number | undefined;
  /** More of its lines, or all of them anew. */
  growText(lines: readonly Line[], columns: number, isAnew: boolean): void;
  /** It is said. `lines`: its last ones, where those before them are here. */
  endText(whole: Omit<RollBlock, "unfolded">, lines: readonly Line[]): void;
  /** Nobody looks: the lines of a text that grows are not kept up. */
  rest(): void;
  /** What comes now begins at the top of an empty screen. */
  turnPage(): void;
}

const BLOCKS_MAX = 6000;
const CHARS_MAX = 8_000_000;
/** So much goes at once, since each time costs a copy of the rest. */
const SHARE_DROPPED = 0.25;

export function createRoll(): Roll {
  let blocks: RollBlock[] = [];
  let first = 0;
  let page = 0;
  let chars = 0;
  let text: { readonly number: number; columns: number | undefined; lines: Line[] } | undefined;
  const end = (): number => first + blocks.length;
  const add = (block: RollBlock): void => {
    blocks.push(block);
    chars += block.chars;
    if (blocks.length <= BLOCKS_MAX && chars <= CHARS_MAX) return;
    // What is being said is the last, and stays.
    const dropped = Math.min(blocks.length - 1, Math.ceil(blocks.length * SHARE_DROPPED));
    for (const each of blocks.slice(0, dropped)) chars -= each.chars;
    blocks = blocks.slice(dropped);
    first += dropped;
  };
  return {
    get first() {
      return first;
    },
    get end() {
      return end();
    },
    get page() {
      return Math.max(first, page);
    },
    block: (number) => blocks[number - first],
    add,
    beginText: () => {
      const begun = { number: end(), columns: undefined, lines: [] };
      text = begun;
      add({ lines: () => begun.lines, chars: 0 });
    },
    get growing() {
      return text?.number;
    },
    get textColumns() {
      return text?.columns;
    },
    growText: (lines, columns, isAnew) => {
      if (text === undefined) return;
      if (isAnew) text.lines.length = 0;
      for (const each of lines) text.lines.push(each);
      text.columns = columns;
    },
    endText: (whole, lines) => {
      if (text === undefined) return;
      const { number, columns } = text;
      let drawn: readonly Line[] | undefined = [...text.lines, ...lines];
      text = undefined;
      chars += whole.chars;
      if (number < first) return;
      blocks[number - first] = {
        chars: whole.chars,
        lines: (wanted) => {
          // Drawn already, and asked for next: the text is not read anew for that, and its lines are not kept twice.
          const known = wanted === columns ? drawn : undefined;
          drawn = undefined;
          return known ?? whole.lines(wanted);
        },
      };
    },
    rest: () => {
      if (text === undefined) return;
      text.columns = undefined;
      text.lines.length = 0;
    },
    turnPage: () => {
      page = end();
    },
  };
}
