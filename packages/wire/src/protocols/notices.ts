/** What was found in edits, in the `cloister` field beside an answer; the same in all protocols. */
import { isRecord, type JsonObject } from "@cloister/base";
import type { CloisterExtension, CodeNotice } from "../turn.ts";

type Notices = Pick<CloisterExtension, "findings" | "unknownPlaceholders">;

const NOTICES_MAX = 1000;
const verdicts = ["allow", "ask", "deny"] as const;

export function formatNotices({ findings, unknownPlaceholders }: Notices): JsonObject {
  return {
    ...(findings === undefined ? {} : { findings: findings.map((finding) => ({ ...finding })) }),
    ...(unknownPlaceholders === undefined ? {} : { unknownPlaceholders }),
  };
}

/** Entries of another shape are left out, for anybody can write some. */
export function parseNotices(value: Readonly<Record<string, unknown>>): Notices {
  const { findings, unknownPlaceholders } = value;
  const list: readonly unknown[] = Array.isArray(findings) ? findings.slice(0, NOTICES_MAX) : [];
  return {
    ...(list.length === 0 ? {} : { findings: list.flatMap(parseNotice) }),
    ...(typeof unknownPlaceholders === "number" ? { unknownPlaceholders } : {}),
  };
}

function parseNotice(value: unknown): CodeNotice[] {
  if (!isRecord(value)) return [];
  const { kind, path, line, excerpt, why } = value;
  const verdict = verdicts.find((known) => known === value["verdict"]);
  if (typeof kind !== "string" || typeof path !== "string" || verdict === undefined) return [];
  if (typeof excerpt !== "string" || typeof why !== "string") return [];
  return [{ kind, path, ...(typeof line === "number" ? { line } : {}), excerpt, why, verdict }];
}
