/** Looks at the files that a call would change for what a poisoned model would plant in them. */
import {
  decideFinding,
  findPlanted,
  type CallDecision,
  type CodeFinding,
  type FileEdit,
} from "@cloister/policy";
import { findSecrets } from "@cloister/secrets";
import type { AirlockSession } from "../session.ts";
import { editsOf } from "./file-edits.ts";
import type { KnownCall } from "./known-tools.ts";
import { readWorkspaceFile } from "./workspace-file.ts";

export interface JudgedFinding extends CodeFinding {
  readonly path: string;
  readonly decision: CallDecision;
}

/** Beyond these one is like another. */
const FINDINGS_MAX = 50;

export function findInCall(call: KnownCall, session: AirlockSession): JudgedFinding[] {
  const { workspace, policy, seals, standing } = session;
  const { integrity } = standing.classification;
  // Sealed as the call is, so that the same secret is the same text on both sides.
  const read = (path: string): string | undefined => {
    const text = workspace === undefined ? undefined : readWorkspaceFile(workspace, path);
    return text === undefined ? undefined : seals.seal(text).text;
  };
  const found = editsOf(call, read).flatMap(({ edit, knownHosts }) =>
    [...findPlanted(edit, { knownHosts }), ...findCredentials(edit)].map(({ kind, line, excerpt, why }) => ({
      kind,
      line,
      why,
      // A line that shows something else may hold a secret too.
      excerpt: seals.seal(excerpt).text,
      path: edit.path,
      decision: decideFinding(policy, kind, integrity),
    })),
  );
  return found.slice(0, FINDINGS_MAX);
}

/** Secrets that the model wrote itself: those of the file are placeholders in what it was shown and in what it wrote. */
function findCredentials({ before = "", after = "" }: FileEdit): CodeFinding[] {
  const fresh = findSecrets(after).filter(({ start, end }) => !before.includes(after.slice(start, end)));
  return fresh.map(({ start, kind }) => ({
    kind: "hard-coded-credential",
    line: after.slice(0, start).split("\n").length,
    excerpt: kind,
    why: "a secret that stands in the code is read by everybody who reads the code",
  }));
}

/** For a person and for the model: `new-host in src/a.ts, line 3: … (fetch("https://…))`. */
export function describeFinding({
  kind,
  path,
  line,
  why,
  excerpt,
}: CodeFinding & { readonly path: string }): string {
  const place = line === undefined ? path : `${path}, line ${line}`;
  return `${kind} in ${place}: ${why} (${excerpt})`;
}
