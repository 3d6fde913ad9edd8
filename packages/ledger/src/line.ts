// The two kinds of line in a segment: `E <crc32> <body>` for an entry, `C <crc32> <base64 of a note>` for a
// checkpoint. The CRC is of the bytes behind it, eight lower-case hex digits; it finds accidents, the tree finds intent.
import { crc32 } from "node:zlib";

export type Line =
  | { readonly kind: "entry"; readonly body: Buffer }
  | { readonly kind: "checkpoint"; readonly note: string }
  /** `meant` is what the line was before something happened to it, as far as one can tell. */
  | { readonly kind: "bad"; readonly meant: "entry" | "checkpoint"; readonly why: string };

const payloadStart = 11;
const blank = 0x20;
const brace = 0x7b;
const letterC = 0x43;
const letterE = 0x45;

export function encodeEntry(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`E ${crcOf(body)} `), body, Buffer.of(0x0a)]);
}

export function encodeCheckpoint(note: string): Buffer {
  const payload = Buffer.from(note).toString("base64");
  return Buffer.from(`C ${crcOf(Buffer.from(payload))} ${payload}\n`);
}

/** Reads a line without its line feed. What `encode…` would not have written is bad, down to the case of a hex digit. */
export function parseLine(bytes: Buffer): Line {
  const payload = bytes.subarray(payloadStart);
  const looksLike = payload[0] === brace ? "entry" : "checkpoint";
  const claims = bytes[0] === letterE ? "entry" : bytes[0] === letterC ? "checkpoint" : undefined;
  if (payload.length === 0 || bytes[1] !== blank || bytes[10] !== blank) {
    return bad(claims ?? looksLike, "it has no line header");
  }
  if (bytes.toString("latin1", 2, 10) !== crcOf(payload)) {
    return bad(claims ?? looksLike, "its bytes do not match its CRC");
  }
  // The payload is whole, so it knows better than the first letter what it is.
  if (claims !== looksLike) return bad(looksLike, "its first letter does not fit its content");
  if (claims === "entry") return { kind: "entry", body: payload };
  const text = payload.toString("latin1");
  const note = Buffer.from(text, "base64");
  if (note.toString("base64") !== text) return bad("checkpoint", "it is not base64");
  return { kind: "checkpoint", note: note.toString() };
}

function crcOf(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}

function bad(meant: "entry" | "checkpoint", why: string): Line {
  return { kind: "bad", meant, why };
}
