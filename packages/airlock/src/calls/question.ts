/** A question to the person, with all that is needed for an answer; and what an answer "always" comes to. */
import type { JsonObject } from "@cloister/base";
import { showUnseen, type CallDecision, type FileEdit } from "@cloister/policy";
import type { RawCall } from "@cloister/wire";
import type { AirlockSession } from "../session.ts";
import type { JudgedFinding } from "./code-guard.ts";
import { editsOf } from "./file-edits.ts";
import { isForeseen, type Approval, type Question, type StandingWord } from "./judgement.ts";
import type { KnownCall } from "./known-tools.ts";
import { contentsOf } from "./scripts.ts";
import type { Subject } from "./subjects.ts";
import { readWorkspaceFile } from "./workspace-file.ts";

export interface AskedCall {
  readonly attempt: { readonly session: AirlockSession };
  readonly call: RawCall;
  readonly args: JsonObject;
  readonly known: KnownCall;
  readonly findings: readonly JudgedFinding[];
  /** What of it needs a word. */
  readonly asked: readonly Subject[];
  readonly decision: CallDecision;
}

const SUGGESTIONS_MAX = 5;

export function toQuestion(one: AskedCall): Question {
  const { attempt, call, args, known, findings, asked, decision } = one;
  const { session } = attempt;
  const texts = [...new Set(asked.map(({ text }) => text))];
  const scripts = asked.flatMap(({ ruled }) => Object.keys(contentsOf(ruled, session.workspace)));
  return {
    tool: asked[0]?.tool ?? call.name,
    text: showWhole(texts.join("\n")),
    effect: asked[0]?.effect ?? "egress",
    findings,
    rule: decision.source.rule,
    reason: decision.reason,
    edits: wholeEdits(known, session),
    scripts: [...new Set(scripts)],
    // A rule would not look at what a script holds, nor answer for what it cannot foresee.
    suggestions: scripts.length > 0 ? [] : suggestionsFor(one),
    call: { id: call.id, name: call.name, arguments: args },
  };
}

const BLANKS_MAX = 20;
const blanks = new RegExp(` {${BLANKS_MAX},}|\\n{${BLANKS_MAX},}`, "gu");

/** A return overwrites the line before it; other blanks and line ends than a shell's own only look like them. */
const lookalikes =
  /[\r\u00a0\u115f\u1160\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000\u3164\uffa0]/gu;

/** What cannot be seen is written out, and so are long runs of blanks, behind which the rest would be out of sight. */
export function showWhole(text: string): string {
  const seen = showUnseen(text).replaceAll(lookalikes, (one) => `\\u{${one.charCodeAt(0).toString(16)}}`);
  return seen.replaceAll(blanks, (run) => `\\u{${run.startsWith("\n") ? "a" : "20"}}×${run.length} `);
}

function suggestionsFor({ attempt, asked, findings }: AskedCall): readonly string[] {
  const { judgement, standing, workspace } = attempt.session;
  const { integrity } = standing.classification;
  const hasFindings = findings.some(({ decision }) => decision.verdict === "ask");
  const suggested = asked.map(({ ruled, effect, permission }) =>
    !permission.asksEachTime && isForeseen({ isWhole: false }, { effect, integrity, hasFindings })
      ? judgement.suggest(ruled, workspace)
      : [],
  );
  if (suggested.some((rules) => rules.length === 0)) return [];
  const rules = [...new Set(suggested.flat())];
  return rules.length > SUGGESTIONS_MAX ? [] : rules;
}

/** Sealed as the call is, so that the same secret is the same text before and after. */
function wholeEdits(known: KnownCall, { workspace, seals }: AirlockSession): FileEdit[] {
  const read = (path: string): string | undefined => {
    const text = workspace === undefined ? undefined : readWorkspaceFile(workspace, path);
    return text === undefined ? undefined : seals.seal(text).text;
  };
  return editsOf(known, read).map(({ edit }) => edit);
}

/** Rules out of those that were suggested; where there were none, the exact calls. */
export function standingWords(
  approval: Exclude<Approval, "once" | "session" | "no" | { readonly kind: "no" }>,
  { suggestions }: Question,
  open: readonly { readonly subject: Subject; readonly hash: string }[],
): StandingWord[] {
  const chosen = approval === "always" ? suggestions : approval.rules;
  const rules = suggestions.filter((rule) => chosen.includes(rule));
  if (rules.length > 0) return [{ kind: "rules", rules }];
  return open.map(({ subject, hash }) => ({
    kind: "call",
    hash,
    text: `${subject.tool}(${showUnseen(subject.text)})`,
  }));
}
