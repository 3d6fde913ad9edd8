/** Colours by name, for four kinds of eyes and four kinds of terminals. */
import type { StyleName } from "../text/line.ts";

/** `plain` has no colours; `reader` is for those who listen: nor has it signs, or anything that is drawn again. */
export type ThemeName = "dark" | "light" | "contrast" | "plain" | "reader";
/** In the order in which they are offered. */
export const themeNames: readonly ThemeName[] = ["dark", "light", "contrast", "plain", "reader"];
/** How many colours the terminal has: 24 bit, 256, 16, or none. */
export type ColourDepth = 24 | 8 | 4 | 0;

export type Colour = readonly [red: number, green: number, blue: number];
export type BuiltInTheme = Exclude<ThemeName, "plain" | "reader">;

export interface Look {
  readonly colour?: Colour;
  readonly on?: Colour;
  /** SGR attributes: 1 bold, 2 faint, 3 italic, 4 underlined, 7 reversed, 9 struck. */
  readonly marks?: readonly number[];
}

/** Of a person's own: a built-in one, and what is other than there. */
export interface OwnTheme {
  readonly name: string;
  readonly base: BuiltInTheme;
  readonly looks: Readonly<Partial<Record<StyleName, Look>>>;
}

type Looks = Readonly<Record<StyleName, Look>>;

/** A terminal's own colours for text and ground everywhere: only what means something has a colour of ours. */
const dark: Looks = {
  text: {},
  dim: { colour: [133, 138, 148] },
  strong: { marks: [1] },
  emphasis: { marks: [3] },
  struck: { marks: [9] },
  accent: { colour: [122, 162, 247] },
  heading: { colour: [122, 162, 247], marks: [1] },
  code: { colour: [224, 175, 104] },
  link: { colour: [122, 162, 247], marks: [4] },
  quote: { colour: [154, 165, 206], marks: [3] },
  good: { colour: [158, 206, 106] },
  bad: { colour: [247, 118, 142] },
  warning: { colour: [224, 175, 104] },
  user: { colour: [192, 202, 245], marks: [1] },
  added: { colour: [158, 206, 106] },
  removed: { colour: [247, 118, 142] },
  addedWord: { colour: [200, 240, 160], on: [38, 74, 38], marks: [1] },
  removedWord: { colour: [255, 190, 200], on: [92, 34, 46], marks: [1] },
  keyword: { colour: [187, 154, 247] },
  string: { colour: [158, 206, 106] },
  comment: { colour: [133, 138, 148], marks: [3] },
  number: { colour: [255, 158, 100] },
  function: { colour: [125, 207, 255] },
  selected: { colour: [122, 162, 247], marks: [1] },
  cursor: { marks: [7] },
  match: { marks: [4, 7] },
  found: { colour: [30, 30, 30], on: [255, 200, 60], marks: [1] },
  labelLow: { colour: [158, 206, 106] },
  labelMiddle: { colour: [224, 175, 104] },
  labelHigh: { colour: [247, 118, 142], marks: [1] },
};

const light: Looks = {
  ...dark,
  dim: { colour: [104, 112, 128] },
  accent: { colour: [30, 80, 190] },
  heading: { colour: [30, 80, 190], marks: [1] },
  code: { colour: [145, 85, 0] },
  link: { colour: [30, 80, 190], marks: [4] },
  quote: { colour: [80, 88, 120], marks: [3] },
  good: { colour: [30, 110, 40] },
  bad: { colour: [180, 25, 60] },
  warning: { colour: [145, 85, 0] },
  user: { colour: [40, 50, 90], marks: [1] },
  added: { colour: [30, 110, 40] },
  removed: { colour: [180, 25, 60] },
  addedWord: { colour: [10, 80, 20], on: [200, 240, 200], marks: [1] },
  removedWord: { colour: [140, 10, 40], on: [255, 215, 220], marks: [1] },
  keyword: { colour: [120, 50, 180] },
  string: { colour: [30, 110, 40] },
  comment: { colour: [104, 112, 128], marks: [3] },
  number: { colour: [165, 75, 0] },
  function: { colour: [0, 100, 150] },
  selected: { colour: [30, 80, 190], marks: [1] },
  labelLow: { colour: [30, 110, 40] },
  labelMiddle: { colour: [145, 85, 0] },
  labelHigh: { colour: [180, 25, 60], marks: [1] },
};

/** Nothing is faint, and what differs only by colour elsewhere differs by weight here. */
const contrast: Looks = {
  ...dark,
  dim: {},
  accent: { marks: [1] },
  heading: { marks: [1, 4] },
  code: { marks: [1] },
  link: { marks: [4] },
  quote: { marks: [3] },
  added: { colour: [0, 255, 0], marks: [1] },
  removed: { colour: [255, 80, 80], marks: [1] },
  addedWord: { colour: [0, 0, 0], on: [0, 255, 0], marks: [1] },
  removedWord: { colour: [255, 255, 255], on: [160, 0, 0], marks: [1] },
  bad: { colour: [255, 80, 80], marks: [1] },
  good: { colour: [0, 255, 0], marks: [1] },
  warning: { colour: [255, 255, 0], marks: [1] },
  selected: { marks: [7] },
  comment: { marks: [3] },
};

/** What was searched for has to be seen; these are no colours. */
const plain: Readonly<Record<string, Look>> = { match: { marks: [4] }, found: { marks: [7] } };

export const builtInLooks: Readonly<Record<BuiltInTheme, Looks>> = { dark, light, contrast };

/** The SGR parameters of each style; an empty text where a style looks like plain text. */
export type Theme = Readonly<Record<StyleName, string>>;

export function createTheme(theme: ThemeName | OwnTheme, depth: ColourDepth): Theme {
  const chosen = looksOf(theme);
  const entries = Object.entries(dark).map(([style]) => {
    const look = chosen?.[style as StyleName] ?? plain[style] ?? {};
    return [style, sgrOf(look, depth)];
  });
  // Without colours and marks a selection would be invisible; its sign in the text remains.
  return Object.fromEntries(entries) as Theme;
}

function looksOf(theme: ThemeName | OwnTheme): Looks | undefined {
  if (typeof theme === "object") return { ...builtInLooks[theme.base], ...theme.looks };
  return theme === "plain" || theme === "reader" ? undefined : builtInLooks[theme];
}

function sgrOf({ colour, on, marks = [] }: Look, depth: ColourDepth): string {
  const parts: (string | number)[] = [...marks];
  if (colour !== undefined && depth > 0) parts.push(colourOf(colour, depth, 38));
  if (on !== undefined && depth > 0) parts.push(colourOf(on, depth, 48));
  // Faint text of a terminal without colours: the attribute is all there is.
  return parts.join(";");
}

function colourOf(rgb: readonly [number, number, number], depth: ColourDepth, code: 38 | 48): string {
  const [red, green, blue] = rgb;
  if (depth === 24) return `${code};2;${red};${green};${blue}`;
  if (depth === 8) {
    const step = (value: number): number => Math.round((value / 255) * 5);
    return `${code};5;${16 + 36 * step(red) + 6 * step(green) + step(blue)}`;
  }
  // Of the 16 the nearest by which channels are strong; grey for what has no hue.
  const strongest = Math.max(red, green, blue);
  if (strongest - Math.min(red, green, blue) < 40 && code === 38) return strongest < 200 ? "90" : "37";
  const bits = [red, green, blue].reduce(
    (sum, value, bit) => sum + (value > strongest * 0.75 ? 1 << bit : 0),
    0,
  );
  return String((code === 38 ? 30 : 40) + bits);
}
