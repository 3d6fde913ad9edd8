/**
 * The keeper's own look at a command, where it is started. The agent asks for what the model's call said, which was
 * judged; a command that no call said is judged here by the same rules, so that an agent that was taken over gains nothing.
 */
import { CloisterError } from "@cloister/base";
import { decideCall, effectOf } from "@cloister/policy";
import type { AirlockSession } from "../session.ts";

/** @throws CloisterError `denied` */
export function checkCommand({ policy, standing, judgement }: AirlockSession, text: string): void {
  const { integrity } = standing.classification;
  const call = { tool: "Bash", text };
  const { verdict, source } = decideCall(policy, { ...call, effect: effectOf(call, integrity), integrity });
  const isForbidden = judgement.deniedBy(call) !== undefined || verdict === "deny";
  if (!isForbidden && (verdict === "allow" || judgement.isAdmitted(call))) return;
  throw new CloisterError(`this command is not allowed (policy ${policy.name}, rule ${source.rule})`, {
    code: "denied",
    rule: source.rule,
    next: "if it is meant to run, allow it for a run: --allow 'Bash(…)'",
  });
}

/** Whether a person, or the policy, let this command change files that steer agents and build machines. */
export function maySteer({ policy, standing, judgement }: AirlockSession, text: string): boolean {
  const { integrity } = standing.classification;
  const call = { tool: "Bash", text };
  if (judgement.isAdmitted(call)) return true;
  return decideCall(policy, { ...call, effect: "persistent", integrity }).verdict === "allow";
}
