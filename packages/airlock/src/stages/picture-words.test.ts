import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutWords } from "./picture-words.ts";

const secret = ["sk", "live", "8dJ2kQw9Zr5Tn3Xb7Vm4Lc6P"].join("_");
const words = Buffer.from(`key ${secret}`);

function png(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, data, Buffer.alloc(4)]);
}

function segment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

function riff(chunks: readonly (readonly [string, Buffer])[]): Buffer {
  const body = chunks.map(([type, data]) => {
    const head = Buffer.alloc(8);
    head.write(type, "latin1");
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  });
  const all = Buffer.concat(body);
  const head = Buffer.from("RIFF\0\0\0\0WEBP", "latin1");
  head.writeUInt32LE(all.length + 4, 4);
  return Buffer.concat([head, all]);
}

const block = Buffer.concat([Buffer.from([words.length]), words, Buffer.from([0])]);
const signature = Buffer.from("89504e470d0a1a0a", "hex");
const ends = [png("IDAT", Buffer.alloc(9, 1)), png("IEND", Buffer.alloc(0))];
const scan = Buffer.concat([segment(0xda, Buffer.alloc(9)), Buffer.alloc(20, 3), Buffer.from([0xff, 0xd9])]);
const gif = Buffer.from("474946383961020001008000000102030405062c000000000200010000020244010021", "hex");
const gifHead = gif.subarray(0, 19);
const gifRest = Buffer.concat([gif.subarray(19, -1), Buffer.from([0x3b])]);
const extended = Buffer.alloc(10);
const flagged = Buffer.alloc(10);
flagged[0] = 0x1c;
extended[0] = 0x10;

/** Without and with words. */
const pictures: Readonly<Record<string, readonly [Buffer, Buffer]>> = {
  png: [
    Buffer.concat([signature, png("IHDR", Buffer.alloc(13)), ...ends]),
    Buffer.concat([
      ...[
        signature,
        png("IHDR", Buffer.alloc(13)),
        png("tEXt", words),
        png("eXIf", words),
        png("prVt", words),
      ],
      ...[...ends, words],
    ]),
  ],
  jpeg: [
    Buffer.concat([
      Buffer.from([0xff, 0xd8]),
      segment(0xe0, Buffer.alloc(5)),
      segment(0xdb, Buffer.alloc(64)),
      scan,
    ]),
    Buffer.concat([
      ...[
        Buffer.from([0xff, 0xd8]),
        segment(0xe0, Buffer.alloc(5)),
        segment(0xe1, words),
        segment(0xfe, words),
      ],
      ...[segment(0xdb, Buffer.alloc(64)), scan],
    ]),
  ],
  gif: [
    Buffer.concat([gifHead, gifRest]),
    Buffer.concat([gifHead, Buffer.from([0x21, 0xfe]), block, gifRest, words]),
  ],
  webp: [
    riff([
      ["VP8X", extended],
      ["VP8 ", Buffer.alloc(21, 7)],
    ]),
    riff([
      ["VP8X", flagged],
      ["VP8 ", Buffer.alloc(21, 7)],
      ["EXIF", words],
      ["XMP ", words],
    ]),
  ],
};

for (const [name, [plain, worded]] of Object.entries(pictures)) {
  test(`${name}: what it takes to draw it stays, byte for byte, and no word does`, () => {
    const told = (bytes: Buffer): string => `data:image/${name};base64,${bytes.toString("base64")}`;
    assert.equal(withoutWords(told(worded)), told(plain));
    assert.equal(withoutWords(told(plain)), told(plain));
    assert.equal(withoutWords(worded.toString("base64")), plain.toString("base64"));
  });

  test(`${name}: one that is cut anywhere is still given back, and never longer`, () => {
    for (let cut = 12; cut < worded.length; cut++) {
      const text = worded.subarray(0, cut).toString("base64");
      assert.ok(withoutWords(text).length <= text.length);
    }
  });
}

test("what is no picture stays as it is", () => {
  for (const text of [
    "",
    "data:",
    "data:image/png;base64,",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "JVBERi0xLjQ=",
  ]) {
    assert.equal(withoutWords(text), text);
  }
});
