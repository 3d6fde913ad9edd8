import assert from "node:assert/strict";
import { test } from "node:test";
import { readPdf } from "./pdf.ts";
import { openScratch } from "./scratch.ts";

/** A PDF with one line of text on each page (ISO 32000-2, annex H), cross-reference table and all. */
function pdf(pages: readonly string[]): Buffer {
  const kids = pages.map((_, at) => `${4 + 2 * at} 0 R`).join(" ");
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ...pages.flatMap((line, at) => {
      const content = line === "" ? "" : `BT /F1 12 Tf 72 720 Td (${line}) Tj 0 -20 Td (second line) Tj ET`;
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * at} 0 R >>`,
        `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
      ];
    }),
  ];
  let text = "%PDF-1.4\n";
  const offsets = objects.map((object, at) => {
    const offset = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join("")}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, "latin1");
}

test("Read shows the text of a PDF by page, and says how to go on", async () => {
  await using scratch = await openScratch();
  await scratch.put("a.pdf", pdf(Array.from({ length: 12 }, (_, at) => `Hello ${at + 1}`)));
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
  await scratch.put("a.pdf", pdf([""]));
  assert.match((await scratch.call("Read", { file_path: "a.pdf" })).text, /no text/);
});

test("a broken PDF is refused with a reason, whatever is broken in it", async () => {
  await using scratch = await openScratch();
  const whole = pdf(["Hello"]);
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
  await assert.rejects(readPdf(pdf(["a"]), { now: () => 0 }, aborted), /stop/);
  let now = 0;
  const slow = await readPdf(
    pdf(["a", "b", "c"]),
    { now: () => (now += 30_000) },
    new AbortController().signal,
  );
  assert.ok(slow.kind === "text" && slow.to === 1 && slow.text.includes("continue with offset 2"));
});
