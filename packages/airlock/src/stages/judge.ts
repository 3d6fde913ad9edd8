/**
 * Decides on every whole tool call of an answer, before anybody can run it: by the policy, by what the call would do,
 * by what it would plant in the code, and by what a person said. The calls are still sealed, so that no secret is shown
 * or recorded here.
 */
import { isRecord, messageOf, parseJson, type JsonObject } from "@cloister/base";
import { showUnseen, strictestOf, type CallDecision } from "@cloister/policy";
import { restoreNeutral, type CodeNotice, type RawCall, type TurnEvent } from "@cloister/wire";
import { recordDecision, recordEndorsement, recordFinding, type Judging } from "../calls/call-record.ts";
import { describeFinding, findInCall, type JudgedFinding } from "../calls/code-guard.ts";
import { isSparable, toConsulted } from "../calls/consult.ts";
import type { Approval, Doubt, Question } from "../calls/judgement.ts";
import type { AirlockSession } from "../session.ts";
import { rivalsIn, toKnownCall, type KnownCall } from "../calls/known-tools.ts";
import { standingWords, toQuestion } from "../calls/question.ts";
import { admissionOf, hashOfSubject, subjectsOf, type Subject } from "../calls/subjects.ts";
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

export type Outcome =
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
    if (calls.length > 0) await attempt.session.beforeCalls?.();
    for (const event of calls) {
      const key = JSON.stringify([event.call.name, event.call.arguments]);
      const outcome = judged.get(key) ?? (await judgeCall(attempt, event.call));
      judged.set(key, outcome);
      if (outcome.kind === "deny") {
        refused.push({ kind: "refused", cause: "denied", detail: outcome.why, call: event.call });
      } else {
        passed.push(event);
        tellOfSkill(attempt.session, event.call);
        notices.push(...outcome.findings.map(toNotice));
      }
    }
    return { passed, refused, notices };
  };
}

/** A call with all that was found about it. */
interface Case {
  readonly attempt: Judging;
  readonly call: RawCall;
  readonly args: JsonObject;
  readonly known: KnownCall;
  readonly subjects: readonly Subject[];
  readonly findings: readonly JudgedFinding[];
}

/** One call by itself. Never rejects. */
export async function judgeCall(attempt: Judging, call: RawCall): Promise<Outcome> {
  const { session } = attempt;
  try {
    const args = argumentsOf(call);
    const outcome = await judgeArguments(attempt, call, args);
    // What it makes of a file that no cell may write; once, however often the answer makes it.
    if (outcome.kind === "pass") session.allowedEdits.note(toKnownCall(call.name, args), session);
    return outcome;
  } catch (error) {
    session.onTrouble(error);
    return { kind: "deny", why: `${call.name} could not be judged, and was not run: ${messageOf(error)}` };
  }
}

/** Before the skill's own calls come: what it brings with it holds for those. Only a model's answer can say so. */
function tellOfSkill({ judgement }: AirlockSession, call: RawCall): void {
  if (judgement.onSkill === undefined) return;
  const { name, args } = toConsulted(call, argumentsOf(call), false);
  const wanted = args["skill"] ?? args["name"];
  if (name.toLowerCase() === "skill" && typeof wanted === "string") judgement.onSkill(wanted);
}

async function judgeArguments(attempt: Judging, call: RawCall, args: JsonObject): Promise<Outcome> {
  const { session } = attempt;
  const rivals = rivalsIn(call.name, args);
  if (rivals !== undefined) return ambiguous(call, rivals);
  const known = toKnownCall(call.name, args);
  const subjects = subjectsOf(known, session, { name: call.name, args });
  const findings = findInCall(known, session);
  for (const finding of findings) recordFinding(attempt, finding);
  const one: Case = { attempt, call, args, known, subjects, findings };
  const decision = strictest(one);
  switch (decision.verdict) {
    case "allow":
      return { kind: "pass", findings };
    case "deny":
      return deny(one, decision, "do not try it in another way; go on without it, or say what is missing");
    case "ask":
      return await ask(one, decision);
  }
}

function ambiguous({ name }: RawCall, rivals: readonly string[]): Outcome {
  const why = `${name} says two things in ${rivals.join(" and ")}, and was not run. Next: make the call with the tool's own arguments only.`;
  return { kind: "deny", why };
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
  const { session } = attempt;
  const { judgement } = session;
  // A finding makes a question of the whole edit, and so of each file in it.
  const hasFindings = findings.some((finding) => finding.decision.verdict === "ask");
  const asked = hasFindings ? subjects : subjects.filter((subject) => subject.decision.verdict === "ask");
  const words = asked.map((subject) => {
    const hash = hashOfSubject(subject, session);
    return { subject, hash, by: judgement.endorsedBy(subject.permission, hash, doubtOf(subject, one)) };
  });
  const unanswered = words.filter(({ by }) => by === undefined);
  const opinion = await consult(one, unanswered, hasFindings);
  if (opinion.kind === "deny") {
    judgement.count("denied");
    const refused = {
      verdict: "deny",
      source: { rule: opinion.by, line: undefined },
      reason: opinion.why,
    } as const;
    return deny(one, refused, "go on without it, or in the way that the hook wants");
  }
  const spared = (word: Open): boolean =>
    opinion.kind === "allow" &&
    isSparable(word.subject, hasFindings) &&
    word.hash === hashOfSubject(word.subject, session);
  const open = unanswered.filter((word) => !spared(word));
  const answer = open.length === 0 ? undefined : await askPerson(one, open, decision);
  if (answer?.kind === "no") {
    judgement.count("denied");
    return deny(one, decision, answer.next);
  }
  for (const word of words) {
    const { subject } = word;
    const byOther = open.includes(word) ? answer?.by : opinion.by;
    await recordEndorsement(attempt, { subject, by: word.by ?? byOther ?? "person" });
    judgement.admit(admissionOf(subject, session));
  }
  judgement.count("allowed");
  return { kind: "pass", findings };
}

