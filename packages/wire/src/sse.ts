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
  let rest: Buffer = Buffer.alloc(0);
  let scanned = 0;
  for await (const chunk of source) {
    rest =
      rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = endOfEvent(rest, from, scanned); end > 0; end = endOfEvent(rest, from, from)) {
      yield toEvent(rest.subarray(from, end));
      from = end;
    }
    rest = rest.subarray(from);
    // What was looked at is not looked at again, save for a line end that the cut may have halved.
    scanned = Math.max(0, rest.length - 3);
    if (rest.length > limits.eventBytesMax) {
      throw new CloisterError(`a stream event is longer than ${limits.eventBytesMax} bytes`, {
        code: "event-too-long",
      });
    }
  }
  if (rest.length > 0) yield toEvent(rest);
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

function toEvent(bytes: Buffer): SseEvent {
  const lines: string[] = [];
  for (const line of bytes.toString("utf8").split(/\r\n|\n|\r/)) {
    if (line.startsWith("data:")) lines.push(line.startsWith("data: ") ? line.slice(6) : line.slice(5));
  }
  return { bytes, data: lines.length === 0 ? undefined : lines.join("\n") };
}

export function formatSse(data: string): Buffer {
  return Buffer.from(`data: ${data}\n\n`);
}
