/** The `messages` of a Chat request to the texts before the conversation and its items. */
import { isRecord, type Json } from "@cloister/base";
import type { RawCall } from "../../calls.ts";
import type { Part, TurnItem } from "../../turn.ts";
import { badRequest, Fields, type Losses } from "./fields.ts";
import { parseThoughts } from "./thoughts.ts";

export interface Conversation {
  readonly system: readonly string[];
  readonly items: readonly TurnItem[];
}

export function parseMessages(request: Fields, losses: Losses): Conversation {
  const messages = request.list("messages");
  if (messages === undefined || messages.length === 0) {
    throw badRequest("messages", "must be a list with at least one message");
  }
  const system: string[] = [];
  const items: TurnItem[] = [];
  // Calls of the last assistant message that have no result yet: results of old clients name none.
  let open: Set<string> = new Set();
  for (const [index, value] of messages.entries()) {
    const message = new Fields(value, `messages[${index}]`);
    const role = message.textNeeded("role");
    switch (role) {
      case "system":
      case "developer": {
        const texts = textsOf(parseContent(message, losses), message, losses);
        if (items.length === 0) system.push(...texts);
        else if (texts.length > 0) items.push({ kind: "system", text: texts.join("\n\n") });
        break;
      }
      case "user":
        items.push({ kind: "user", parts: parseContent(message, losses) });
        break;
      case "assistant": {
        const item = parseAssistant(message, index, losses);
        open = new Set(item.calls.map(({ id }) => id));
        items.push(item);
        break;
      }
      case "tool":
      case "function": {
        const callId = answeredCall(message, open);
        open.delete(callId);
        items.push({ kind: "result", callId, parts: parseContent(message, losses), isError: false });
        break;
      }
      default:
        throw badRequest(message.at("role"), `"${role.slice(0, 40)}" is not a role`);
    }
    // Where the lines came from is ours: the airlock has read it before it comes to this.
    message.value("cloister");
    message.lose(losses, (name) => (name === "audio" ? "semantic" : "cosmetic"));
  }
  return { system, items };
}

function parseAssistant(
  message: Fields,
  messageIndex: number,
  losses: Losses,
): Extract<TurnItem, { kind: "assistant" }> {
  const texts = textsOf(parseContent(message, losses), message, losses);
  const refusal = message.text("refusal") ?? "";
  const calls = parseCalls(message, messageIndex, losses);
  // The pieces of one answer as it was streamed: nothing stood between them.
  const text = texts.join("") || refusal;
  const signed = parseThoughts(message.value("thoughts"));
  return {
    ...{ kind: "assistant", text, reasoning: parseReasoningText(message), calls },
    ...(signed.length === 0 ? {} : { signed }),
  };
}

/** Servers and clients call it by three names. */
function parseReasoningText(message: Fields): string {
  const names = ["reasoning_content", "reasoning"].map((name) => message.value(name));
  const plain = names.find((value) => typeof value === "string" && value !== "");
  const details = reasoningDetails(message.value("reasoning_details"));
  return typeof plain === "string" ? plain : details;
}

/** OpenRouter's list of typed pieces. Encrypted ones say nothing to us. */
export function reasoningDetails(value: unknown): string {
  if (!Array.isArray(value)) return "";
  return value
    .filter(isRecord)
    .map(({ text, summary }) =>
      typeof text === "string" ? text : typeof summary === "string" ? summary : "",
    )
    .join("");
}

function parseCalls(message: Fields, messageIndex: number, losses: Losses): RawCall[] {
  const calls: RawCall[] = [];
  for (const [index, value] of (message.list("tool_calls") ?? []).entries()) {
    const call = new Fields(value, `${message.path}.tool_calls[${index}]`);
    const type = call.text("type") ?? "function";
    // The place in the conversation is the same in every later request: an id made of it may go into a history.
    const id = call.text("id") || `call_${messageIndex}_${index}`;
    call.value("index");
    if (type !== "function") {
      losses.add({
        path: call.path,
        reason: `calls of type "${type.slice(0, 40)}" are not carried`,
        severity: "semantic",
      });
      continue;
    }
    calls.push({ id, ...parseCalled(call.value("function"), call.at("function"), losses) });
    call.lose(losses, () => "cosmetic");
  }
  const legacy = message.value("function_call");
  if (legacy !== undefined && calls.length === 0) {
    const id = `call_${messageIndex}_0`;
    calls.push({ id, ...parseCalled(legacy, message.at("function_call"), losses) });
  }
  return calls;
}

function parseCalled(value: Json | undefined, path: string, losses: Losses): Omit<RawCall, "id"> {
  const fields = new Fields(value, path);
  const name = fields.textNeeded("name");
  const given = fields.value("arguments");
  const text = isRecord(given) ? JSON.stringify(given) : (given ?? "");
  if (typeof text !== "string") throw badRequest(fields.at("arguments"), "must be a string of JSON");
  fields.lose(losses, () => "cosmetic");
  return { name, arguments: text };
}

/** Without an id, a result answers the first call that has none yet. */
function answeredCall(message: Fields, open: ReadonlySet<string>): string {
  // The name says again what the call said.
  message.text("name");
  const [first] = open;
  const id = message.text("tool_call_id") || first;
  if (id === undefined) throw badRequest(message.at("tool_call_id"), "must name an earlier call");
  return id;
}

/** A string, a list of parts, or nothing. Empty texts are nothing. */
function parseContent(message: Fields, losses: Losses): Part[] {
  const content = message.value("content");
  if (content === undefined || content === "") return [];
  if (typeof content === "string") return [{ kind: "text", text: content }];
  if (!Array.isArray(content)) throw badRequest(message.at("content"), "must be a string or a list of parts");
  return content.flatMap((value: Json, index) => {
    const part = new Fields(value, `${message.path}.content[${index}]`);
    const parsed = parsePart(part, losses);
    part.lose(losses, () => "cosmetic");
    return parsed;
  });
}

function parsePart(part: Fields, losses: Losses): Part[] {
  const type = part.textNeeded("type");
  switch (type) {
    case "text":
    case "refusal": {
      const text = part.text(type) ?? "";
      return text === "" ? [] : [{ kind: "text", text }];
    }
    case "image_url": {
      const value = part.value("image_url");
      if (typeof value === "string") return [parseImage(value)];
      const image = new Fields(value, part.at("image_url"));
      const url = image.textNeeded("url");
      image.lose(losses, () => "cosmetic");
      return [parseImage(url)];
    }
    default:
      part.value(type);
      losses.add({
        path: part.path,
        reason: `parts of type "${type.slice(0, 40)}" are not carried`,
        severity: "semantic",
      });
      return [];
  }
}

const BASE64 = ";base64,";

/** A data URL (RFC 2397) is taken apart, for other protocols want its pieces. */
function parseImage(url: string): Part {
  const at = url.startsWith("data:") ? url.indexOf(BASE64) : -1;
  if (at < 0) return { kind: "image", url };
  const mediaType = url.slice("data:".length, at);
  const base64 = url.slice(at + BASE64.length);
  return { kind: "image", ...(mediaType === "" ? {} : { mediaType }), base64 };
}

/** For roles that hold texts only. */
function textsOf(parts: readonly Part[], message: Fields, losses: Losses): string[] {
  return parts.flatMap((part) => {
    if (part.kind === "text") return [part.text];
    losses.add({ path: message.at("content"), reason: "an image in a text-only role", severity: "semantic" });
    return [];
  });
}
