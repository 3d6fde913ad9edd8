import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { pictureOf } from "./picture.ts";
import { openScratch } from "./scratch.ts";
import { readTool } from "./read.ts";
import { guarded } from "./toolset.ts";

function png(width: number, height: number, more = 0): Buffer {
  const head = Buffer.alloc(25);
  head.writeUInt32BE(13, 0);
  head.write("IHDR", 4, "latin1");
  head.writeUInt32BE(width, 8);
  head.writeUInt32BE(height, 12);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    head,
    deflateSync(Buffer.alloc(9)),
    Buffer.alloc(more),
  ]);
}

const jpeg = Buffer.from("ffd8ffe000104a46494600010100000100010000ffffc0001108001e0028030122000000", "hex");

test("a picture is told by its bytes, with its size", () => {
  assert.deepEqual(pictureOf(png(640, 480)), { mediaType: "image/png", width: 640, height: 480 });
  assert.deepEqual(pictureOf(jpeg), { mediaType: "image/jpeg", width: 40, height: 30 });
  const gif = Buffer.from("GIF89a\x0a\x00\x14\x00\x00\x00", "latin1");
  assert.deepEqual(pictureOf(gif), { mediaType: "image/gif", width: 10, height: 20 });
  const webp = (form: string, body: string): Buffer =>
    Buffer.concat([
      Buffer.from(`RIFF\0\0\0\0WEBP${form}\0\0\0\0`, "latin1"),
      Buffer.from(body, "hex"),
      Buffer.alloc(10),
    ]);
  assert.deepEqual(pictureOf(webp("VP8X", "10000000630000c70000")), {
    mediaType: "image/webp",
    width: 100,
    height: 200,
  });
  assert.deepEqual(pictureOf(webp("VP8L", "2f63c03100")), {
    mediaType: "image/webp",
    width: 100,
    height: 200,
  });
  assert.deepEqual(pictureOf(webp("VP8 ", "0000009d012a6400c800")), {
    mediaType: "image/webp",
    width: 100,
    height: 200,
  });
});

test("broken heads and other bytes are no picture, wherever they end", () => {
  for (const whole of [png(1, 1), jpeg, Buffer.from("GIF89a\x01\x00\x01\x00", "latin1")]) {
    for (let end = 0; end < 20; end++) pictureOf(whole.subarray(0, end));
  }
  assert.equal(pictureOf(png(0, 5)), undefined);
  assert.equal(pictureOf(Buffer.from("<svg/>")), undefined);
  assert.equal(pictureOf(Buffer.from("ffd8ffe00000", "hex")), undefined);
  // A length of 0 must not hold the reader where it is.
  assert.equal(
    pictureOf(Buffer.concat([Buffer.from("ffd8", "hex"), Buffer.from("ffe00000".repeat(1000), "hex")])),
    undefined,
  );
});

test("a model that sees is shown the picture's bytes, on record; another is told what it is", async () => {
  await using scratch = await openScratch();
  await scratch.put("shot.png", png(640, 480));
  const read = (seesPictures: boolean): ReturnType<typeof readTool.run> =>
    guarded(readTool).run(
      { file_path: "shot.png" },
      { ...scratch.world, seesPictures },
      new AbortController().signal,
    );
  const seen = await read(true);
  assert.deepEqual(seen.pictures, [
    { path: "shot.png", mediaType: "image/png", base64: png(640, 480).toString("base64") },
  ]);
  assert.deepEqual(seen.sources, [{ path: "shot.png", from: 1, to: 1 }]);
  const told = await read(false);
  assert.match(told.text, /^shot\.png: image\/png, 640 × 480 pixels, \d+ B\. This model does not see images/);
  assert.deepEqual([told.ok, told.pictures, told.sources], [true, undefined, []]);
});

test("a picture that is too large is refused; a text with a picture's name is a text", async () => {
  await using scratch = await openScratch();
  await scratch.put("big.png", png(640, 480, 4_000_000));
  await scratch.put("wide.png", png(9000, 1));
  await scratch.put("note.png", "plain\n");
  const read = (file_path: string): ReturnType<typeof readTool.run> =>
    guarded(readTool).run(
      { file_path },
      { ...scratch.world, seesPictures: true },
      new AbortController().signal,
    );
  assert.match((await read("big.png")).text, /smaller copy/);
  assert.match((await read("wide.png")).text, /smaller copy/);
  assert.equal((await read("note.png")).text, "1\tplain");
  assert.match((await read("gone.png")).text, /does not exist/);
});
