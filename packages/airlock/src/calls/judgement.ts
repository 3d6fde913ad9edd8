/** What a person said about calls that the policy asks about: before the run, by rules, or when asked during it. */
import { sha256 } from "@cloister/base";
import type { CallRule, CallText, CodeFinding, Effect } from "@cloister/policy";

/** A call that the policy asks about, with what a person needs to answer. Nothing in it is left out or invisible. */
export interface Question {
  readonly tool: string;
  /** The whole command, path or address; what cannot be seen is written as its code point. */
  readonly text: string;
  readonly effect: Effect;
  /** What in the edit made it a question. */
  readonly findings: readonly (CodeFinding & { readonly path: string })[];
  readonly rule: string;
  readonly reason: string | undefined;
}

/** `always`: the same tool with the same text is not asked about again in this session. */
export type Approval = "once" | "always" | "no";

export type Approve = (question: Question, signal: AbortSignal) => Promise<Approval>;

export interface Approvals {
  /** Calls that needed a person's word. */
  readonly asked: number;
  readonly allowed: number;
  readonly denied: number;
}

export interface JudgementOptions {
  /** A person's endorsement for this run: they turn a question into a yes, never a refusal. */
  readonly allow?: readonly CallRule[];
  readonly deny?: readonly CallRule[];
  /** Asks the person. Without it nobody is there, and what needs a word is refused. */
  readonly approve?: Approve;
}

/** Shared by all requests of a session. */
export interface Judgement {
  readonly approvals: Approvals;
  readonly approve: Approve | undefined;
  deniedBy(call: CallText): string | undefined;
  /** The rule, or the earlier word, that endorses the call. */
  endorsedBy(call: CallText): string | undefined;
  rememberAlways(call: CallText): void;
  /** Takes note that a person endorsed this call. */
  admit(call: CallText): void;
  isAdmitted(call: CallText): boolean;
  count(outcome: "allowed" | "denied"): void;
}

const REMEMBERED_MAX = 10_000;

export function createJudgement({ allow = [], deny = [], approve }: JudgementOptions = {}): Judgement {
  const always = new Set<string>();
  const admitted = new Set<string>();
  let allowed = 0;
  let denied = 0;
  return {
    get approvals() {
      return { asked: allowed + denied, allowed, denied };
    },
    approve,
    deniedBy: (call) => deny.find((rule) => rule.touches(call))?.text,
    endorsedBy: (call) => {
      if (always.has(hashOfCall(call))) return "always";
      const rule = allow.find((candidate) => candidate.covers(call));
      return rule === undefined ? undefined : `--allow ${rule.text}`;
    },
    rememberAlways: (call) => {
      if (always.size < REMEMBERED_MAX) always.add(hashOfCall(call));
    },
    admit: (call) => {
      if (admitted.size < REMEMBERED_MAX) admitted.add(hashOfCall(call));
    },
    isAdmitted: (call) => admitted.has(hashOfCall(call)) || allow.some((rule) => rule.covers(call)),
    count: (outcome) => {
      if (outcome === "allowed") allowed += 1;
      else denied += 1;
    },
  };
}

/** An endorsement is of these bytes and no others. */
export function hashOfCall({ tool, text }: CallText): string {
  return sha256(JSON.stringify([tool, text])).toString("hex");
}
