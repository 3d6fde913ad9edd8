/** The text of a PDF, page by page. Its maker is not trusted: all is bounded, and a broken file is an answer. */
import { messageOf } from "@cloister/base";

const PAGES_DEFAULT = 10;
const PAGES_MAX = 20;
/** As much as Read shows of a plain file. */
const TEXT_CHARS_MAX = 60_000;
/** Of all pages together; looked at between two of them. */
const READING_MS_MAX = 20_000;
const ITEMS_MAX = 100_000;

export type PdfRead =
  | {
      readonly kind: "text";
      readonly text: string;
      /** The pages that are shown, from 1. */
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: "refused"; readonly why: string };

export interface PdfOptions {
  /** The first page, from 1. */
  readonly offset?: number;
  readonly limit?: number;
  readonly now: () => number;
}

export function isPdf(bytes: Buffer): boolean {
  // Readers look for the mark in the first kilobyte (ISO 32000-2, annex I).
  return bytes.subarray(0, 1024).includes("%PDF-");
}

/** Rejects only when the signal is aborted. */
export async function readPdf(
  bytes: Uint8Array,
  { offset = 1, limit = 0, now }: PdfOptions,
  signal: AbortSignal,
): Promise<PdfRead> {
  const started = now();
  // 2 MB of code that most sessions never need.
  const { getDocumentProxy } = await import("unpdf");
  let document: Awaited<ReturnType<typeof getDocumentProxy>>;
  try {
    // It takes the bytes away from whoever gave them: a copy.
    document = await getDocumentProxy(Uint8Array.from(bytes), { ...quiet });
  } catch (error) {
    return refused(isLocked(error) ? "it is encrypted, and asks for a password" : reasonOf(error));
  }
  try {
    const { numPages: count } = document;
    const from = Math.max(1, offset);
    if (from > count) return refused(`it has ${count} pages; offset ${from} is past the end`);
    const last = Math.min(count, from - 1 + Math.min(limit === 0 ? PAGES_DEFAULT : limit, PAGES_MAX));
    const shown: string[] = [];
    let chars = 0;
    let to = from - 1;
    for (let number = from; number <= last; number++) {
      signal.throwIfAborted();
      const text = await textOfPage(document, number);
      chars += text.length;
      if (shown.length > 0 && (chars > TEXT_CHARS_MAX || now() - started > READING_MS_MAX)) break;
      shown.push(`[page ${number}]\n${text.slice(0, TEXT_CHARS_MAX).toWellFormed()}`);
      to = number;
    }
    const rest = `[pages ${from}-${to} of ${count}; continue with offset ${to + 1}]`;
    const text = [...shown, ...(to < count ? [rest] : [])].join("\n\n");
    return { kind: "text", text, from, to };
  } catch (error) {
    if (signal.aborted) throw error;
    return refused(reasonOf(error));
  } finally {
    await document.loadingTask.destroy();
  }
}

/** It would print into our output, ask for fonts, and make code of what is in the file. */
const quiet = { verbosity: 0, disableFontFace: true, useSystemFonts: false, isEvalSupported: false } as const;

interface TextDocument {
  getPage(
    number: number,
  ): Promise<{ getTextContent(): Promise<{ readonly items: readonly object[] }>; cleanup(): unknown }>;
}

async function textOfPage(document: TextDocument, number: number): Promise<string> {
  const page = await document.getPage(number);
  const { items } = await page.getTextContent();
  page.cleanup();
  let text = "";
  for (const item of items.slice(0, ITEMS_MAX)) {
    if (!("str" in item) || typeof item.str !== "string") continue;
    text += item.str;
    if ("hasEOL" in item && item.hasEOL === true) text += "\n";
  }
  const trimmed = text.replaceAll("\0", "").trim();
  return trimmed === "" ? "(no text: a picture, or empty)" : trimmed;
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && error.name === "PasswordException";
}

const REASON_CHARS_MAX = 200;

function reasonOf(error: unknown): string {
  return `it cannot be read as a PDF (${messageOf(error).slice(0, REASON_CHARS_MAX)})`;
}

function refused(why: string): PdfRead {
  return { kind: "refused", why };
}
