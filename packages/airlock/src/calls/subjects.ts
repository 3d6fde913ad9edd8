/** What rules look at in a call: one command, one address, or each file that it reads or writes. */
import type { JsonObject } from "@cloister/base";
import {
  decideCall,
  effectOf,
  strictestOf,
  type CallDecision,
  type CallText,
  type Effect,
} from "@cloister/policy";
import { innerCallOf } from "@cloister/wire";
import type { AirlockSession } from "../session.ts";
import { identifying } from "./judgement.ts";
import type { KnownCall } from "./known-tools.ts";
import type { Permission, RuledCall } from "./permission.ts";
import { hashOf } from "./scripts.ts";
import { toPlace, toRealPlace } from "./workspace-file.ts";

export interface Subject extends CallText {
  readonly effect: Effect;
  /** The strictest of what the policy says of it, and of what permission rules and the mode say. */
  readonly decision: CallDecision;
  readonly permission: Permission;
  /** What the policy alone says. */
  readonly byPolicy: CallDecision;
  /** As permission rules know it. */
  readonly ruled: RuledCall;
}

/** A call as the model wrote it. */
export interface WrittenCall {
  readonly name: string;
  readonly args: JsonObject;
}

export function subjectsOf(call: KnownCall, session: AirlockSession, written?: WrittenCall): Subject[] {
  const subjects: Subject[] = [];
  for (const ruled of ruledCallsOf(call, written)) {
    const permission = session.judgement.permit(ruled, session.workspace);
    for (const text of textsOf(call, ruled, session)) {
      subjects.push(toSubject({ tool: call.tool, text }, { permission, ruled }, session));
    }
  }
  return subjects;
}

function toSubject(
  { tool, text }: CallText,
  { permission, ruled }: Pick<Subject, "permission" | "ruled">,
  { policy, standing, isConfined: confines }: AirlockSession,
): Subject {
  const { integrity } = standing.classification;
  const isConfined = confines?.(tool) === true;
  const effect = isConfined ? "contained" : effectOf({ tool, text }, integrity);
  const byPolicy = decideCall(policy, { tool, text, effect, integrity, isConfined });
  return { tool, text, effect, decision: strictestOf(byPolicy, permission), permission, byPolicy, ruled };
}

/** The digest by which a person's word for it is remembered. */
export function hashOfSubject({ ruled }: Pick<Subject, "ruled">, { workspace }: AirlockSession): string {
  return hashOf(ruled, workspace);
}

/** The digest by which it is known where it is carried out: there nothing is known of a call but its tool and text. */
export function admissionOf({ tool, text }: CallText, { workspace }: AirlockSession): string {
  return hashOf({ tool, text, isReading: false }, workspace);
}

/** A command that is to be started now, whoever asks for it. */
export function commandSubject(text: string, session: AirlockSession): Subject {
  const [subject] = subjectsOf({ kind: "command", tool: "Bash", text }, session);
  if (subject === undefined) throw new Error("a command has one subject, always");
  return subject;
}

function ruledCallsOf(call: KnownCall, written: WrittenCall = { name: call.tool, args: {} }): RuledCall[] {
  const { name, args } = innerCallOf(written.name, written.args) ?? written;
  const parameters = identifying(call.tool, args);
  const of = { tool: call.tool, parameters, isReading: false };
  switch (call.kind) {
    case "read":
      return [{ ...of, text: call.path, isReading: true }];
    case "edit":
      return [{ ...of, text: call.path }];
    case "patch":
      // A patch that names no file does nothing, and is still a call.
      return call.files.length === 0
        ? [{ ...of, text: "" }]
        : call.files.map(({ path }) => ({ ...of, text: path }));
    case "command":
      return [{ ...of, text: call.text }];
    case "other":
      return [{ ...of, ...namedByRules(call, name, args) }];
  }
}

/** Rules name a subagent and a skill, where the policy knows one kind of call. */
function namedByRules(
  { tool, text }: Extract<KnownCall, { kind: "other" }>,
  name: string,
  args: JsonObject,
): { readonly tool: string; readonly text: string } {
  if (tool !== "Task") return { tool, text };
  const first = ["subagent_type", "skill", "name", "agent", "command"].map((each) => args[each]);
  const subject = first.find((value) => typeof value === "string") ?? "";
  const isSkill = name.toLowerCase() === "skill";
  const isStarting = isSkill || /^(?:task|agent)$/iu.test(name);
  return { tool: isSkill ? "Skill" : isStarting ? "Agent" : "TaskOutput", text: subject };
}

function textsOf(call: KnownCall, { text }: RuledCall, { workspace }: AirlockSession): string[] {
  switch (call.kind) {
    case "read":
    case "edit":
    case "patch":
      return text === "" && call.kind === "patch" ? [""] : placesOf(text, workspace);
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
