import assert from "node:assert/strict";
import { test } from "node:test";
import { buildPdf } from "@cloister/fakes";
import { readPdf } from "./pdf.ts";
import { openScratch } from "./scratch.ts";

test("Read shows the text of a PDF by page, and says how to go on", async () => {
  await using scratch = await openScratch();
  await scratch.put("a.pdf", buildPdf(Array.from({ length: 12 }, (_, at) => `Hello ${at + 1}`)));
  const first = await scratch.call("Read", { file_path: "a.pdf" });
  assert.match(first.text, /^\[page 1\]\nHello 1\nsecond line\n\n\[page 2\]\nHello 2\n/);
  assert.match(first.text, /\[pages 1-10 of 12; continue with offset 11\]$/);
  assert.deepEqual(first.sources, [{ path: "a.pdf", from: 1, to: 10 }]);
  const rest = await scratch.call("Read", { file_path: "a.pdf", offset: 11 });
  assert.match(rest.text, /\[page 12\]\nHello 12\nsecond line$/);
  const one = await scratch.call("Read", { file_path: "a.pdf", offset: 3, limit: 1 });
  assert.match(one.text, /^\[page 3\]\nHello 3/);
  assert.match(
    (await scratch.call("Read", { file_path: "a.pdf", offset: 40 })).text,
    /has 12 pages; offset 40/,
  );
});

test("a page without text says so", async () => {
  await using scratch = await openScratch();
  await scratch.put("a.pdf", buildPdf([""]));
  assert.match((await scratch.call("Read", { file_path: "a.pdf" })).text, /no text/);
});

test("a broken PDF is refused with a reason, whatever is broken in it", async () => {
  await using scratch = await openScratch();
  const whole = buildPdf(["Hello"]);
  const broken = [
    whole.subarray(0, 9),
    Buffer.from("%PDF-1.7\n%%EOF"),
    Buffer.from(whole.toString("latin1").replace("/Kids [4 0 R]", "/Kids [2 0 R]"), "latin1"),
    Buffer.from(whole.toString("latin1").replaceAll("obj", "bjo"), "latin1"),
  ];
  for (const bytes of broken) {
    await scratch.put("a.pdf", bytes);
    const { ok, text } = await scratch.call("Read", { file_path: "a.pdf" });
    assert.ok(!ok || text.includes("[page 1]"), text);
    if (!ok) assert.match(text, /^a\.pdf: it cannot be read as a PDF/);
  }
});

test("an aborted reading of a PDF rejects, and a slow one ends between two pages", async () => {
  const aborted = AbortSignal.abort(new Error("stop"));
  await assert.rejects(readPdf(buildPdf(["a"]), { now: () => 0 }, aborted), /stop/);
  let now = 0;
  const slow = await readPdf(
    buildPdf(["a", "b", "c"]),
    { now: () => (now += 30_000) },
    new AbortController().signal,
  );
  assert.ok(slow.kind === "text" && slow.to === 1 && slow.text.includes("continue with offset 2"));
});
