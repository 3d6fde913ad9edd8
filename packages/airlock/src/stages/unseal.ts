/**
 * Restores secrets, and only here: in the arguments of a call that edits the very file a secret came from. Not in
 * commands, not in URLs, not in text: what a model says is shown, logged and sent on.
 */
import { relative, resolve } from "node:path";
import { isRecord } from "@cloister/base";
import { hasPlaceholder } from "@cloister/secrets";
import { restoreNeutral, type RawCall, type TurnEvent } from "@cloister/wire";
import type { AirlockSession } from "../session.ts";
import type { Passage } from "../passage.ts";
import type { Recovered } from "./recover.ts";

export interface Restore {
  readonly file: string;
  readonly kind: string;
  readonly placeholder: string;
}

export interface Unsealed extends Recovered {
  /** Filled while the answer passes. */
  readonly restores: readonly Restore[];
}

/** Tools that edit one file, and the argument that names it. */
const editTools: Readonly<Record<string, string>> = { Edit: "file_path", Write: "file_path" };

export function unseal(recovered: Recovered): Unsealed {
  const restores: Restore[] = [];
  const { session } = recovered;
  const passages = async function* (): AsyncGenerator<Passage> {
    for await (const passage of recovered.passages) {
      yield { ...passage, events: passage.events.map((event) => unsealEvent(event, session, restores)) };
    }
  };
  return { ...recovered, passages: passages(), restores };
}

function unsealEvent(event: TurnEvent, session: AirlockSession, restores: Restore[]): TurnEvent {
  if (event.kind !== "call") return event;
  // What was made harmless for the template is itself again where it is used: an edit must match the file.
  const args = restoreNeutral(event.call.arguments);
  const call = { ...event.call, arguments: args };
  if (session.seals.count === 0 || session.workspace === undefined) return { ...event, call };
  return {
    ...event,
    call: { ...call, arguments: unsealArguments(call, session.workspace, session, restores) },
  };
}

/** The arguments with the secrets of the file they edit; as they are for any other tool. */
function unsealArguments(
  { name, arguments: text }: RawCall,
  workspace: string,
  { seals }: AirlockSession,
  restores: Restore[],
): string {
  const pathArgument = editTools[name];
  if (pathArgument === undefined || !hasPlaceholder(text)) return text;
  let args: unknown;
  try {
    args = JSON.parse(text);
  } catch {
    return text; // no valid call has such arguments; nothing is restored into a broken one
  }
  const path = isRecord(args) ? args[pathArgument] : undefined;
  if (!isRecord(args) || typeof path !== "string") return text;
  const file = relative(workspace, resolve(workspace, path));
  const unsealed = Object.entries(args).map(([key, value]) => {
    if (key === pathArgument || typeof value !== "string") return [key, value];
    const result = seals.unsealFor(file, value);
    for (const { kind, placeholder } of result.restored) restores.push({ file, kind, placeholder });
    return [key, result.text];
  });
  return JSON.stringify(Object.fromEntries(unsealed));
}
