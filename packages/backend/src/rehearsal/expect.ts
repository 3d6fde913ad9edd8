import { isRecord } from "@cloister/base";
import { textOf } from "./fill.ts";
import type { RehearsalExpectation } from "./script.ts";

/** A chat request as the rehearsal reads it. */
export interface ChatRequest {
  readonly raw: string;
  /** Every text of the body, decoded. */
  readonly text: string;
  readonly messages: readonly Record<string, unknown>[];
  readonly toolNames: readonly string[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** Undefined for a body that is no chat request. */
export function readChatRequest(raw: string): ChatRequest | undefined {
  let body: unknown;
  try {
    body = JSON.parse(raw);
  } catch {
    return undefined; // The one who asked is told so.
  }
  if (!isRecord(body) || !Array.isArray(body.messages)) return undefined;
  const tools: readonly unknown[] = Array.isArray(body.tools) ? body.tools : [];
  return {
    raw,
    text: textOf(body),
    messages: body.messages.filter(isRecord),
    toolNames: tools.flatMap((tool) => {
      const name = isRecord(tool) && isRecord(tool.function) ? tool.function.name : undefined;
      return typeof name === "string" ? [name] : [];
    }),
    stream: body.stream === true,
    includeUsage: isRecord(body.stream_options) && body.stream_options.include_usage === true,
  };
}

/** The first expectation that the request does not meet, in words; undefined when it meets all. */
export function unmet(expect: RehearsalExpectation, request: ChatRequest): string | undefined {
  const last = request.messages.at(-1) ?? {};
  const lastText = textOf(last.content);
  const {
    lastMessageRole: role,
    lastMessageContains = [],
    bodyContains = [],
    bodyLacks = [],
    tools = [],
  } = expect;

  if (role !== undefined && last.role !== role) {
    return `the last message to be of role "${role}", not "${String(last.role)}"`;
  }
  const missingLast = lastMessageContains.find((text) => !lastText.includes(text));
  if (missingLast !== undefined) return `the last message to contain ${JSON.stringify(missingLast)}`;
  const missing = bodyContains.find((text) => !holds(request, text));
  if (missing !== undefined) return `the body to contain ${JSON.stringify(missing)}`;
  const forbidden = bodyLacks.find((text) => holds(request, text));
  if (forbidden !== undefined) return `the body to lack ${JSON.stringify(forbidden)}`;
  const absent = tools.find((tool) => !request.toolNames.includes(tool));
  if (absent !== undefined) {
    return `a tool named "${absent}" on offer, among ${request.toolNames.join(", ") || "none"}`;
  }
  return undefined;
}

/** Also in its escaped form, since the arguments of a call are JSON inside a text of the body. */
function holds({ raw, text }: ChatRequest, wanted: string): boolean {
  const escaped = JSON.stringify(wanted).slice(1, -1);
  return [wanted, escaped].some((form) => text.includes(form) || raw.includes(form));
}
