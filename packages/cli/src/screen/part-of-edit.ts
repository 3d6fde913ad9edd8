/**
 * A person's yes to some hunks of an edit. What was judged is what runs, so the call itself is refused, with words that
 * say which hunks were accepted; and the edit that makes exactly those is not asked about again.
 */
import type { Approval, Question } from "@cloister/airlock";
import type { FileDiff } from "@cloister/agent";
import { sha256 } from "@cloister/base";

export interface PartialEdits {
  /** The refusal of the whole, with what the model is to do instead. */
  accept(
    edits: Question["edits"],
    diffs: readonly FileDiff[],
    accepted: readonly (readonly number[])[],
  ): Approval;
  /** True once: these edits make, of the same files as they were then, what a person accepted. */
  takes(edits: Question["edits"]): boolean;
}

/** Beyond it the model is told the numbers only. */
const DIFF_CHARS_MAX = 12_000;
const AGREED_MAX = 100;

export function createPartialEdits(): PartialEdits {
  const agreed = new Set<string>();
  return {
    accept: (edits, diffs, accepted) => {
      const parts = edits.map((edit, index) => {
        const hunks = splitHunks(diffs[index]?.hunks ?? "");
        const kept = accepted[index] ?? [];
        const before = edit.before ?? "";
        const after = applyHunks(
          before,
          hunks.filter((_, at) => kept.includes(at)),
        );
        return { path: edit.path, before, after, hunks, kept };
      });
      // Files of which nothing was accepted are no part of the edit that is awaited.
      const wanted = parts.filter(({ kept }) => kept.length > 0);
      if (wanted.length > 0 && agreed.size < AGREED_MAX) agreed.add(digestOf(wanted));
      return { kind: "no", why: wordsFor(parts) };
    },
    takes: (edits) => agreed.delete(digestOf(edits)),
  };
}

function digestOf(
  edits: readonly { path: string; before: string | undefined; after: string | undefined }[],
): string {
  const facts = edits.map(({ path, before = "", after }) => [path, before, after ?? null]);
  return sha256("part of an edit\n", JSON.stringify(facts)).toString("hex");
}

interface Part {
  readonly path: string;
  readonly hunks: readonly string[];
  readonly kept: readonly number[];
}

function wordsFor(parts: readonly Part[]): string {
  const lines = parts.map(({ path, hunks, kept }) => {
    const of = `${path}: ${kept.length} of ${hunks.length} changes accepted`;
    return kept.length === 0 || kept.length === hunks.length ? of : `${of} (number ${numbers(kept)})`;
  });
  const diff = parts
    .filter(({ kept }) => kept.length > 0)
    .map(({ path, hunks, kept }) => `${path}\n${hunks.filter((_, at) => kept.includes(at)).join("")}`)
    .join("\n");
  const rest =
    diff.length > DIFF_CHARS_MAX
      ? "make an edit with those changes and no others"
      : `make exactly this edit and no more, it will not be asked about again:\n${diff}`;
  return `to the whole edit, and yes to a part of it. ${lines.join("; ")}. Nothing was changed yet; ${rest}`;
}

function numbers(kept: readonly number[]): string {
  return kept.map((index) => index + 1).join(", ");
}

function splitHunks(text: string): readonly string[] {
  // After a line feed and nothing else: a lone return within a line would make a hunk that is none.
  return text.split(/(?<=^|\n)(?=@@ )/u).filter((part) => part.startsWith("@@ "));
}

/** Of a unified diff of `before` some hunks, in their order, applied. Line ends are part of the lines. */
export function applyHunks(before: string, hunks: readonly string[]): string {
  const source = before.match(/[^\n]*\n|[^\n]+$/gu) ?? [];
  const out: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const [head = "", ...body] = hunk.match(/[^\n]*\n|[^\n]+$/gu) ?? [];
    const [, from = "1", count = "1"] = /^@@ -(\d+)(?:,(\d+))? /u.exec(head) ?? [];
    const start = Number(from) - (Number(count) === 0 ? 0 : 1);
    out.push(...source.slice(at, start));
    at = start + Number(count);
    for (const [index, row] of body.entries()) {
      // `\ No newline at end of file` is about the row before it.
      if (row.startsWith("\\") || row.startsWith("-")) continue;
      out.push(body[index + 1]?.startsWith("\\") === true ? row.slice(1).replace(/\n$/u, "") : row.slice(1));
    }
  }
  return [...out, ...source.slice(at)].join("");
}
