import { isRecord } from "@cloister/base";
import type { Part } from "../../turn.ts";
import { badRequest, type LossList } from "./losses.ts";

/** The content of a message: a text, or a list of parts. */
export function readParts(value: unknown, path: string, losses: LossList): Part[] {
  if (typeof value === "string") return [{ kind: "text", text: value }];
  if (!Array.isArray(value)) throw badRequest(path, "must be a text or a list of parts");
  return value.flatMap((part: unknown, index) => readPart(part, `${path}[${index}]`, losses));
}

/** The texts of a content that can hold nothing else. */
export function readTexts(value: unknown, path: string, losses: LossList): string[] {
  return readParts(value, path, losses).flatMap((part, index) => {
    if (part.kind === "text") return [part.text];
    losses.semantic(`${path}[${index}]`, "an image can stand in a user's message only");
    return [];
  });
}

/** The texts of a list, whatever its parts are called: reasoning has two spellings in use. */
export function partTexts(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((part: unknown) =>
    isRecord(part) && typeof part["text"] === "string" ? [part["text"]] : [],
  );
}

/** What a tool gave back: a text, parts, or a list with the streams of each command. */
export function readOutput(value: unknown, path: string, losses: LossList): Part[] {
  if (typeof value === "string") return [{ kind: "text", text: value }];
  if (!Array.isArray(value)) throw badRequest(path, "must be a text or a list of parts");
  return value.flatMap((part: unknown, index) =>
    isRecord(part) && typeof part["stdout"] === "string"
      ? [{ kind: "text" as const, text: streamsText(part) }]
      : readPart(part, `${path}[${index}]`, losses),
  );
}

function streamsText(part: Record<string, unknown>): string {
  const { stdout, stderr, outcome } = part;
  const lines = [stdout, stderr].filter((text) => typeof text === "string" && text !== "");
  if (isRecord(outcome)) {
    lines.push(outcome["type"] === "timeout" ? "timed out" : `exit code ${String(outcome["exit_code"])}`);
  }
  return lines.join("\n");
}

function readPart(value: unknown, path: string, losses: LossList): Part[] {
  if (!isRecord(value)) throw badRequest(path, "must be an object");
  switch (value["type"]) {
    case "input_text":
    case "output_text":
    case "text": {
      const text = value["text"];
      if (typeof text !== "string") throw badRequest(`${path}.text`, "must be a string");
      return [{ kind: "text", text }];
    }
    case "refusal":
      return typeof value["refusal"] === "string" ? [{ kind: "text", text: value["refusal"] }] : [];
    case "input_image":
      return [readImage(value, path, losses)];
    case "input_file":
      return [readFile(value, path)];
    default:
      losses.semantic(path, `a part of type ${JSON.stringify(value["type"])} cannot be carried`);
      return [];
  }
}

const DATA_URL = /^data:([^;,]{1,128});base64,/;

function readImage(value: Record<string, unknown>, path: string, losses: LossList): Part {
  const { image_url: given, detail } = value;
  const url = isRecord(given) ? given["url"] : given;
  if (typeof url !== "string" || url === "") {
    throw badRequest(
      `${path}.image_url`,
      "must hold the image, for no files are stored here",
      "send the image as a data URL",
    );
  }
  if (typeof detail === "string" && detail !== "auto") {
    losses.cosmetic(`${path}.detail`, "other protocols have no such setting");
  }
  const head = DATA_URL.exec(url);
  if (head?.[1] === undefined) return { kind: "image", url };
  return { kind: "image", mediaType: head[1], base64: url.slice(head[0].length) };
}

/** Q8: documents of text are read here. What else a file holds would have to be guessed. */
function readFile(value: Record<string, unknown>, path: string): Part {
  const { file_data: given, filename } = value;
  const head = typeof given === "string" ? DATA_URL.exec(given) : null;
  const isText = head?.[1] !== undefined && /^(text\/|application\/(json|xml|yaml))/.test(head[1]);
  if (typeof given !== "string" || head === null || !isText) {
    throw badRequest(
      path,
      "is a file that is not sent as text",
      "send the text of the file, or its pages as images",
    );
  }
  const text = Buffer.from(given.slice(head[0].length), "base64").toString("utf8");
  return { kind: "text", text: typeof filename === "string" ? `${filename}:\n${text}` : text };
}
