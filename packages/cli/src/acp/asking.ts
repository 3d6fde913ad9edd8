/** What only the person at the editor can say: `session/request_permission`, also for the agent's own questions. */
import type { Ask, AskAnswer } from "@cloister/agent";
import type { Approval, Approve } from "@cloister/airlock";
import { isRecord, type JsonObject } from "@cloister/base";
import { callOf, diffOf, placeOf, textContent } from "./updates.ts";

export interface Option {
  readonly optionId: string;
  readonly name: string;
  readonly kind: "allow_once" | "allow_always" | "reject_once" | "reject_always";
}

/** Resolves with the option's id; undefined where nobody chose. Never rejects. */
export type Choose = (
  toolCall: JsonObject,
  options: readonly Option[],
  signal: AbortSignal,
) => Promise<string | undefined>;

/** What is no clear yes is a no. */
export function createApprove(choose: Choose, workspace: string): Approve {
  return async (question, signal) => {
    const { call, text, tool, findings, suggestions, reason, rule } = question;
    const shown = callOf({ id: call.id, name: call.name, args: call.arguments }, workspace);
    const why = [reason ?? rule, ...findings.map(({ path, why: found }) => `${path}: ${found}`)].join("\n");
    const always: Option[] =
      suggestions.length === 0
        ? []
        : [{ optionId: "always", name: `Always: ${suggestions.join(", ")}`, kind: "allow_always" }];
    const chosen = await choose(
      {
        ...{
          toolCallId: call.id,
          title: `${tool}: ${text}`,
          kind: shown["kind"] ?? "other",
          status: "pending",
        },
        ...{ rawInput: call.arguments, locations: shown["locations"] ?? [] },
        content: [
          ...diffOf(call.name, call.arguments, placeOf(call.arguments, workspace)),
          textContent(`${text}\n\n${why}`),
        ],
      },
      [
        { optionId: "once", name: "Allow once", kind: "allow_once" },
        { optionId: "session", name: "Allow in this session", kind: "allow_always" },
        ...always,
        { optionId: "no", name: "Reject", kind: "reject_once" },
      ],
      signal,
    );
    const approvals = new Map<string | undefined, Approval>([
      ["once", "once"],
      ["session", "session"],
    ]);
    if (always.length > 0) approvals.set("always", { kind: "always", rules: suggestions });
    return approvals.get(chosen) ?? "no";
  };
}

const MODE_OPTIONS: readonly Option[] = [
  { optionId: "default", name: "Approve the plan", kind: "allow_once" },
  { optionId: "acceptEdits", name: "Approve, and accept edits", kind: "allow_always" },
  { optionId: "no", name: "Go on planning", kind: "reject_once" },
];
const NO_ANSWER = "none";

/** A plan, or questions one after the other; of several answers to one question an editor can give one. */
export async function askPerson(
  id: string,
  ask: Ask,
  choose: Choose,
  signal: AbortSignal,
): Promise<AskAnswer> {
  if (ask.kind === "plan") {
    const call = { toolCallId: id, title: "Plan", kind: "switch_mode", content: [textContent(ask.plan)] };
    const mode = await choose(call, MODE_OPTIONS, signal);
    return mode === "default" || mode === "acceptEdits" ? { kind: "approved", mode } : { kind: "declined" };
  }
  const texts: string[] = [];
  for (const [index, { question, options }] of ask.questions.entries()) {
    const described = options.map(({ label, description = "" }) => `${label}: ${description}`).join("\n");
    const chosen = await choose(
      {
        ...{ toolCallId: `${id}-${index}`, title: question, kind: "other" },
        content: [textContent(`${question}\n\n${described}`)],
      },
      [
        ...options.map(({ label }, at) => ({
          optionId: String(at),
          name: label,
          kind: "allow_once" as const,
        })),
        { optionId: NO_ANSWER, name: "No answer", kind: "reject_once" },
      ],
      signal,
    );
    const option = chosen === undefined ? undefined : options[Number(chosen)];
    if (option === undefined) return { kind: "declined" };
    texts.push(option.label);
  }
  return { kind: "chosen", texts };
}

/** The client's answer to `session/request_permission`. */
export function chosenIn(result: JsonObject): string | undefined {
  const { outcome } = result;
  if (!isRecord(outcome) || outcome["outcome"] !== "selected") return undefined;
  return typeof outcome["optionId"] === "string" ? outcome["optionId"] : undefined;
}
