// Divides what a model of the Hermes and Qwen families writes into reasoning, content and tool calls, while it comes.
import { isRecord } from "@cloister/base";

export type OutputPiece =
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "content"; readonly text: string }
  /** `arguments` is JSON text. */
  | { readonly kind: "call"; readonly name: string; readonly arguments: string };

export interface OutputReader {
  push(text: string): OutputPiece[];
  /** What was held back because it could have become a tag. */
  end(): OutputPiece[];
}

const OPEN_THINK = "<think>";
const CLOSE_THINK = "</think>";
const OPEN_CALL = "<tool_call>";
const CLOSE_CALL = "</tool_call>";

type Mode = "content" | "reasoning" | "call";

/** A call that is not JSON, or not closed, is content: what to make of it is the client's affair. */
export function createOutputReader(): OutputReader {
  let mode: Mode = "content";
  let rest = "";
  // Blanks after a tag belong to the template.
  let afterTag = false;

  const toPieces = (kind: "content" | "reasoning", text: string): OutputPiece[] => {
    const shown = afterTag ? text.trimStart() : text;
    if (shown === "") return [];
    afterTag = false;
    return [{ kind, text: shown }];
  };
  const step = (): OutputPiece[] | undefined => {
    const tags = TAGS[mode];
    const found = tags
      .map(({ tag, to }) => ({ tag, to, at: rest.indexOf(tag) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at)[0];
    if (found === undefined) {
      if (mode === "call") return undefined;
      const end = rest.length - Math.max(...tags.map(({ tag }) => overlap(rest, tag)));
      if (end === 0) return undefined;
      const text = rest.slice(0, end);
      rest = rest.slice(end);
      return toPieces(mode, text);
    }
    const text = rest.slice(0, found.at);
    const pieces = mode === "call" ? [parseCall(text)] : toPieces(mode, text);
    rest = rest.slice(found.at + found.tag.length);
    mode = found.to;
    afterTag = true;
    return pieces;
  };
  return {
    push: (text) => {
      rest += text;
      const pieces: OutputPiece[] = [];
      for (let next = step(); next !== undefined; next = step()) pieces.push(...next);
      return pieces;
    },
    end: () => {
      const text = mode === "call" ? OPEN_CALL + rest : rest;
      rest = "";
      return toPieces(mode === "reasoning" ? "reasoning" : "content", text);
    },
  };
}

const TAGS: Readonly<Record<Mode, readonly { readonly tag: string; readonly to: Mode }[]>> = {
  content: [
    { tag: OPEN_THINK, to: "reasoning" },
    { tag: OPEN_CALL, to: "call" },
  ],
  reasoning: [{ tag: CLOSE_THINK, to: "content" }],
  call: [{ tag: CLOSE_CALL, to: "content" }],
};

/** The length of the longest end of `text` that is a beginning of `tag`. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--) {
    if (tag.startsWith(text.slice(-length))) return length;
  }
  return 0;
}

function parseCall(text: string): OutputPiece {
  const asContent: OutputPiece = { kind: "content", text: OPEN_CALL + text + CLOSE_CALL };
  try {
    const call: unknown = JSON.parse(text);
    if (!isRecord(call) || typeof call["name"] !== "string") return asContent;
    return { kind: "call", name: call["name"], arguments: JSON.stringify(call["arguments"] ?? {}) };
  } catch {
    // Not JSON, but another family's way to write a call, or a malformed one.
    return asContent;
  }
}
