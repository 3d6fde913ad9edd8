/**
 * Decides on every whole tool call of an answer, before anybody can run it: by the policy, by what the call would do,
 * by what it would plant in the code, and by what a person said. The calls are still sealed, so that no secret is shown
 * or recorded here.
 */
import { isRecord, messageOf, parseJson, type JsonObject } from "@cloister/base";
import { showUnseen, strictestOf, type CallDecision } from "@cloister/policy";
import { restoreNeutral, type CodeNotice, type RawCall, type TurnEvent } from "@cloister/wire";
import { recordDecision, recordEndorsement, recordFinding } from "../calls/call-record.ts";
import { describeFinding, findInCall, type JudgedFinding } from "../calls/code-guard.ts";
import { toKnownCall } from "../calls/known-tools.ts";
import { subjectsOf, type Subject } from "../calls/subjects.ts";
import type { Dispatched } from "./dispatch.ts";

export type CallEvent = Extract<TurnEvent, { kind: "call" }>;
export type Refusal = Extract<TurnEvent, { kind: "refused" }>;

export interface Judged {
  readonly passed: CallEvent[];
  readonly refused: readonly Refusal[];
  /** What the edits among those that pass would bring, for whoever looks at them. */
  readonly notices: readonly CodeNotice[];
}

/** Judges the calls of one attempt at an answer. Never throws: what cannot be judged is refused. */
export type JudgeCalls = (attempt: Dispatched, calls: readonly CallEvent[]) => Promise<Judged>;

type Outcome =
  | { readonly kind: "pass"; readonly findings: readonly JudgedFinding[] }
  | { readonly kind: "deny"; readonly why: string };

/** For one answer, with all its attempts. */
export function createCallJudge(): JudgeCalls {
  // A model that insists is no reason to ask the person again.
  const judged = new Map<string, Outcome>();
  return async (attempt, calls) => {
    const passed: CallEvent[] = [];
    const refused: Refusal[] = [];
    const notices: CodeNotice[] = [];
    for (const event of calls) {
      const key = JSON.stringify([event.call.name, event.call.arguments]);
      const outcome = judged.get(key) ?? (await judgeCall(attempt, event.call));
      judged.set(key, outcome);
      if (outcome.kind === "deny") {
        refused.push({ kind: "refused", cause: "denied", detail: outcome.why, call: event.call });
      } else {
        passed.push(event);
        notices.push(...outcome.findings.map(toNotice));
      }
    }
    return { passed, refused, notices };
  };
}

/** A call with all that was found about it. */
interface Case {
  readonly attempt: Dispatched;
  readonly call: RawCall;
  readonly subjects: readonly Subject[];
  readonly findings: readonly JudgedFinding[];
}

async function judgeCall(attempt: Dispatched, call: RawCall): Promise<Outcome> {
  const { session } = attempt;
  try {
    const known = toKnownCall(call.name, argumentsOf(call));
    const subjects = subjectsOf(known, session);
    const findings = findInCall(known, session);
    for (const finding of findings) recordFinding(attempt, finding);
    const one: Case = { attempt, call, subjects, findings };
    const decision = strictest(one);
    switch (decision.verdict) {
      case "allow":
        return { kind: "pass", findings };
      case "deny":
        return deny(one, decision, "do not try it in another way; go on without it, or say what is missing");
      case "ask":
        return await ask(one, decision);
    }
  } catch (error) {
    session.onTrouble(error);
    return { kind: "deny", why: `${call.name} could not be judged, and was not run: ${messageOf(error)}` };
  }
}

/** What was made harmless for the template is itself again where it is judged. */
function argumentsOf({ arguments: text }: RawCall): JsonObject {
  const value = parseJson(restoreNeutral(text), "the call's arguments");
  return isRecord(value) ? (value as JsonObject) : {};
}

function strictest({ subjects, findings }: Case): CallDecision {
  const [first, ...others] = [...subjects, ...findings].map(({ decision }) => decision);
  // Every call has a subject.
  return first === undefined ? NOTHING_KNOWN : strictestOf(first, ...others);
}

const NOTHING_KNOWN: CallDecision = {
  verdict: "deny",
  source: { rule: "built-in calls", line: undefined },
  reason: "nothing is known about it",
};

async function ask(one: Case, decision: CallDecision): Promise<Outcome> {
  const { attempt, subjects, findings } = one;
  const { judgement } = attempt.session;
  // A finding makes a question of the whole edit, and so of each file in it.
  const asked = findings.some((finding) => finding.decision.verdict === "ask")
    ? subjects
    : subjects.filter((subject) => subject.decision.verdict === "ask");
  for (const subject of asked) {
    const by = judgement.endorsedBy(subject) ?? (await askPerson(one, subject, decision));
    if (by === undefined) {
      judgement.count("denied");
      return deny(one, decision, nextFor(subject, judgement.approve !== undefined));
    }
    await recordEndorsement(attempt, { subject, by });
    judgement.admit(subject);
  }
  judgement.count("allowed");
  return { kind: "pass", findings };
}

async function askPerson(
  { attempt, findings }: Case,
  subject: Subject,
  { source, reason }: CallDecision,
): Promise<string | undefined> {
  const { judgement } = attempt.session;
  const { tool, text, effect } = subject;
  const approval = await judgement.approve?.(
    { tool, text: showUnseen(text), effect, findings, rule: source.rule, reason },
    attempt.signal,
  );
  if (approval === undefined || approval === "no") return undefined;
  if (approval === "always") judgement.rememberAlways(subject);
  return `person: ${approval}`;
}

const TEXT_CHARS_MAX = 300;
const SUGGESTED_CHARS_MAX = 120;

/** What the model is told, and the user: what was not run, by which rule and why, and the next step. */
function deny(one: Case, decision: CallDecision, next: string): Outcome {
  const { attempt, subjects, findings, call } = one;
  const { name } = attempt.session.policy;
  const { rule, line } = decision.source;
  const subject = subjects.find((candidate) => candidate.decision === decision) ?? subjects[0];
  if (subject !== undefined) recordDecision(attempt, { subject, decision });
  const finding = findings.find((candidate) => candidate.decision === decision);
  const place = line === undefined ? rule : `${rule}, line ${line}`;
  const reason = finding === undefined ? decision.reason : describeFinding(finding);
  const text = showUnseen(subject?.text ?? "").slice(0, TEXT_CHARS_MAX);
  const because = reason === undefined ? "" : `: ${reason}`;
  return {
    kind: "deny",
    why: `${call.name} is not allowed here, and was not run: ${text} (policy ${name}, rule ${place}${because}). Next: ${next}.`,
  };
}

function nextFor({ tool, text }: Subject, wasAsked: boolean): string {
  if (wasAsked) return "the user said no; ask what to do instead";
  const isPlain = text !== "" && text.length <= SUGGESTED_CHARS_MAX && !/['\n\t\r]/.test(text);
  const rule = isPlain && text === showUnseen(text) ? `${tool}(${text})` : tool;
  return `nobody is here to be asked; go on without it, and tell the user that --allow '${rule}' would allow it for a run`;
}

function toNotice({ kind, path, line, excerpt, why, decision }: JudgedFinding): CodeNotice {
  return { kind, path, ...(line === undefined ? {} : { line }), excerpt, why, verdict: decision.verdict };
}
