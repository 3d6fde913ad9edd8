/** The blocks of a message, as the door reads them. */
import type { JsonObject } from "@cloister/base";
import type { RawCall } from "../../calls.ts";
import type { Loss, Part, TurnItem } from "../../turn.ts";
import { badRequest, noteUnknown, toFields, toList, toText, type Fields } from "./losses.ts";
import type { ParseOptions } from "../protocol.ts";
import { THINKING_SIGNATURE } from "./outcome.ts";
import { isThought } from "./thoughts.ts";

interface Block {
  readonly type: string;
  readonly fields: Fields;
  readonly path: string;
}

interface Place extends ParseOptions {
  readonly path: string;
  readonly losses: Loss[];
}

/** @throws CloisterError `bad-request` for a role that is none. */
export function parseMessage(value: unknown, { path, losses, keepsThoughts }: Place): readonly TurnItem[] {
  const message = toFields(value, path);
  noteUnknown(message, ["role", "content"], { path, losses });
  const blocks = toBlocks(message["content"], `${path}.content`);
  switch (message["role"]) {
    case "user":
      return parseUser(blocks, losses);
    case "assistant":
      return parseAssistant(blocks, losses, keepsThoughts === true);
    case "system": {
      // Claude Code sends the same text as a string in one turn and as a list in the next.
      const text = textsOf(blocks, losses).join("\n\n");
      return text === "" ? [] : [{ kind: "system", text }];
    }
    default:
      throw badRequest(`${path}.role`, "must be user, assistant or system");
  }
}

/** The texts of blocks that hold nothing else; others are losses. */
export function textsOf(blocks: readonly Block[], losses: Loss[]): string[] {
  return blocks.flatMap((block) => {
    const parts = parseParts(block, losses);
    return parts.flatMap((part) => {
      if (part.kind === "text") return [part.text];
      losses.push({ path: block.path, reason: "only text can stand here", severity: "semantic" });
      return [];
    });
  });
}

/** A string is a list of one text. Nothing at all is an empty list. */
export function toBlocks(content: unknown, path: string): Block[] {
  if (content === undefined || content === null) return [];
  if (typeof content === "string") return [{ type: "text", fields: { type: "text", text: content }, path }];
  return toList(content, path).map((value, index) => {
    const at = `${path}[${index}]`;
    const fields = toFields(value, at);
    return { type: toText(fields["type"], `${at}.type`), fields, path: at };
  });
}

/** Results first, whatever the client's order: they answer the calls just before. */
function parseUser(blocks: readonly Block[], losses: Loss[]): TurnItem[] {
  const results: TurnItem[] = [];
  const parts: Part[] = [];
  for (const block of blocks) {
    if (block.type === "tool_result") results.push(parseResult(block, losses));
    else for (const part of parseParts(block, losses)) parts.push(part);
  }
  return parts.length === 0 ? results : [...results, { kind: "user", parts }];
}

function parseResult({ fields, path }: Block, losses: Loss[]): TurnItem {
  noteUnknown(fields, ["type", "tool_use_id", "content", "is_error"], { path, losses });
  return {
    kind: "result",
    callId: toText(fields["tool_use_id"], `${path}.tool_use_id`),
    parts: toBlocks(fields["content"], `${path}.content`).flatMap((block) => parseParts(block, losses)),
    isError: fields["is_error"] === true,
  };
}

function parseAssistant(blocks: readonly Block[], losses: Loss[], keepsThoughts: boolean): TurnItem[] {
  const thoughts: JsonObject[] = [];
  let text = "";
  let reasoning = "";
  const calls: RawCall[] = [];
  for (const { type, fields, path } of blocks) {
    if (keepsThoughts && isThought(fields)) {
      thoughts.push(fields);
      continue;
    }
    switch (type) {
      case "text":
        noteUnknown(fields, ["type", "text"], { path, losses });
        if (calls.length > 0) {
          losses.push({ path, reason: "text after a call moves before it", severity: "cosmetic" });
        }
        text += toText(fields["text"], `${path}.text`);
        break;
      case "thinking":
        noteUnknown(fields, ["type", "thinking", "signature"], { path, losses });
        noteSignature(fields, path, losses);
        reasoning += toText(fields["thinking"], `${path}.thinking`);
        break;
      case "redacted_thinking":
        losses.push({ path, reason: "only the provider that made it can read it", severity: "cosmetic" });
        break;
      case "tool_use":
        noteUnknown(fields, ["type", "id", "name", "input"], { path, losses });
        calls.push({
          id: toText(fields["id"], `${path}.id`),
          name: toText(fields["name"], `${path}.name`),
          arguments: JSON.stringify(toFields(fields["input"] ?? {}, `${path}.input`)),
        });
        break;
      default:
        losses.push(unknownBlock(type, path));
    }
  }
  const isEmpty = text === "" && reasoning === "" && calls.length === 0;
  const kept = thoughts.length === 0 ? {} : { thoughts };
  // Reasoning alone is no answer, and servers refuse a message that ends with it.
  return isEmpty ? [] : [{ kind: "assistant", text, reasoning, calls, ...kept }];
}

