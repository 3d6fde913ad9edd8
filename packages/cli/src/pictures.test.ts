import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloisterError } from "@cloister/base";
import { openImages, openPicture, type PicturePlaces } from "./pictures.ts";

const png = Buffer.from("89504e470d0a1a0a0000000d494844520000000a0000001408060000", "hex");

function openPlaces(): PicturePlaces & { readonly base: string } & Disposable {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "cloister-pictures-")));
  const workspace = join(base, "work");
  mkdirSync(workspace);
  for (const name of ["work/in.png", "out.png"]) writeFileSync(join(base, name), png);
  symlinkSync(join(base, "out.png"), join(workspace, "leads-out.png"));
  symlinkSync(join(workspace, "in.png"), join(base, "leads-in.png"));
  return { base, workspace, home: base, [Symbol.dispose]: () => rmSync(base, { recursive: true }) };
}

test("what lies in the project is left to the agent's cell, and what lies elsewhere is read here, links followed", async () => {
  using places = openPlaces();
  const { base, workspace } = places;
  const elsewhere = {
    kind: "bytes",
    base64: png.toString("base64"),
    from: "elsewhere",
    path: join(base, "out.png"),
  };
  for (const [written, expected] of [
    ["in.png", { kind: "file", path: "in.png" }],
    [join(workspace, "in.png"), { kind: "file", path: "in.png" }],
    ["../leads-in.png", { kind: "file", path: "in.png" }],
    ["../out.png", elsewhere],
    ["~/out.png", elsewhere],
    ["leads-out.png", elsewhere],
  ] as const) {
    const opened = await openPicture(written, places);
    assert.deepEqual(opened, { picture: expected, width: 10, height: 20, bytes: 28 }, written);
  }
});

test("what can be shown to nobody is refused, and a pipe is not waited for", async () => {
  using places = openPlaces();
  writeFileSync(join(places.workspace, "text.png"), "text");
  writeFileSync(join(places.workspace, "huge.png"), Buffer.alloc(4_000_000));
  execFileSync("mkfifo", [join(places.workspace, "pipe.png")]);
  for (const [name, code, why] of [
    ["none.png", "no-such-picture", /there is no none\.png/],
    ["text.png", "bad-picture", /no PNG, JPEG, GIF or WebP/],
    ["huge.png", "bad-picture", /at most 3\.7 MB/],
    ["pipe.png", "bad-picture", /is no file/],
    [".", "bad-picture", /is no file/],
  ] as const) {
    await assert.rejects(openPicture(name, places), (error: unknown) => {
      assert.ok(error instanceof CloisterError);
      assert.equal(error.code, code);
      assert.match(error.message, why);
      return true;
    });
  }
  await assert.rejects(
    openImages(
      Array.from({ length: 21 }, () => "in.png"),
      places,
    ),
    /21 times/,
  );
});
