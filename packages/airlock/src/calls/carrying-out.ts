/** The keeper's own look at a call where it is carried out: an agent that was taken over asks there without one. */
import type { JsonObject } from "@cloister/base";
import type { AirlockSession } from "../session.ts";
import { isEndorsed } from "./command-gate.ts";
import { toKnownCall } from "./known-tools.ts";
import { subjectsOf } from "./subjects.ts";

/** The rule by which the call may not be made now; undefined when it may. */
export function ruleAgainst(name: string, args: JsonObject, session: AirlockSession): string | undefined {
  const against = subjectsOf(toKnownCall(name, args), session, { name, args }).find((subject) => {
    const { verdict } = subject.decision;
    return verdict === "deny" || (verdict === "ask" && !isEndorsed(subject, session));
  });
  return against?.decision.source.rule;
}
