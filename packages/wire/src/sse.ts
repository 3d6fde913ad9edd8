/** Server-sent events (WHATWG HTML, section 9.2) as model servers use them: framing only, bytes kept as they came. */
import { CloisterError } from "@cloister/base";

/** One event as it stood on the wire, its blank line included, and the text of its `data` lines. */
export interface SseEvent {
  readonly bytes: Uint8Array;
  /** undefined for a comment or keep-alive. */
  readonly data: string | undefined;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts a byte stream into events, whatever the chunking. Several events of one chunk come out one by one, none is
 * delayed. An unfinished event at the end is passed on as it stands, for the reader to judge.
 * @throws CloisterError `event-too-long`
 */
export async function* readSse(
  source: AsyncIterable<Uint8Array>,
  limits: { readonly eventBytesMax: number },
): AsyncGenerator<SseEvent> {
  const cutter = new SseCutter(limits);
  for await (const chunk of source) {
    for (const bytes of cutter.cut(chunk)) yield toSseEvent(bytes);
  }
  if (cutter.rest.length > 0) yield toSseEvent(cutter.rest);
}

/** As `readSse`, for whoever looks at the bytes before making a text of them. */
export class SseCutter {
  readonly #eventBytesMax: number;
  #rest: Buffer = Buffer.alloc(0);
  #scanned = 0;

  constructor(limits: { readonly eventBytesMax: number }) {
    this.#eventBytesMax = limits.eventBytesMax;
  }

  /** What came of an event that has not ended. */
  get rest(): Buffer {
    return this.#rest;
  }

  /**
   * The events that end in this chunk. They lie one behind the other in one piece of memory.
   * @throws CloisterError `event-too-long`, after the events before
   */
  *cut(chunk: Uint8Array): Generator<Buffer> {
    const bytes =
      this.#rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let end = endOfEvent(bytes, from, this.#scanned); end > 0; end = endOfEvent(bytes, from, from)) {
      yield bytes.subarray(from, end);
      from = end;
    }
    this.#rest = bytes.subarray(from);
    // What was looked at is not looked at again, save for a line end that the cut may have halved.
    this.#scanned = Math.max(0, this.#rest.length - 3);
    if (this.#rest.length > this.#eventBytesMax) {
      throw new CloisterError(`a stream event is longer than ${this.#eventBytesMax} bytes`, {
        code: "event-too-long",
      });
    }
  }
}

/** The index after the blank line that ends the event, or -1. Lines end with LF, CR LF or CR. */
function endOfEvent(bytes: Buffer, from: number, scanFrom: number): number {
  for (let at = bytes.indexOf(LF, Math.max(from, scanFrom)); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    const next = bytes[at + 1];
    if (next === LF) return at + 2;
    if (next === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

export function toSseEvent(bytes: Buffer): SseEvent {
  const text = bytes.toString("utf8");
  // Nearly every event is one line of data.
  if (text.startsWith("data: ") && text.indexOf("\n") === text.length - 2 && !text.includes("\r")) {
    return { bytes, data: text.slice(6, -2) };
  }
  const lines: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line.startsWith("data:")) lines.push(line.startsWith("data: ") ? line.slice(6) : line.slice(5));
  }
  return { bytes, data: lines.length === 0 ? undefined : lines.join("\n") };
}

export function formatSse(data: string): Buffer {
  return Buffer.from(`data: ${data}\n\n`);
}
