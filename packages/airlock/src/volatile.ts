/**
 * What changes at the head of a prompt and says nothing about the task: telemetry lines, the date, characters nobody
 * sees. One changed byte there costs a local server the whole prefill, and may be a mark by which a user is known.
 */
import { isRecord, type Json } from "@cloister/base";

/**
 * `freeze`: marks go, dates and times keep their first value of the conversation. `remove`: their lines go too.
 * `keep`: everything stays as the client sent it.
 */
export type VolatilePolicy = "freeze" | "remove" | "keep";

/** `mark`: a line or block of telemetry. `date`: a line with a date or a time. `invisible`: a character. */
export type VolatileKind = "mark" | "date" | "invisible";

/** How often each was removed, frozen or made plain. */
export type VolatileCounts = Readonly<Partial<Record<VolatileKind, number>>>;

/** Puts the system texts of one conversation in order, and remembers what its dates were. */
export interface Steadying {
  /** Of the texts before the conversation. */
  readonly head: (text: string) => string;
  /** Of texts that only repeat or describe, such as tools, and system texts further on: dates there are news. */
  readonly later: (text: string) => string;
  readonly counts: VolatileCounts;
}

/** The first values of one conversation's dates, by the words before them. */
export type FrozenDates = Map<string, string>;

const FROZEN_MAX = 64;

export function createSteadying(policy: VolatilePolicy, frozen: FrozenDates): Steadying {
  const counts: Partial<Record<VolatileKind, number>> = {};
  const count = (kind: VolatileKind): void => void (counts[kind] = (counts[kind] ?? 0) + 1);
  const seen = new Map<string, number>();

  const later = (text: string): string => {
    if (policy === "keep") return text;
    const plain = text.replace(invisible, (character: string, at: number) => {
      if (joins(text, at, character)) return character;
      count("invisible");
      return "";
    });
    const spoken = plain.replace(disguised, (character) => {
      count("invisible");
      return apostrophes.has(character) ? "'" : " ";
    });
    return spoken.replace(markLine, () => {
      count("mark");
      return "";
    });
  };

  const freeze = (whole: string, before: string, value: string, end: string): string => {
    count("date");
    if (policy === "remove") return "";
    const words = before.trim().toLowerCase();
    const place = (seen.get(words) ?? 0) + 1;
    seen.set(words, place);
    const key = `${words}\n${place}`;
    const first = frozen.get(key);
    if (first === undefined) {
      if (frozen.size < FROZEN_MAX) frozen.set(key, value);
      return whole;
    }
    return `${before}${first}${end}`;
  };

  return {
    counts,
    later,
    head: (text) => (policy === "keep" ? text : later(text).replace(dateLine, freeze)),
  };
}

/** The same value without anything that changes of itself: to know a conversation again by it. */
export function withoutVolatile(value: Json): Json {
  const steadying = createSteadying("remove", new Map());
  return mapTexts(value, steadying.head);
}

/** Every string of a value, by what `change` makes of it; objects and lists in which nothing changed stay as they are. */
export function mapTexts(value: Json, change: (text: string, name: string) => string, name = ""): Json {
  if (typeof value === "string") return change(value, name);
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    const mapped = list.map((item) => mapTexts(item, change, name));
    return mapped.every((item, index) => item === list[index]) ? list : mapped;
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value as Record<string, Json>);
  const mapped = entries.map(([key, item]): [string, Json] => [key, mapTexts(item, change, key)]);
  return mapped.every(([, item], index) => item === entries[index]?.[1]) ? value : Object.fromEntries(mapped);
}

/** Claude Code's, with or without the value `cch=` that changes with every request. */
const markLine = /^x-[a-z]+-billing-header:[^\n]*\n?/gim;

/**
 * Words that name a date or a time, and a value that looks like one. Only at the beginning of a line, behind a bullet
 * or a tag at most: in the middle of a sentence it is prose.
 */
const dateLine = new RegExp(
  String.raw`^([ \t]*(?:[-*] )?(?:<[a-z_]{1,30}>)?` +
    String.raw`(?:(?:the |my )?(?:today's |current |today's current )?(?:local |system )?(?:date|time|datetime|date and time|date/time)` +
    String.raw`|today|now|(?:当前|今天的?|现在的?)?(?:日期|时间|日期和时间|日期时间)|今天|现在)` +
    String.raw`(?:[ \t]+is[ \t]+|[ \t]*[:：=是为][ \t]*)` +
    String.raw`|[ \t]*<(?:current_|today_|local_)?(?:date|time|datetime|timestamp)>)` +
    String.raw`((?=[^\n<]{0,30}(?:\d{4}|\d{1,2}:\d\d))[^\n<]{4,120}?)` +
    String.raw`((?:</[a-z_]{1,30}>)?[ \t]*(?:\n|$(?![\s\S])))`,
  "gimu",
);

/** Zero-width, bidirectional, tag and variation characters, and the soft hyphen: nobody sees them, a server can. */
const invisible = new RegExp(
  [
    String.raw`[\u00AD\u061C\u115F\u1160\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB]`,
    String.raw`[\uFE00-\uFE0F]`,
    String.raw`\u034F`,
    String.raw`[\u17B4\u17B5]`,
    String.raw`[\u180B-\u180D\u180F]`,
    String.raw`[\u{1BCA0}-\u{1BCA3}\u{E0000}-\u{E0FFF}]`,
  ].join("|"),
  "gu",
);

const apostrophes = new Set("\u2018\u2019\u201B\u02B9\u02BB\u02BC\u02BD\u2032\u2035\u05F3\uA78C\uFF07\u00B4");

/** What looks like the apostrophe between two letters, or like a blank, and is none. */
const disguised =
  /(?<=\p{L})[\u2018\u2019\u201B\u02B9\u02BB\u02BC\u02BD\u2032\u2035\u05F3\uA78C\uFF07\u00B4](?=\p{L})|[\u00A0\u1680\u2000-\u200A\u202F\u205F]/gu;

/** Behind these a joiner or a selector is part of what is seen: flags, families, and the letters of some scripts. */
const joined = new RegExp(
  String.raw`^(?:[\p{Extended_Pictographic}\u{1F3FB}-\u{1F3FF}\p{Script=Arabic}\p{Script=Devanagari}` +
    String.raw`\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Mongolian}]|\uFE0F)$`,
  "u",
);
const JOINERS = new Set(["\u200C", "\u200D", "\uFE0E", "\uFE0F"]);
const KEYCAP = "\u20E3";

function joins(text: string, at: number, character: string): boolean {
  if (!JOINERS.has(character)) return false;
  const last = text.charCodeAt(at - 1);
  const isHalf = last >= 0xdc00 && last <= 0xdfff;
  const before = text.slice(Math.max(0, at - (isHalf ? 2 : 1)), at);
  return text.startsWith(KEYCAP, at + 1) || joined.test(before);
}
