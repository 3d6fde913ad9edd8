import { isRecord } from "@cloister/base";
import type { CloisterExtension, RefusalCause, RefusedCall } from "../../turn.ts";
import { parseNotices } from "../notices.ts";

const causes: Readonly<Record<RefusalCause, true>> = {
  denied: true,
  "empty-turn": true,
  "missing-argument": true,
  "unknown-tool": true,
  syntax: true,
  transport: true,
  truncated: true,
  type: true,
};

/** What another airlock wrote beside its answer. Entries of another shape are left out, for anybody can write some. */
export function parseExtension(value: unknown): CloisterExtension | undefined {
  if (!isRecord(value)) return undefined;
  return {
    recovered: records(value["recovered"]).flatMap(({ id, name, dialect }) =>
      typeof id === "string" && typeof name === "string" && typeof dialect === "string"
        ? [{ id, name, dialect }]
        : [],
    ),
    refused: records(value["refused"]).flatMap(({ cause, detail, call }) =>
      isCause(cause) && typeof detail === "string" ? [{ cause, detail, ...callOf(call) }] : [],
    ),
    retries: typeof value["retries"] === "number" ? value["retries"] : 0,
    ...reroutedOf(value["rerouted"]),
    ...answeredByOf(value["answeredBy"]),
    ...parseNotices(value),
  };
}

function callOf(value: unknown): Pick<RefusedCall, "call"> {
  if (!isRecord(value)) return {};
  const { id, name, arguments: text } = value;
  const isWhole = typeof id === "string" && typeof name === "string" && typeof text === "string";
  return isWhole ? { call: { id, name, arguments: text } } : {};
}

function reroutedOf(value: unknown): Pick<CloisterExtension, "rerouted"> {
  if (!isRecord(value)) return {};
  const { to, rule, why } = value;
  const isWhole = typeof to === "string" && typeof rule === "string" && typeof why === "string";
  return isWhole ? { rerouted: { to, rule, why } } : {};
}

function answeredByOf(value: unknown): Pick<CloisterExtension, "answeredBy"> {
  if (!isRecord(value)) return {};
  const { name, why, contextTokens } = value;
  if (typeof name !== "string" || typeof why !== "string") return {};
  const isWindow =
    typeof contextTokens === "number" && Number.isSafeInteger(contextTokens) && contextTokens > 0;
  return { answeredBy: { name, why, ...(isWindow ? { contextTokens } : {}) } };
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isCause(value: unknown): value is RefusalCause {
  return typeof value === "string" && Object.hasOwn(causes, value);
}
