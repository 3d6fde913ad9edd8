/** A theme of a person's own, checked: a built-in one, and what is other than there, by role. */
import { isRecord } from "@cloister/base";
import type { StyleName } from "../text/line.ts";
import { builtInLooks, type BuiltInTheme, type Colour, type Look, type OwnTheme } from "./theme.ts";

export interface ReadTheme {
  readonly theme: OwnTheme;
  /** What is not understood, or hard to see; the rest holds all the same. */
  readonly problems: readonly string[];
}

const marks: Readonly<Record<string, number>> = {
  ...{ bold: 1, faint: 2, italic: 3, underlined: 4, reversed: 7, struck: 9 },
};
const bases = Object.keys(builtInLooks) as readonly BuiltInTheme[];
/** Most terminals' own, where the file names no ground. */
const grounds: Readonly<Record<BuiltInTheme, Colour>> = {
  dark: [24, 26, 31],
  light: [255, 255, 255],
  contrast: [0, 0, 0],
};
/** WCAG 2.2, 1.4.3: of large text; below that words are missed. */
const CONTRAST_MIN = 3;
/** They warn. A theme may change them, and not hide them. */
const warning: ReadonlySet<string> = new Set(["bad", "warning", "labelMiddle", "labelHigh", "removed"]);

/** `{"base": "dark", "ground": "#101418", "colours": {"accent": "#88c0d0", "code": {"colour": "#fa0", "marks": ["bold"]}}}` */
export function readOwnTheme(name: string, value: unknown): ReadTheme {
  const problems: string[] = [];
  const file = isRecord(value) ? value : {};
  if (!isRecord(value)) problems.push('it must be as {"base": "dark", "colours": {"accent": "#88c0d0"}}');
  const { base: named = "dark", ground: given, colours = {}, ...rest } = file;
  const base = bases.find((each) => each === named) ?? "dark";
  if (base !== named) problems.push(`"base" must be one of ${bases.join(", ")}`);
  for (const other of Object.keys(rest)) {
    problems.push(`there is no "${other}"; there are base, ground, colours`);
  }
  const ground = given === undefined ? grounds[base] : readColour(given);
  if (ground === undefined) problems.push('"ground" must be a colour such as "#101418"');
  if (!isRecord(colours)) problems.push('"colours" must be an object');
  const known = builtInLooks[base];
  const looks: Partial<Record<StyleName, Look>> = {};
  for (const [role, wished] of Object.entries(isRecord(colours) ? colours : {})) {
    if (!isRole(role, known)) {
      problems.push(`there is no role "${role}"; there are ${Object.keys(known).join(", ")}`);
      continue;
    }
    const look = readLook(wished, known[role]);
    if (look === undefined) {
      problems.push(`"${role}" must be a colour such as "#88c0d0", or {"colour", "on", "marks"}`);
      continue;
    }
    const contrast = contrastOf(look, ground ?? grounds[base]);
    if (contrast < CONTRAST_MIN) {
      const kept = warning.has(role) ? "; it warns, and stays as it was" : "";
      problems.push(
        `"${role}" has a contrast of ${contrast.toFixed(1)}, and should have ${CONTRAST_MIN}${kept}`,
      );
      if (warning.has(role)) continue;
    }
    looks[role] = look;
  }
  return { theme: { name, base, looks }, problems };
}

function isRole(role: string, known: Readonly<Record<StyleName, Look>>): role is StyleName {
  return Object.hasOwn(known, role);
}

/** A colour alone keeps the marks that the role has. */
function readLook(value: unknown, known: Look): Look | undefined {
  const alone = readColour(value);
  if (alone !== undefined) return { ...known, colour: alone };
  if (!isRecord(value)) return undefined;
  const { colour, on, marks: named = [], ...rest } = value;
  const [ink, ground] = [colour, on].map(readColour);
  if (Object.keys(rest).length > 0 || !Array.isArray(named)) return undefined;
  const isInk = colour === undefined || ink !== undefined;
  const isGround = on === undefined || ground !== undefined;
  if (!isInk || !isGround) return undefined;
  const attributes = named.map((each) => (typeof each === "string" ? marks[each] : undefined));
  if (attributes.includes(undefined)) return undefined;
  return {
    ...(ink === undefined ? {} : { colour: ink }),
    ...(ground === undefined ? {} : { on: ground }),
    ...(attributes.length === 0 ? {} : { marks: attributes.filter((each) => each !== undefined) }),
  };
}

function readColour(value: unknown): Colour | undefined {
  const [, digits = ""] =
    (typeof value === "string" ? /^#([\da-f]{3}|[\da-f]{6})$/iu.exec(value) : null) ?? [];
  const whole = digits.length === 3 ? digits.replaceAll(/./gu, "$&$&") : digits;
  if (whole === "") return undefined;
  const channel = (at: number): number => Number.parseInt(whole.slice(at, at + 2), 16);
  return [channel(0), channel(2), channel(4)];
}

/** WCAG 2.2's contrast ratio, 1 to 21. What has no colour is the terminal's own, and seen. */
function contrastOf({ colour, on }: Look, ground: Colour): number {
  if (colour === undefined) return 21;
  const [darker = 0, lighter = 0] = [colour, on ?? ground]
    .map(luminance)
    .toSorted((one, other) => one - other);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance([red, green, blue]: Colour): number {
  const linear = (value: number): number => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
