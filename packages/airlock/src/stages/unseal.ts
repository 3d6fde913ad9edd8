/**
 * Restores what was sealed, and only here: credentials in the arguments of a call that edits the very file they came
 * from, not in commands, URLs or text, which is shown, logged and sent on; personal data in the text that a person is shown.
 */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { hasPlaceholder } from "@cloister/secrets";
import { innerCallOf, restoreNeutral, type RawCall, type TurnEvent } from "@cloister/wire";
import { toKnownCall } from "../calls/known-tools.ts";
import { toPlace } from "../calls/workspace-file.ts";
import type { AirlockSession } from "../session.ts";
import { passing } from "../passing.ts";
import type { Recovered } from "./recover.ts";
import type { Restoring } from "./restoring.ts";
import { createShowing } from "./show.ts";

export interface Unsealed extends Recovered {
  readonly restoring: Restoring;
}

export function unseal(recovered: Recovered): Unsealed {
  const restoring: Restoring = { restores: [], withheld: new Set(), unknown: new Set() };
  const { session } = recovered;
  const show = createShowing(session.seals, restoring);
  const passages = passing(recovered.passages, (passage) => {
    const shown = show(passage);
    return shown.events.some(({ kind }) => kind === "call")
      ? { ...shown, events: shown.events.map((event) => unsealEvent(event, session, restoring)) }
      : shown;
  });
  return { ...recovered, passages, restoring };
}

/** Calls come before the end of their answer, in the same passage. */
function unsealEvent(event: TurnEvent, session: AirlockSession, restoring: Restoring): TurnEvent {
  if (event.kind === "end" && event.extension !== undefined && restoring.unknown.size > 0) {
    const extension = { ...event.extension, unknownPlaceholders: restoring.unknown.size };
    return { ...event, extension };
  }
  if (event.kind !== "call") return event;
  // What was made harmless for the template is itself again where it is used: an edit must match the file.
  const call = { ...event.call, arguments: restoreNeutral(event.call.arguments) };
  return { ...event, call: { ...call, arguments: unsealArguments(call, session, restoring) } };
}

/** The arguments with the secrets of the file they edit; as they are for any other tool. */
function unsealArguments(
  { name, arguments: text }: RawCall,
  { seals, workspace }: AirlockSession,
  restoring: Restoring,
): string {
  if (!hasPlaceholder(text)) return text;
  let args: Json;
  try {
    args = JSON.parse(text) as Json;
  } catch {
    return text; // no valid call has such arguments; nothing is restored into a broken one
  }
  if (!isRecord(args)) return text;
  const known = toKnownCall(name, args);
  const file = known.kind === "edit" && known.path !== "" ? toPlace(known.path, workspace) : undefined;
  const restore = (value: string): string => {
    // No file has this name: every placeholder is withheld, and told apart by whether it is known.
    const result = seals.unsealFor(file ?? NO_FILE, value);
    for (const { kind, placeholder } of result.restored) {
      restoring.restores.push({ file: file ?? "", kind, placeholder });
    }
    for (const { placeholder, why } of result.withheld) {
      (why === "unknown" ? restoring.unknown : restoring.withheld).add(placeholder);
    }
    return result.text;
  };
  const argument = known.kind === "edit" ? known.argument : undefined;
  const unsealed = (all: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(all).map(([key, value]) => [key, key === argument ? value : restoreIn(value, restore)]),
    );
  const inner = innerCallOf(name, args);
  const result = JSON.stringify(
    inner === undefined ? unsealed(args) : { ...args, arguments: unsealed(inner.args) },
  );
  // A call in which nothing was restored keeps its own bytes.
  return result === JSON.stringify(args) ? text : result;
}

/** A file's name never holds a NUL. */
const NO_FILE = "\0";

function restoreIn(value: Json, restore: (text: string) => string): Json {
  if (typeof value === "string") return restore(value);
  if (Array.isArray(value)) return value.map((item: Json) => restoreIn(item, restore));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restoreIn(item, restore)]));
}