/** A signature is worth something to its maker only, and would tell a second provider about the first. */
function noteSignature(fields: Fields, path: string, losses: Loss[]): void {
  const signature = fields["signature"] ?? "";
  if (signature === "" || signature === THINKING_SIGNATURE) return;
  losses.push({
    path: `${path}.signature`,
    reason: "a signature of another provider never leaves",
    severity: "cosmetic",
  });
}

/** @throws CloisterError `bad-request` for files that no model behind us could open. */
function parseParts(block: Block, losses: Loss[]): readonly Part[] {
  const { type, fields, path } = block;
  switch (type) {
    case "text": {
      noteUnknown(fields, ["type", "text"], { path, losses });
      const text = toText(fields["text"], `${path}.text`);
      return text === "" ? [] : [{ kind: "text", text }];
    }
    case "image":
      noteUnknown(fields, ["type", "source"], { path, losses });
      return [parseImage(toFields(fields["source"], `${path}.source`), `${path}.source`)];
    case "document":
      return parseDocument(block, losses);
    case "search_result": {
      noteUnknown(fields, ["type", "title", "source", "content"], { path, losses });
      const head = headOf([fields["title"], fields["source"]]);
      return [...head, ...partsWithin(fields["content"], `${path}.content`, losses)];
    }
    case "tool_reference":
      // All tools are offered already, so the name is all that a search has to say.
      return [{ kind: "text", text: toText(fields["tool_name"], `${path}.tool_name`) }];
    default:
      losses.push(unknownBlock(type, path));
      return [];
  }
}

function parseImage(source: Fields, path: string): Part {
  if (source["type"] === "base64") {
    return {
      kind: "image",
      mediaType: toText(source["media_type"], `${path}.media_type`),
      base64: toText(source["data"], `${path}.data`),
    };
  }
  if (source["type"] === "url") return { kind: "image", url: toText(source["url"], `${path}.url`) };
  throw badRequest(path, "an image must come as base64 or url", "send the image itself instead of a file id");
}

function parseDocument({ fields, path }: Block, losses: Loss[]): readonly Part[] {
  noteUnknown(fields, ["type", "source", "title", "context"], { path, losses });
  const head = headOf([fields["title"], fields["context"]]);
  const source = toFields(fields["source"], `${path}.source`);
  if (source["type"] === "text") {
    noteUnknown(source, ["type", "media_type", "data"], { path: `${path}.source`, losses });
    return [...head, { kind: "text", text: toText(source["data"], `${path}.source.data`) }];
  }
  if (source["type"] === "content") {
    return [...head, ...partsWithin(source["content"], `${path}.source.content`, losses)];
  }
  throw badRequest(`${path}.source`, "only text documents can be read here", "send the document's text");
}

function headOf(lines: readonly unknown[]): Part[] {
  const text = lines.filter((line) => typeof line === "string" && line !== "").join("\n");
  return text === "" ? [] : [{ kind: "text", text }];
}

/** One level and no deeper: a document within a document is not in the protocol. */
function partsWithin(content: unknown, path: string, losses: Loss[]): Part[] {
  return toBlocks(content, path).flatMap((block) => {
    if (block.type === "text" || block.type === "image") return parseParts(block, losses);
    losses.push(unknownBlock(block.type, block.path));
    return [];
  });
}

function unknownBlock(type: string, path: string): Loss {
  return { path, reason: `a block of type ${type} cannot be carried`, severity: "semantic" };
}
