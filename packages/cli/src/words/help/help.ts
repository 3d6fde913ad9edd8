import type { HelpTopic } from "../../help-arguments.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** By locale: everything that begins with `zh` reads Chinese. Without a topic the first page. */
export function helpFor(lang: string, topic: HelpTopic | undefined): string {
  const words = /^zh/i.test(lang) ? zh : en;
  return topic === undefined ? words.first : words.pages[topic];
}
