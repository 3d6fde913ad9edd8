/** Whom a TLS client says it wants: the server name in its first message (RFC 8446, 4.1.2; RFC 6066, section 3). */

export type ClientHello =
  | { readonly kind: "incomplete" }
  /** ECH (RFC 9849) leaves an outer name here, and hides another: the outer one is what is compared. */
  | { readonly kind: "hello"; readonly serverName: string | undefined }
  | { readonly kind: "not-tls" }
  | { readonly kind: "malformed" };

export const helloBytesMax: number = 32 * 1024;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const RECORD_BYTES_MAX = 16_384;

/** `bytes` begins with the connection. Records may cut the message anywhere: that is how filters are passed. */
export function readClientHello(bytes: Buffer): ClientHello {
  const message = joinRecords(bytes);
  if (!Buffer.isBuffer(message)) return { kind: message };
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return { kind: "malformed" };
  if (message.length < 4) return { kind: "incomplete" };
  const length = message.readUIntBE(1, 3);
  if (length > helloBytesMax) return { kind: "malformed" };
  if (message.length < 4 + length) return { kind: "incomplete" };
  try {
    return { kind: "hello", serverName: serverNameOf(new Reader(message.subarray(4, 4 + length))) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: "malformed" };
    throw error;
  }
}

/** The handshake bytes of all whole records, and of the last one what is there. */
function joinRecords(bytes: Buffer): Buffer | "not-tls" | "incomplete" {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HANDSHAKE) return parts.length === 0 ? "not-tls" : Buffer.concat(parts);
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return "not-tls";
    if (at + 5 > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > RECORD_BYTES_MAX) return "not-tls";
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return parts.length === 0 ? "incomplete" : Buffer.concat(parts);
}

function serverNameOf(hello: Reader): string | undefined {
  hello.take(2 + 32);
  hello.take(hello.number(1));
  hello.take(hello.number(2));
  hello.take(hello.number(1));
  if (hello.isAtEnd()) return undefined;
  const extensions = new Reader(hello.take(hello.number(2)));
  let name: string | undefined;
  while (!extensions.isAtEnd()) {
    const type = extensions.number(2);
    const content = new Reader(extensions.take(extensions.number(2)));
    if (type !== SERVER_NAME) continue;
    // Two of them, or two names in one, would be a choice for the server that we cannot foresee.
    if (name !== undefined) throw new RangeError("two server names");
    const list = new Reader(content.take(content.number(2)));
    if (list.number(1) !== 0) throw new RangeError("not a host name");
    name = list.take(list.number(2)).toString("latin1").toLowerCase();
    if (!list.isAtEnd() || !content.isAtEnd()) throw new RangeError("two server names");
  }
  return name;
}

/** Reads forward. @throws RangeError beyond the end */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new RangeError("beyond the end");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(length: 1 | 2): number {
    return this.take(length).readUIntBE(0, length);
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}
