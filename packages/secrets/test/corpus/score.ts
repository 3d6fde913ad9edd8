import type { Finding } from "../../src/finding.ts";
import type { Corpus } from "./corpus.ts";
import type { CorpusDocument, Labelled } from "./mark.ts";

export interface Score {
  readonly labelled: number;
  readonly detected: number;
  /** Every character of the secret lies in some finding. */
  readonly covered: number;
  /** Detected, by a finding of a right kind. */
  readonly named: number;
  readonly findings: number;
  /** Findings that touch no secret. */
  readonly wrong: number;
  readonly cleanFlagged: number;
  readonly notes: readonly string[];
}

/** What a detector finds in a corpus. `find` gives spans; `kind` may be empty where a detector has none. */
export function scoreOf(
  { secrets, personal, clean }: Corpus,
  find: (text: string) => readonly Pick<Finding, "start" | "end">[],
): Score {
  const total = { labelled: 0, detected: 0, covered: 0, named: 0, findings: 0, wrong: 0, cleanFlagged: 0 };
  const notes: string[] = [];
  for (const document of [...secrets, ...personal, ...clean]) {
    const found = find(document.text);
    const wrong = found.filter((finding) => !document.secrets.some((secret) => overlaps(finding, secret)));
    total.findings += found.length;
    total.wrong += wrong.length;
    if (document.secrets.length === 0 && found.length > 0) total.cleanFlagged += 1;
    for (const finding of wrong) notes.push(`wrong   ${document.name}: ${shown(document, finding)}`);
    for (const secret of document.secrets) {
      const touching = found.filter((finding) => overlaps(finding, secret));
      total.labelled += 1;
      if (touching.length === 0) notes.push(`missed  ${document.name}: ${shown(document, secret)}`);
      else total.detected += 1;
      if (covers(touching, secret)) total.covered += 1;
      else if (touching.length > 0) notes.push(`partly  ${document.name}: ${shown(document, secret)}`);
      if (
        touching.some((finding) => "kind" in finding && secret.kinds.some((kind) => kind === finding.kind))
      ) {
        total.named += 1;
      } else if (touching.length > 0) {
        notes.push(`kind    ${document.name}: ${touching.map((finding) => JSON.stringify(finding)).join()}`);
      }
    }
  }
  return { ...total, notes };
}

function overlaps(a: Pick<Finding, "start" | "end">, b: Pick<Labelled, "start" | "end">): boolean {
  return a.start < b.end && b.start < a.end;
}

function covers(found: readonly Pick<Finding, "start" | "end">[], secret: Labelled): boolean {
  let at = secret.start;
  for (const { start, end } of found.toSorted((a, b) => a.start - b.start)) {
    if (start <= at) at = Math.max(at, end);
  }
  return at >= secret.end;
}

function shown({ text }: CorpusDocument, { start, end }: Pick<Finding, "start" | "end">): string {
  return JSON.stringify(
    `${text.slice(Math.max(0, start - 30), start)}»${text.slice(start, end).slice(0, 60)}«`,
  );
}
