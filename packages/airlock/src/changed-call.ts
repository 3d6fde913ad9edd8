/**
 * A call that a hook changed after it was judged: judged anew, by the same rules and the same person, as if the model
 * had made it. An agent that was taken over can ask this too, and gains what any call of a model's would.
 */
import { CloisterError, isRecord } from "@cloister/base";
import { classify } from "@cloister/policy";
import type { RawCall } from "@cloister/wire";
import type { ChangedVerdict } from "./changed-verdict.ts";
import type { AirlockSession } from "./session.ts";
import { judgeCall } from "./stages/judge.ts";
import { sealLeaves } from "./stages/seal.ts";

/** An edit holds a file's whole text. */
export const changedCallBytesMax: number = 8 * 1024 * 1024;

/** As every server wants the names of tools; a person reads it above the question. */
const toolName = /^[\w.-]{1,200}$/;
const fromServer = /^mcp__/;
/** Servers have many forms of it, and all are printable. */
const callId = /^[\x20-\x7e]{0,200}$/;

/** @throws CloisterError `bad-request` */
export function parseChangedCall(value: unknown): RawCall {
  if (
    isRecord(value) &&
    typeof value["id"] === "string" &&
    typeof value["name"] === "string" &&
    callId.test(value["id"]) &&
    toolName.test(value["name"]) &&
    isRecord(value["arguments"])
  ) {
    return { id: value["id"], name: value["name"], arguments: JSON.stringify(value["arguments"]) };
  }
  throw new CloisterError("not a call: give its id, name and arguments", { code: "bad-request" });
}

/** What cannot be recorded is refused. */
export async function judgeChanged(
  session: AirlockSession,
  call: RawCall,
  signal: AbortSignal,
): Promise<ChangedVerdict> {
  // A hook may have put in what the model never sees; neither a question nor a record shows it.
  const sealed = { ...call, arguments: sealLeaves(call.arguments, session.seals) };
  const { index } = await session.ledger.append({
    type: "call.changed",
    fields: { session: session.id },
    attachments: [
      { type: "call", data: Buffer.from(`${sealed.name} ${sealed.arguments}`), open: {}, hidden: {} },
    ],
  });
  const outcome = await judgeCall({ session, intent: index, signal }, sealed);
  if (outcome.kind === "deny") return outcome;
  // What a server says to a hook reaches the model in the hook's words, where nobody could tell.
  if (fromServer.test(sealed.name)) session.standing.raise(classify("public", [], "untrusted"));
  return { kind: "pass" };
}
