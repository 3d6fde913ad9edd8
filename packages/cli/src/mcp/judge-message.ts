/**
 * What the agent says to an MCP server, looked at by the keeper. The model's call of a tool was judged when it was made;
 * one that no call made, of an agent that was taken over, is judged here by the same rules.
 */
import { toolName } from "@cloister/agent/extensions";
import { classificationOfText, ruleAgainst, sealLeaves, type AirlockSession } from "@cloister/airlock";
import { CloisterError, isRecord, type JsonObject } from "@cloister/base";
import type { Clearance } from "@cloister/policy";
import { refuseAboveClearance } from "./clearance.ts";

/**
 * For a server that is a program: a message, or what the agent hears instead; what is none goes nowhere. `clearances` are
 * those of the hosts that it reaches, where it reaches any: it is told nothing that may not go to each of them.
 */
export function createMessageGate(
  server: string,
  session: AirlockSession,
  clearances: readonly Clearance[] = [],
): (line: string) => { readonly pass: string } | { readonly answer: string } | undefined {
  return (line) => {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return undefined; // no JSON, and so no message
    }
    // Several messages in one are no longer part of the protocol, and would have to be judged one by one.
    if (!isRecord(message)) return undefined;
    try {
      judgeMessage(message, server, session);
      // Written anew: what says two things has one reading, the one that was judged.
      const said = JSON.stringify(message);
      if (clearances.length === 0) return { pass: said };
      const sealed = sealLeaves(said, session.seals);
      refuseAboveClearance(classificationOfText(session, sealed), clearances, server);
      return { pass: sealed };
    } catch (error) {
      if (!(error instanceof CloisterError)) throw error;
      const said = { code: REFUSED, message: `${error.message}. Next: ${error.next ?? "go on without it"}.` };
      return { answer: JSON.stringify({ jsonrpc: "2.0", id: message["id"] ?? null, error: said }) };
    }
  };
}

const REFUSED = -32_000;

/** @throws CloisterError `denied` */
export function judgeMessage(
  { method, params }: Readonly<Record<string, unknown>>,
  server: string,
  session: AirlockSession,
): void {
  if (method !== "tools/call") return;
  const { name: written, arguments: args } = isRecord(params) ? params : {};
  const name = toolName(server, typeof written === "string" ? written : "");
  const rule = ruleAgainst(name, isRecord(args) ? (args as JsonObject) : {}, session);
  if (rule === undefined) return;
  throw new CloisterError(`${name} is not allowed (policy ${session.policy.name}, rule ${rule})`, {
    code: "denied",
    rule,
    next: `if it is meant to run, allow it for a run: --allow '${name}'`,
  });
}
