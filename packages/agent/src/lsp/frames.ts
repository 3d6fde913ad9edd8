/** Messages with a header each, as the base protocol of language servers has them (LSP 3.17, "Base Protocol"). */
import { CloisterError } from "@cloister/base";

const HEADER_BYTES_MAX = 8192;
/** The symbols of a large workspace in one answer. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;

export function encodeMessage(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

/**
 * The values of the messages. Lines before a header are passed over: programs greet.
 * @throws CloisterError `lsp-protocol` for a header without end, a message that is too long, or one that is no JSON
 */
export async function* readMessages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator {
  let parts: Buffer[] = [];
  let size = 0;
  let wanted = 0;
  for await (const chunk of chunks) {
    parts.push(Buffer.from(chunk));
    size += chunk.length;
    // A long message comes in many pieces, which are put together once.
    if (size < wanted) continue;
    let rest = Buffer.concat(parts);
    for (;;) {
      const frame = cutFrame(rest);
      wanted = frame.wanted;
      if (frame.body === undefined) break;
      rest = rest.subarray(frame.wanted);
      yield parseBody(frame.body);
    }
    parts = [rest];
    size = rest.length;
  }
}

interface Frame {
  /** Undefined when it is not all there. */
  readonly body?: Buffer;
  /** Of bytes, from the start of its header; 0 when the header is not all there. */
  readonly wanted: number;
}

function cutFrame(bytes: Buffer): Frame {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) {
    if (bytes.length > HEADER_BYTES_MAX) throw broken("its header has no end");
    return { wanted: 0 };
  }
  const length = Number(/(?:^|\n)content-length: *(\d{1,12})/i.exec(bytes.toString("latin1", 0, end))?.[1]);
  if (!Number.isSafeInteger(length)) throw broken("a header does not say how long its message is");
  if (length > BODY_BYTES_MAX) throw broken(`a message has ${length} bytes`);
  const wanted = end + 4 + length;
  return bytes.length < wanted ? { wanted } : { body: bytes.subarray(end + 4, wanted), wanted };
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw broken("a message is no JSON", error);
  }
}

function broken(why: string, cause?: unknown): CloisterError {
  return new CloisterError(`the language server does not keep to the protocol: ${why}`, {
    code: "lsp-protocol",
    next: "go on without it: Grep finds names too",
    ...(cause === undefined ? {} : { cause }),
  });
}
