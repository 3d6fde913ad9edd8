/** Servers say in many words that a prompt is too long. */
import type { Trouble } from "./events.ts";

export function isOverflow({ code, message }: Trouble): boolean {
  return (
    /context-(length|overflow|size)/.test(code) ||
    /(context|input|prompt)[ _-]?(length|size|window)?.{0,60}(exceed|too (long|large|many))|maximum context|exceeds? the (available )?(context|model's)/i.test(
      message,
    )
  );
}

/** The size of the window, where a message names it: vLLM, SGLang, llama.cpp and OpenAI do, each in its own words. */
export function windowIn(message: string): number | undefined {
  const patterns = [
    /n_ctx\D{0,12}(\d{3,8})/i,
    /(?:maximum )?(?:context|input)[ _-]?(?:length|size|window)[^0-9]{0,40}(\d{3,8})/i,
    /(?:limit|maximum)\D{0,30}(\d{3,8}) tokens/i,
  ];
  for (const pattern of patterns) {
    const found = pattern.exec(message)?.[1];
    if (found !== undefined) return Number(found);
  }
  return undefined;
}
