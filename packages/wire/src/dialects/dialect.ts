/** What the readers of all dialects have in common: what they are given, and what they may find. */
import { isRecord, type JsonObject } from "@cloister/base";
import type { RawCall } from "../calls.ts";
import { resolveName } from "./names.ts";

/** What a dialect needs to know of a tool. */
export interface DialectTool {
  readonly name: string;
  readonly parameters: JsonObject;
}

export interface DialectContext {
  readonly tools: readonly DialectTool[];
  readonly aliases: Readonly<Record<string, string>>;
}

/** A call as it was found in text; its id is empty when the dialect has none. The guard judges it. */
export interface Draft extends RawCall {
  readonly dialect: string;
}

export type Reading =
  | {
      readonly kind: "calls";
      readonly drafts: readonly Draft[];
      /** After the block. */ readonly end: number;
    }
  /** No call: the opener is a word of the text. */
  | { readonly kind: "text" }
  /** The text ends inside the block. */
  | { readonly kind: "cut"; readonly name: string }
  /** A call was meant, and cannot be read in one way only. */
  | { readonly kind: "broken"; readonly name: string; readonly detail: string; readonly end: number };

/**
 * Reads the block that begins at `at`. The text is the rest of the answer, whole: only so can a closing tag inside a value be
 * told from the one that closes it. Must be linear in the length of the text.
 */
export type BlockReader = (text: string, at: number, context: DialectContext) => Reading;

export function toolOf(name: string, { tools, aliases }: DialectContext): DialectTool | undefined {
  const real = resolveName(name, tools, aliases);
  return tools.find((tool) => tool.name === real);
}

export function propertiesOf(tool: DialectTool | undefined): Readonly<Record<string, unknown>> {
  const properties = tool?.parameters["properties"];
  return isRecord(properties) ? properties : {};
}

/** Some tokenisers leave spaces without width between tags; trimming takes them for letters. */
const BLANKS = /^[\s\u200b-\u200d\u2060]*$/;

export function isBlank(text: string, from: number, to: number): boolean {
  return BLANKS.test(text.slice(from, to));
}

/** Where the blanks end that begin at `at`. */
export function skipBlanks(text: string, at: number): number {
  const blanks = /[\s\u200b-\u200d\u2060]*/y;
  blanks.lastIndex = at;
  return at + (blanks.exec(text)?.[0].length ?? 0);
}

/** The match of a sticky pattern at a place. */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const TAG_CHARS_MAX = 256;

/** Whether the text ends there, or inside a tag that begins there. */
export function endsInTag(text: string, at: number): boolean {
  const rest = text.slice(at, at + TAG_CHARS_MAX).trim();
  return at + TAG_CHARS_MAX >= text.length && /^(?:\][^\n]*|<[^>\n]*)?$/.test(rest);
}
