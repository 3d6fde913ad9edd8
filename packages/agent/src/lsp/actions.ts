/** Code actions at a place, and the edit that each would make. What only runs a command of the server's is left out. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { lineOf } from "../mcp/names.ts";
import { toUri, type Position } from "./positions.ts";
import type { LanguageServer } from "./server.ts";

export interface CodeAction {
  readonly title: string;
  /** A `WorkspaceEdit`. */
  edit(signal: AbortSignal): Promise<Json>;
}

const ACTIONS_MAX = 30;
const TITLE_CHARS_MAX = 120;
const CHECK_MS_MAX = 5000;

export async function actionsAt(
  place: {
    readonly server: LanguageServer;
    readonly path: string;
    readonly position: Position;
    readonly workspace: string;
  },
  signal: AbortSignal,
): Promise<readonly CodeAction[]> {
  const { server, path, position, workspace } = place;
  // Most actions are answers to a problem: the server wants to hear which.
  await server.check(path, CHECK_MS_MAX, signal);
  const here = (server.diagnostics().get(path) ?? []).filter(
    ({ range: { start, end } }) => start.line <= position.line && end.line >= position.line,
  );
  const [about] = here;
  const range =
    about === undefined ? { start: { ...position }, end: { ...position } } : (about.raw["range"] ?? null);
  const params: JsonObject = {
    textDocument: { uri: toUri(workspace, path) },
    range,
    context: { diagnostics: here.map(({ raw }) => raw), triggerKind: 1 },
  };
  const found = await server.request("textDocument/codeAction", params, signal);
  const list: readonly Json[] = Array.isArray(found) ? (found as readonly Json[]) : [];
  return list
    .filter(isUsable)
    .slice(0, ACTIONS_MAX)
    .map((action) => ({
      title: lineOf(action["title"], TITLE_CHARS_MAX),
      edit: async (aborted) => {
        if (action["edit"] !== undefined) return action["edit"];
        const resolved = await server.request("codeAction/resolve", action, aborted);
        return isRecord(resolved) ? (resolved["edit"] ?? null) : null;
      },
    }));
}

function isUsable(action: Json): action is JsonObject {
  if (!isRecord(action)) return false;
  const { title, disabled, command } = action;
  // A bare command has its name in this field; an action holds an object, if any.
  return typeof title === "string" && disabled === undefined && typeof command !== "string";
}
