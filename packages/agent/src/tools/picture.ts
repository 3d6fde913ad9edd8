/** What kind of picture some bytes are, told by the bytes themselves: a name says what its giver wants. */

export interface Picture {
  readonly mediaType: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** Undefined for anything else, and for a picture whose head is broken. */
export function pictureOf(bytes: Buffer): Picture | undefined {
  const size = sizeOf(bytes);
  return size === undefined || size.width === 0 || size.height === 0 ? undefined : size;
}

function sizeOf(bytes: Buffer): Picture | undefined {
  const head = bytes.toString("latin1", 0, 16);
  if (head.startsWith("\x89PNG\r\n\x1a\n") && bytes.length >= 24) {
    // The first chunk of a PNG is IHDR (ISO/IEC 15948, 11.2.2).
    return { mediaType: "image/png", width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  if (/^GIF8[79]a/.test(head) && bytes.length >= 10) {
    return { mediaType: "image/gif", width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  }
  if (/^RIFF[^]{4}WEBPVP8/.test(head) && bytes.length >= 30) return webpSize(bytes, head.slice(12));
  return head.startsWith("\xff\xd8\xff") ? jpegSize(bytes) : undefined;
}

/** RFC 9649: lossy, lossless and extended files have their sizes in three places. */
function webpSize(bytes: Buffer, form: string): Picture | undefined {
  const mediaType = "image/webp";
  switch (form) {
    case "VP8 ":
      return { mediaType, width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    case "VP8L": {
      const bits = bytes.readUInt32LE(21);
      return { mediaType, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return { mediaType, width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}

/** Markers of the frame's head, SOF0 to SOF15, without DHT, JPG and DAC, which lie among them (ITU-T T.81, table B.1). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function jpegSize(bytes: Buffer): Picture | undefined {
  for (let at = 2; at + 9 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1; // a filler byte
      continue;
    }
    if (isFrame(marker)) {
      return {
        mediaType: "image/jpeg",
        height: bytes.readUInt16BE(at + 5),
        width: bytes.readUInt16BE(at + 7),
      };
    }
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}
