import { en } from "./en.ts";
import type { ConsoleWords } from "./type.ts";
import { zh } from "./zh.ts";

/** By locale: everything that begins with `zh` reads Chinese. */
export function consoleWords(lang: string): ConsoleWords {
  return /^zh/i.test(lang) ? zh : en;
}
