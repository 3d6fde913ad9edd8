/**
 * Questions to a program at the other end of stdin and stdout, as Claude Code's SDK has them: a control request
 * `can_use_tool` goes out, its control response comes back.
 */
import { randomUUID } from "node:crypto";
import { isRecord, type JsonObject } from "@cloister/base";
import { canonicalJson } from "@cloister/base";
import { parseRule } from "@cloister/policy";
import type { Approval, Approve, Question } from "@cloister/airlock";

export interface LinePrompt {
  readonly approve: Approve;
  /** A `control_response`. One to no open question is passed over. */
  answer(response: JsonObject): void;
  /** Nobody answers any more: what is open, and all that comes, is a "no". */
  close(): void;
}

interface Open {
  readonly question: Question;
  readonly settle: (approval: Approval) => void;
}

const OPEN_MAX = 100;

export function createLinePrompt(say: (line: JsonObject) => void): LinePrompt {
  const open = new Map<string, Open>();
  let isClosed = false;
  const forget = (id: string, approval: Approval): void => {
    open.get(id)?.settle(approval);
    open.delete(id);
  };
  return {
    approve: async (question, signal) => {
      if (isClosed || open.size >= OPEN_MAX || signal.aborted) return "no";
      const id = randomUUID();
      const { promise, resolve } = Promise.withResolvers<Approval>();
      open.set(id, { question, settle: resolve });
      const cancel = (): void => {
        say({ type: "control_cancel_request", request_id: id });
        forget(id, "no");
      };
      signal.addEventListener("abort", cancel, { once: true });
      say({ type: "control_request", request_id: id, request: toRequest(question) });
      try {
        return await promise;
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    },
    answer: (response) => {
      const id = response["request_id"];
      const asked = typeof id === "string" ? open.get(id) : undefined;
      if (typeof id === "string" && asked !== undefined) forget(id, toApproval(response, asked.question));
    },
    close: () => {
      isClosed = true;
      for (const id of open.keys()) forget(id, "no");
    },
  };
}

function toRequest({ call, reason, rule, text, findings, suggestions, scripts }: Question): JsonObject {
  return {
    subtype: "can_use_tool",
    tool_name: call.name,
    input: call.arguments,
    tool_use_id: call.id,
    permission_suggestions: suggestions.length === 0 ? [] : [toUpdate(suggestions)],
    decision_reason: reason ?? rule,
    // What programs written for others pass over: the text with nothing invisible in it, and what was found.
    cloister: { rule, text, scripts, findings: findings.map(({ kind, path, why }) => ({ kind, path, why })) },
  };
}

function toUpdate(rules: readonly string[]): JsonObject {
  return {
    type: "addRules",
    behavior: "allow",
    destination: "localSettings",
    rules: rules.map((text) => {
      const [, toolName = text, ruleContent] = /^([^(]+)\((.*)\)$/su.exec(text) ?? [];
      return ruleContent === undefined ? { toolName } : { toolName, ruleContent };
    }),
  };
}

/** What is no clear yes is a no. */
function toApproval({ subtype, response, error }: JsonObject, { call }: Question): Approval {
  if (subtype !== "success" || !isRecord(response)) {
    return typeof error === "string" ? { kind: "no", why: error } : "no";
  }
  const { behavior, message, updatedInput, updatedPermissions } = response;
  if (behavior !== "allow") {
    return typeof message === "string" && message !== "" ? { kind: "no", why: message } : "no";
  }
  // What was judged is what runs; another call is another question.
  const isSame =
    updatedInput === undefined || updatedInput === null || sameJson(updatedInput, call.arguments);
  if (!isSame) return { kind: "no", why: "the host changed the call; make it as the host wants it" };
  const updates = Array.isArray(updatedPermissions) ? updatedPermissions.filter(isRecord) : [];
  const added = updates.filter(({ type, behavior: wanted }) => type === "addRules" && wanted === "allow");
  if (added.length === 0) return "once";
  if (added.every(({ destination }) => destination === "session")) return "session";
  return { kind: "always", rules: added.flatMap(({ rules }) => toRules(rules)) };
}

function sameJson(one: unknown, other: JsonObject): boolean {
  return isRecord(one) && canonicalJson(one as JsonObject) === canonicalJson(other);
}

function toRules(rules: unknown): string[] {
  const items: readonly unknown[] = Array.isArray(rules) ? rules : [];
  return items.filter(isRecord).flatMap(({ toolName, ruleContent }) => {
    const text = typeof ruleContent === "string" ? `${String(toolName)}(${ruleContent})` : String(toolName);
    return parseRule(text).kind === "rule" ? [text] : [];
  });
}
