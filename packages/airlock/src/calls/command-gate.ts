/**
 * The keeper's own look at a command, where it is started. The agent asks for what the model's call said, which was
 * judged; a command that no call said is judged here by the same rules, so that an agent that was taken over gains nothing.
 */
import { CloisterError } from "@cloister/base";
import { decideCall, type CallText } from "@cloister/policy";
import type { AirlockSession } from "../session.ts";
import { admissionOf, commandSubject, hashOfSubject, type Subject } from "./subjects.ts";

/** @throws CloisterError `denied` */
export function checkCommand(session: AirlockSession, text: string): void {
  const subject = commandSubject(text, session);
  const { verdict, source } = subject.decision;
  if (verdict === "allow" || (verdict === "ask" && isEndorsed(subject, session))) return;
  throw new CloisterError(
    `this command is not allowed (policy ${session.policy.name}, rule ${source.rule})`,
    {
      code: "denied",
      rule: source.rule,
      next: "if it is meant to run, allow it for a run: --allow 'Bash(…)'; a script that changed since is asked about again",
    },
  );
}

/** By a rule, or by a person who was asked when the model called it, while what it runs is still the same. */
export function isEndorsed(subject: Subject, session: AirlockSession): boolean {
  const { judgement, standing } = session;
  if (judgement.isAdmitted(admissionOf(subject, session))) return true;
  const { integrity } = standing.classification;
  const doubt = { effect: subject.effect, integrity, hasFindings: false };
  return judgement.endorsedBy(subject.permission, hashOfSubject(subject, session), doubt) !== undefined;
}

/** Whether a person, or the policy, let this command change files that steer agents and build machines. */
export function maySteer(session: AirlockSession, text: string): boolean {
  const { policy, standing } = session;
  const call = { tool: "Bash", text };
  if (isLetByPerson(session, call)) return true;
  const { integrity } = standing.classification;
  return decideCall(policy, { ...call, effect: "persistent", integrity }).verdict === "allow";
}

/** Whether a person said yes to this call: when asked, by a flag of this run, or by asking for nothing to be asked. */
export function isLetByPerson(session: AirlockSession, { tool, text }: CallText): boolean {
  const { judgement, workspace } = session;
  return (
    judgement.permit({ tool, text, isReading: false }, workspace).word === "run" ||
    judgement.isAdmitted(admissionOf({ tool, text }, session))
  );
}

/** A list of arguments as a shell's line: a pattern to search for is no command. */
export function quoteArguments(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[\w@%+=:,./^~-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(" ");
}

/** Of ripgrep, as our own search has them. Others would start programs: `--pre`, `--hostname-bin`, a file of options. */
const searchOption =
  /^--(?:no-config|color|no-messages|hidden|no-require-git|no-ignore-global|sort|engine|ignore-case|multiline|multiline-dotall|glob|files-with-matches|count|with-filename|no-heading|null|line-number|max-columns|max-columns-preview|before-context|after-context)(?:=|$)/;

/** A list of arguments that reads and nothing else; an agent that was taken over may ask for any. */
export function isPlainSearch([program, ...words]: readonly string[]): boolean {
  const options = words.slice(0, Math.max(0, words.indexOf("--")));
  return (
    program === "rg" && options.includes("--no-config") && options.every((each) => searchOption.test(each))
  );
}
