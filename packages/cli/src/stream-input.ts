/**
 * Messages and control requests on stdin, a line each, in the shape that Claude Code, Qwen Code and Qoder share. What
 * is of no known type is passed over, as they do.
 */
import type { AttachedPicture, Mode } from "@cloister/agent";
import { isRecord, readLines, type Json, type JsonObject } from "@cloister/base";
import type { AgentHandle } from "./agent-host.ts";
import type { LinePrompt } from "./permissions/ask-by-lines.ts";

export type InputLine =
  | { readonly kind: "message"; readonly text: string; readonly pictures: readonly AttachedPicture[] }
  | { readonly kind: "control"; readonly id: string; readonly request: JsonObject }
  /** To a control request of ours. */
  | { readonly kind: "response"; readonly response: JsonObject }
  | { readonly kind: "unknown" };

/** With room for a few pictures. */
const LINE_CHARS_MAX = 32 * 1024 * 1024;
const modes: readonly Mode[] = ["default", "acceptEdits", "plan", "dontAsk", "bypass"];
/** As the others call it. */
const modeNames: Readonly<Record<string, Mode>> = { bypassPermissions: "bypass" };

/** Ends with the input; the session is closed then. @throws CloisterError `line-too-long` */
export async function driveFromInput(
  input: AsyncIterable<Uint8Array>,
  agent: AgentHandle,
  respond: (line: JsonObject) => void,
  prompt?: Pick<LinePrompt, "answer" | "close">,
): Promise<void> {
  try {
    for await (const line of readLines(input, { lineCharsMax: LINE_CHARS_MAX })) {
      const read = parseInputLine(line);
      // Each message has a result of its own, so none joins the one before.
      if (read.kind === "message") {
        agent.send({ text: read.text, pictures: read.pictures, delivery: "next" });
      }
      if (read.kind === "control") respond(toResponse(read.id, obey(read.request, agent)));
      if (read.kind === "response") prompt?.answer(read.response);
    }
  } finally {
    // Whoever could answer is gone.
    prompt?.close();
    agent.close();
  }
}

export function parseInputLine(line: string): InputLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: "unknown" }; // what is no JSON is nothing that could be meant
  }
  if (!isRecord(value)) return { kind: "unknown" };
  const { type, message, request, response, request_id: id } = value;
  if (type === "user" && isRecord(message)) {
    const text = textOf(message["content"]);
    const pictures = picturesOf(message["content"]);
    if (text === "" && pictures.length === 0) return { kind: "unknown" };
    return { kind: "message", text: text === "" ? "[picture]" : text, pictures };
  }
  if (type === "control_response" && isRecord(response)) {
    return { kind: "response", response: response as JsonObject };
  }
  if (type === "control_request" && isRecord(request) && typeof id === "string") {
    return { kind: "control", id, request: request as JsonObject };
  }
  return { kind: "unknown" };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const texts = content.filter(isRecord).map(({ text }) => (typeof text === "string" ? text : ""));
  return texts.filter((text) => text !== "").join("\n\n");
}

/** Whoever judges the message says what is wrong with one that is none, or that is somewhere else than in the line. */
function picturesOf(content: unknown): readonly AttachedPicture[] {
  if (!Array.isArray(content)) return [];
  const blocks = content.filter(isRecord).filter(({ type }) => type === "image");
  return blocks.map(({ source }, index): AttachedPicture => {
    const data = isRecord(source) && source["type"] === "base64" ? source["data"] : undefined;
    const base64 = typeof data === "string" ? data : "";
    return { kind: "bytes", from: "input", base64, name: `picture ${index + 1}` };
  });
}

type Obeyed = { readonly kind: "done" } | { readonly kind: "refused"; readonly why: string };

function obey(request: JsonObject, agent: AgentHandle): Obeyed {
  const { subtype, mode: asked } = request;
  switch (typeof subtype === "string" ? subtype : "") {
    case "initialize":
      return { kind: "done" };
    case "interrupt":
      agent.interrupt();
      return { kind: "done" };
    case "set_permission_mode": {
      const name = typeof asked === "string" ? asked : "";
      const mode = modes.find((candidate) => candidate === (modeNames[name] ?? name));
      if (mode === undefined) return { kind: "refused", why: `there is no mode "${name}"` };
      const why = agent.whyNotMode?.(mode);
      if (why !== undefined) return { kind: "refused", why: why.message };
      agent.setMode(mode);
      return { kind: "done" };
    }
    default:
      return { kind: "refused", why: `"${typeof subtype === "string" ? subtype : ""}" is not supported` };
  }
}

function toResponse(id: string, obeyed: Obeyed): JsonObject {
  const response: Json =
    obeyed.kind === "done"
      ? { subtype: "success", request_id: id, response: {} }
      : { subtype: "error", request_id: id, error: obeyed.why };
  return { type: "control_response", response };
}
