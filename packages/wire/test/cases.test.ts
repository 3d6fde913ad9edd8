import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, readCases, readToolset, recoverStream, recoverText, summary, textOf } from "./case.ts";
import { createRandom } from "./random.ts";

const tools = readToolset();
const RANDOM_CUTS = 20;

for (const file of ["toolcalls.jsonl", "more.jsonl", "families.jsonl", "arguments.jsonl", "streams.jsonl"]) {
  test(`every case of ${file} comes to its preferred outcome, whole and cut in any way`, async (t) => {
    const counts = { preferred: 0, tolerated: 0, failed: 0 };
    const faults: string[] = [];
    for (const item of readCases(file)) {
      const isText = item.channel === "content" || item.channel === "content-deltas";
      const outcomes = isText
        ? cuttings(textOf(item)).map((pieces) => recoverText(pieces, item.finish_reason, tools))
        : [await recoverStream(item, tools)];
      const verdicts = outcomes.map((events) => judge(item, events));
      const worst =
        verdicts.find(({ grade }) => grade === "failed") ??
        verdicts.find(({ grade }) => grade === "tolerated") ??
        verdicts[0]!;
      counts[worst.grade] += 1;
      if (worst.grade !== "preferred") faults.push(`${item.id} ${worst.grade} (${item.shape}): ${worst.why}`);
      const joined = new Set(outcomes.map((events) => summary(joinTexts(events))));
      if (joined.size > 1) faults.push(`${item.id} depends on the cuts:\n  ${[...joined].join("\n  ")}`);
    }
    t.diagnostic(`${file}: ${JSON.stringify(counts)}`);
    assert.deepEqual(faults, []);
  });
}

function cuttings(text: string): string[][] {
  const random = createRandom(text.length);
  const even = [text.length, 1, 2, 3, 5, 7].map((size) => cut(text, () => Math.max(1, size)));
  return [...even, ...Array.from({ length: RANDOM_CUTS }, () => cut(text, () => 1 + random.below(12)))];
}

function cut(text: string, size: () => number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = at + size();
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

function joinTexts(events: ReturnType<typeof recoverText>): ReturnType<typeof recoverText> {
  const joined: ReturnType<typeof recoverText> = [];
  for (const event of events) {
    const last = joined.at(-1);
    if (event.kind === "text" && last?.kind === "text") {
      joined[joined.length - 1] = { kind: "text", text: last.text + event.text };
    } else if (event.kind === "reasoning" && last?.kind === "reasoning") {
      joined[joined.length - 1] = { kind: "reasoning", text: last.text + event.text };
    } else joined.push(event);
  }
  return joined;
}
