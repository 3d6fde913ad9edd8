import { pathToFileURL } from "node:url";
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { LanguageServerWish } from "./wish.ts";

/** Servers ask for settings and leave; what they would have us write or open is never done at their word. */
export function answerServer(
  method: string,
  params: JsonObject,
  { workspace }: { readonly workspace: string },
  { settings }: LanguageServerWish,
): Json | undefined {
  switch (method) {
    case "workspace/configuration": {
      const items = Array.isArray(params["items"]) ? (params["items"] as readonly Json[]) : [];
      return items.map((item) => settingsOf(isRecord(item) ? item["section"] : undefined, settings));
    }
    case "workspace/workspaceFolders":
      return [{ uri: pathToFileURL(workspace).href, name: "workspace" }];
    case "workspace/applyEdit":
      return { applied: false, failureReason: "edits are made by the user's agent" };
    case "window/workDoneProgress/create":
    case "client/registerCapability":
    case "client/unregisterCapability":
    case "window/showMessageRequest":
    case "workspace/diagnostic/refresh":
      return null;
    default:
      return undefined;
  }
}

/** Some servers want all of theirs under their own name, others bare. */
function settingsOf(section: Json | undefined, settings: JsonObject = {}): Json {
  return typeof section === "string" ? (settings[section] ?? null) : settings;
}
