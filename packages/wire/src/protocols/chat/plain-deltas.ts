/**
 * Nearly all events of a stream differ in nothing but a piece of text. Once one of them was parsed, the next one is
 * known by its bytes: the same before and behind the text, and between them one JSON string.
 */
import { parseChunk, type Chunk } from "./chunk.ts";

export interface PlainDelta {
  readonly kind: "text" | "reasoning";
  readonly text: string;
}

interface Form {
  readonly kind: PlainDelta["kind"];
  readonly before: Buffer;
  readonly behind: Buffer;
}

/** Learning costs a parse, so it stays rare beside what it has saved: streams may change their form with every event. */
const LESSONS_FREE = 8;
const EVENTS_PER_LESSON = 4;

const TEXT_FIELD = /"(?:content|reasoning_content|reasoning)": ?"/g;
/** No text of a model is likely to be this; were one, nothing would be learnt from it. */
const MARK = "cloister:mark";

export class PlainDeltas {
  #form: Form | undefined;
  #lessons = 0;
  #known = 0;

  /** What the event says if it is of the form that was learnt: exactly what parsing it would give. */
  read(event: Buffer): PlainDelta | undefined {
    const form = this.#form;
    if (form === undefined) return undefined;
    const { kind, before, behind } = form;
    const end = event.length - behind.length;
    if (
      end <= before.length ||
      event.compare(before, 0, before.length, 0, before.length) !== 0 ||
      event.compare(behind, 0, behind.length, end) !== 0
    ) {
      return undefined;
    }
    const text = stringOf(event.toString("utf8", before.length, end));
    if (text === undefined || text === "") return undefined;
    this.#known += 1;
    return { kind, text };
  }

  /** Takes a parsed event as the form of those to come, when it says no more than a piece of text. */
  learn(event: Buffer, chunk: Chunk): void {
    if (!saysOnlyText(chunk)) return;
    if (this.#lessons >= LESSONS_FREE + this.#known / EVENTS_PER_LESSON) return;
    this.#lessons += 1;
    const data = event.toString("utf8");
    if (!data.startsWith("data: {") || !data.endsWith("}\n\n")) return;
    for (const match of data.matchAll(TEXT_FIELD)) {
      const start = match.index + match[0].length;
      const end = endOfString(data, start);
      if (end === start) continue;
      const kind = kindOf(data.slice("data: ".length, start), data.slice(end));
      if (kind === undefined) continue;
      this.#form = { kind, before: Buffer.from(data.slice(0, start)), behind: Buffer.from(data.slice(end)) };
      return;
    }
  }
}

/** Whether what stands between the two is what is shown, and all that is shown: tried with another text. */
function kindOf(before: string, behind: string): PlainDelta["kind"] | undefined {
  const tried = parseChunk(before + MARK + behind);
  if (tried === undefined || !saysOnlyText(tried)) return undefined;
  if (tried.text === MARK && tried.reasoning === "") return "text";
  return tried.reasoning === MARK && tried.text === "" ? "reasoning" : undefined;
}

function saysOnlyText(chunk: Chunk): boolean {
  return (
    chunk.isPlain &&
    (chunk.text === "") !== (chunk.reasoning === "") &&
    chunk.stopSequence === undefined &&
    chunk.usage === undefined &&
    chunk.extension === undefined &&
    chunk.error === undefined
  );
}

/** The index of the quote that ends the string, or where it began when there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') return at;
    if (char === "\\") at += 1;
  }
  return start;
}

/** The value of the inside of a JSON string; undefined when it is not the inside of one, such as `a","b":"c`. */
function stringOf(inside: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- JSON forbids them in strings
  if (!/["\\\u0000-\u001f]/.test(inside)) return inside;
  try {
    return JSON.parse(`"${inside}"`) as string;
  } catch {
    return undefined; // parsed as a whole then, which says what it is
  }
}
