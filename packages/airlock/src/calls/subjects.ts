/** What rules look at in a call: one command, one address, or each file that it reads or writes. */
import {
  decideCall,
  effectOf,
  strictestOf,
  type CallDecision,
  type CallText,
  type Effect,
} from "@cloister/policy";
import type { AirlockSession } from "../session.ts";
import type { KnownCall } from "./known-tools.ts";
import { toPlace, toRealPlace } from "./workspace-file.ts";

export interface Subject extends CallText {
  readonly effect: Effect;
  readonly decision: CallDecision;
}

export function subjectsOf(call: KnownCall, session: AirlockSession): Subject[] {
  return textsOf(call, session).map((text) => toSubject({ tool: call.tool, text }, session));
}

/** By the policy and by what a person forbade for this run. */
function toSubject(call: CallText, { policy, standing, judgement }: AirlockSession): Subject {
  const { integrity } = standing.classification;
  const effect = effectOf(call, integrity);
  const decision = decideCall(policy, { ...call, effect, integrity });
  const forbidden = judgement.deniedBy(call);
  if (forbidden === undefined) return { ...call, effect, decision };
  const source = { rule: `--deny ${forbidden}`, line: undefined };
  return { ...call, effect, decision: strictestOf(decision, { verdict: "deny", source, reason: undefined }) };
}

function textsOf(call: KnownCall, { workspace }: AirlockSession): string[] {
  switch (call.kind) {
    case "read":
    case "edit":
      return placesOf(call.path, workspace);
    case "patch":
      // A patch that names no file does nothing, and is still a call.
      return call.files.length === 0 ? [""] : call.files.flatMap(({ path }) => placesOf(path, workspace));
    case "command":
    case "other":
      return [call.text];
  }
}

/** As it is written, and where it really is: a link is judged by both of its ends. */
function placesOf(path: string, workspace: string | undefined): string[] {
  const place = toPlace(path, workspace);
  if (workspace === undefined || path === "" || path.startsWith("~")) return [place];
  const real = toRealPlace(path, workspace);
  return real === undefined || real === place ? [place] : [place, real];
}
