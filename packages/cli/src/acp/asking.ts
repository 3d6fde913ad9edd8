/** What only the person at the editor can say: `session/request_permission`, also for the agent's own questions. */
import { resolve } from "node:path";
import type { Ask, AskAnswer } from "@cloister/agent";
import type { Approval, Approve } from "@cloister/airlock";
import { isRecord, newId, type Json, type JsonObject } from "@cloister/base";
import { showUnseen, type FileEdit } from "@cloister/policy";
import { fenced } from "./fenced.ts";
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

/** Never in part: nobody is asked about what is longer. */
export const SHOWN_CHARS_MAX = 200_000;

/** What is no clear yes is a no. */
export function createApprove(choose: Choose, workspace: string): Approve {
  return async (question, signal) => {
    const { call, text, tool, findings, suggestions, reason, rule, edits } = question;
    const shown = callOf({ id: call.id, name: call.name, args: call.arguments }, workspace);
    if (text.length > SHOWN_CHARS_MAX) return { kind: "no", why: "it is too long to be shown whole" };
    const why = [reason ?? rule, ...findings.map(({ path, why: found }) => `${path}: ${found}`)].join("\n");
    const diff = diffOf(call.name, call.arguments, placeOf(call.arguments, workspace));
    const always: Option[] =
      suggestions.length === 0
        ? []
        : [
            {
              optionId: "always",
              name: `Always: ${showUnseen(suggestions.join(", "))}`,
              kind: "allow_always",
            },
          ];
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
          ...(diff.length > 0 ? diff : edits.map((edit) => wholeDiff(edit, workspace))),
          wholeText(fenced(`${text}\n\n${showUnseen(why)}`)),
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

/** Of what no tool of its own shows: a cell of a notebook. */
function wholeDiff({ path, before, after }: FileEdit, workspace: string): JsonObject {
  return {
    ...{ type: "diff", path: resolve(workspace, path) },
    ...{ oldText: before ?? null, newText: after ?? "(what it would be cannot be told)" },
  };
}

function wholeText(text: string): JsonObject {
  return { type: "content", content: { type: "text", text } };
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
    const plan = showUnseen(ask.plan);
    if (plan.length > SHOWN_CHARS_MAX) return { kind: "declined" };
    const call = { toolCallId: id, title: "Plan", kind: "switch_mode", content: [wholeText(plan)] };
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

export interface ToEditor {
  readonly choose: Choose;
  readonly update: (update: JsonObject) => void;
}

/**
 * While a person is asked about a call, nothing that the agent tells of it reaches the editor, which would show it in
 * the question's place: an agent that was taken over names calls as it likes, and those it has judged anew.
 */
export function holdingAsked({ choose, update }: ToEditor): ToEditor {
  const asked = new Set<Json | undefined>();
  return {
    choose: async (call, options, signal) => {
      const { toolCallId: named } = call;
      const id = asked.has(named) ? newId("ask") : named;
      asked.add(id);
      try {
        return await choose({ ...call, ...(id === undefined ? {} : { toolCallId: id }) }, options, signal);
      } finally {
        asked.delete(id);
      }
    },
    update: (told) => {
      if (!asked.has(told["toolCallId"])) update(told);
    },
  };
}
