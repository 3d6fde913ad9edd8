import { en } from "./en.ts";
import { zh } from "./zh.ts";
import type { Words } from "./type.ts";

/** By locale: everything that begins with `zh` reads Chinese. */
export function wordsFor(lang: string): Words {
  return /^zh/i.test(lang) ? zh : en;
}
