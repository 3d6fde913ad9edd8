/**
 * The roll as rows of one width. A block is drawn when its rows are looked at, and its lines are kept while they are near;
 * of the others no more is known than how high they are.
 */
import { lineWidth, wrapLine, type Line } from "../text/line.ts";
import type { Roll } from "./roll.ts";

export interface Sheet {
  readonly first: number;
  /** The number after the last block's, which is that of `tail`. */
  readonly end: number;
  readonly page: number;
  /** The block that is still being said. */
  readonly growing: number | undefined;
  /** What is drawn anew each time: what the model is at. */
  setTail(lines: readonly Line[]): void;
  setColumns(columns: number): void;
  /** Another one when lines that were drawn are drawn otherwise now. */
  readonly version: number;
  lines(number: number): readonly Line[];
  /** Undefined: nobody has looked at it yet, or it is still growing. */
  knownHeight(number: number): number | undefined;
  canOpen(number: number): boolean;
  isOpen(number: number): boolean;
  /** Unfolds a block, or folds it. */
  toggle(number: number): void;
}

/** A few screens of the largest kind. */
const BLOCKS_DRAWN_MAX = 400;

export function createSheet(roll: Roll): Sheet {
  let columns = 0;
  let version = 0;
  let tail: readonly Line[] = [];
  let drawn = new Map<number, readonly Line[]>();
  let heights = new Map<number, number>();
  const opened = new Set<number>();

  const draw = (number: number): readonly Line[] => {
    const block = roll.block(number);
    if (block === undefined) return [];
    const lines = (opened.has(number) ? block.unfolded : undefined)?.(columns) ?? block.lines(columns);
    // Some were wrapped for the width that there was when they were said.
    if (lines.every((each) => lineWidth(each) <= columns)) return lines;
    return lines.flatMap((each) => wrapLine(each, { columns, isExact: true }));
  };
  const isGrowing = (number: number): boolean => number === roll.growing;

  return {
    get first() {
      return roll.first;
    },
    get end() {
      return roll.end;
    },
    get page() {
      return roll.page;
    },
    get growing() {
      return roll.growing;
    },
    setTail: (lines) => {
      tail = lines;
    },
    setColumns: (wanted) => {
      if (wanted === columns) return;
      columns = wanted;
      version += 1;
      drawn = new Map();
      heights = new Map();
    },
    get version() {
      return version;
    },
    lines: (number) => {
      if (number === roll.end) return tail;
      if (isGrowing(number)) return roll.block(number)?.lines(columns) ?? [];
      const known = drawn.get(number);
      // The latest is the last to be given up.
      drawn.delete(number);
      const lines = known ?? draw(number);
      drawn.set(number, lines);
      heights.set(number, lines.length);
      const [oldest] = drawn.size > BLOCKS_DRAWN_MAX ? drawn.keys() : [];
      if (oldest !== undefined) drawn.delete(oldest);
      return lines;
    },
    knownHeight: (number) => {
      if (number === roll.end) return tail.length;
      return isGrowing(number) ? roll.block(number)?.lines(columns).length : heights.get(number);
    },
    canOpen: (number) => roll.block(number)?.unfolded !== undefined,
    isOpen: (number) => opened.has(number),
    toggle: (number) => {
      if (roll.block(number)?.unfolded === undefined) return;
      if (!opened.delete(number)) opened.add(number);
      drawn.delete(number);
      heights.delete(number);
      version += 1;
    },
  };
}
