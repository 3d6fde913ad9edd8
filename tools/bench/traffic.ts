// What can be read out of the requests of a run: how large the fixed prompt is, how much repeats, how long nobody asked.
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { isRecord } from "@cloister/base";
import type { Body } from "./calls.ts";
import { median } from "./report.ts";
import { prompt } from "./scenario.ts";
import { textOf, type Asked } from "./stage.ts";

export interface Traffic {
  /** Tools, system prompt and whatever else stands in the first request beside the user's own words, in o200k. */
  readonly promptTokens: number;
  /** How much of a request stands at the beginning of the next one: the least and the median, of all requests but the last. */
  readonly prefixMin: number;
  readonly prefixMedian: number;
}

export interface Gaps {
  /** From the end of an answer to the next request: what an agent takes for itself, its tool included. */
  readonly medianMs: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

const EDGE = 20;

/** Of a run with one request only the tokens are known; the shares are 1 then. */
export function readTraffic(asked: readonly Asked[]): Traffic {
  const [first] = asked;
  const texts = asked.map(({ body }) => asModelReads(body));
  const shares = texts.slice(1).map((text, index) => {
    const before = texts[index] ?? "";
    return commonLength(before, text) / before.length;
  });
  return {
    promptTokens: first === undefined ? Number.NaN : promptTokensOf(first.body),
    prefixMin: shares.length === 0 ? 1 : Math.min(...shares),
    prefixMedian: shares.length === 0 ? 1 : median(shares),
  };
}

export function readGaps(asked: readonly Asked[]): Gaps {
  const gaps = asked.slice(1).map(({ arrivedMs }, index) => arrivedMs - (asked[index]?.endedMs ?? arrivedMs));
  return { medianMs: median(gaps), firstMs: median(gaps.slice(0, EDGE)), lastMs: median(gaps.slice(-EDGE)) };
}

/** Tools before messages, as chat templates put them, wherever they stand in the request. */
function asModelReads(body: Body): string {
  return [
    JSON.stringify(body["tools"] ?? []),
    ...messagesOf(body).map((message) => JSON.stringify(message)),
  ].join("\n");
}

function promptTokensOf(body: Body): number {
  const texts = messagesOf(body).map(textOf);
  const all = countTokens([JSON.stringify(body["tools"] ?? []), ...texts].join("\n"));
  return all - countTokens(prompt);
}

function messagesOf(body: Body): Body[] {
  return Array.isArray(body["messages"]) ? body["messages"].filter(isRecord) : [];
}

function commonLength(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one.charCodeAt(at) === other.charCodeAt(at)) at += 1;
  return at;
}
