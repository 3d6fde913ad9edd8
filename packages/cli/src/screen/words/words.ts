import { en } from "./en.ts";
import type { ScreenWords } from "./type.ts";
import { zh } from "./zh.ts";

/** By locale: everything that begins with `zh` reads Chinese. */
export function screenWords(lang: string): ScreenWords {
  return /^zh/i.test(lang) ? zh : en;
}