/** Hooks come before the person, and where nobody is there too: one of them may say no. */
async function consult(
  { attempt, call, args }: Case,
  unanswered: readonly Open[],
  hasFindings: boolean,
): Promise<{ readonly kind: "nothing" | "allow" | "deny"; readonly by: string; readonly why: string }> {
  const { judgement } = attempt.session;
  const nothing = { kind: "nothing", by: "", why: "" } as const;
  if (judgement.consult === undefined || unanswered.length === 0) return nothing;
  const sparable = unanswered.some(({ subject }) => isSparable(subject, hasFindings));
  const opinion = await judgement.consult(toConsulted(call, args, sparable), attempt.signal);
  return opinion.kind === "nothing" ? nothing : opinion;
}

function doubtOf({ effect }: Subject, { attempt, findings }: Case): Doubt {
  const { integrity } = attempt.session.standing.classification;
  return { effect, integrity, hasFindings: findings.some(({ decision }) => decision.verdict === "ask") };
}

/** What no rule and no earlier word answers. */
interface Open {
  readonly subject: Subject;
  readonly hash: string;
}

type Answer = { readonly kind: "yes"; readonly by: string } | { readonly kind: "no"; readonly next: string };

/** Once for the whole call, however many files it is about. */
async function askPerson(one: Case, open: readonly Open[], decision: CallDecision): Promise<Answer> {
  const { attempt } = one;
  const { judgement, onTrouble } = attempt.session;
  const { approve } = judgement;
  if (approve === undefined) return { kind: "no", next: nextFor(open, one) };
  const question = toQuestion({ ...one, asked: open.map(({ subject }) => subject), decision });
  let approval: Approval;
  try {
    approval = await approve(question, attempt.signal);
  } catch (error) {
    // Nobody said yes: whoever was to ask is gone, or the work was interrupted.
    if (!attempt.signal.aborted) onTrouble(error);
    approval = "no";
  }
  // What was shown is what is allowed: a script may have changed while the person was reading.
  const isSame = open.every(({ subject, hash }) => hash === hashOfSubject(subject, attempt.session));
  return isSame
    ? toAnswer(approval, { question, open, session: attempt.session })
    : { kind: "no", next: "a script that it runs changed while the user was asked; look again" };
}

async function toAnswer(
  approval: Approval,
  { question, open, session }: { question: Question; open: readonly Open[]; session: AirlockSession },
): Promise<Answer> {
  const { judgement, onTrouble } = session;
  if (approval === "no") return { kind: "no", next: "the user said no; ask what to do instead" };
  if (approval === "once") return { kind: "yes", by: "person: once" };
  if (typeof approval === "object" && approval.kind === "no") {
    return { kind: "no", next: `the user said no: ${approval.why}` };
  }
  for (const { hash } of open) judgement.rememberSession(hash);
  if (approval === "session") return { kind: "yes", by: "person: session" };
  try {
    for (const word of standingWords(approval, question, open)) await judgement.rememberAlways(word);
  } catch (error) {
    // It holds for the session all the same.
    onTrouble(error);
  }
  return { kind: "yes", by: "person: always" };
}

const TEXT_CHARS_MAX = 300;

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
  // A permission rule's reason names it, and its file; it is no rule of the policy.
  const whole = reason?.includes(place) === true ? reason : `policy ${name}, rule ${place}${because}`;
  // Where the checkout lies is nothing for a model.
  const { workspace } = attempt.session;
  const said = workspace === undefined ? whole : whole.replaceAll(`${workspace}/`, "");
  return {
    kind: "deny",
    why: `${call.name} is not allowed here, and was not run: ${text} (${said}). Next: ${next}.`,
  };
}

function nextFor(open: readonly { readonly subject: Subject }[], { attempt, findings, call }: Case): string {
  const { judgement, workspace } = attempt.session;
  const flags = open.map(
    ({ subject }) => judgement.flagFor(subject.ruled, workspace) ?? `--allow '${subject.tool}'`,
  );
  const why = judgement.mode === "dontAsk" ? "nothing is asked in this mode" : "nobody is here to be asked";
  const what = findings.length > 0 ? `${call.name} with what was found in it` : "it";
  return `${why}; go on without it, and tell the user that ${[...new Set(flags)].join(" ")} would allow ${what} for a run`;
}

function toNotice({ kind, path, line, excerpt, why, decision }: JudgedFinding): CodeNotice {
  return { kind, path, ...(line === undefined ? {} : { line }), excerpt, why, verdict: decision.verdict };
}
