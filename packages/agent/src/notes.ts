/** What outlives a compaction: the user's words, what was done, the task list, and which files were seen in which state. */
import { isRecord } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import { callsIn, contentOf, isNote, note } from "./history.ts";
import { nameOfShown } from "./pictures.ts";

const WORDS_CHARS_MAX = 4000;
const ALL_WORDS_CHARS_MAX = 16_000;
const DEEDS_MAX = 60;
const DEED_CHARS_MAX = 160;
const FILES_MAX = 60;
const LAST_TEXT_CHARS_MAX = 2000;
/** A summary that is longer is no summary. */
const SUMMARY_CHARS_MAX = 16_000;
const OLD_NOTES_CHARS_MAX = 6000;

const HEAD = "Notes of the work so far. The conversation before them is gone; files can be read again.";

/** Asks for the part that only the model can write. It is appended to the conversation, so that its cached beginning serves once more. */
export function summaryRequest(hints: string | undefined): ChatMessage {
  return note(
    "The conversation is about to be replaced by your notes, for the window is nearly full. Do not call tools now. " +
      "Write what somebody needs to go on without it: the goal; decisions taken and why; what was found out, with paths and names; " +
      "what was changed; what failed and must not be tried again; the next steps. Be brief and exact." +
      (hints === undefined || hints.trim() === "" ? "" : ` Above all keep: ${hints.trim()}`),
  );
}

export interface NotesOptions {
  /** The part of the conversation that goes. */
  readonly items: readonly ChatMessage[];
  /** By the model; without it the notes tell what was done, call by call. */
  readonly summary: string | undefined;
  readonly hints: string | undefined;
  /** Path → sha256 (hex) of the content seen. */
  readonly reads: ReadonlyMap<string, string>;
}

export function writeNotes({ items, summary, hints, reads }: NotesOptions): ChatMessage {
  const words = usersWords(items);
  const todos = lastTodos(items);
  const files = [...reads].slice(-FILES_MAX).map(([path, hash]) => `${path} ${hash.slice(0, 12)}`);
  const sections = [
    HEAD,
    section("What the user said, in order", words),
    summary === undefined
      ? section("What was done", deedsOf(items))
      : `## Summary\n${summary.slice(0, SUMMARY_CHARS_MAX).toWellFormed()}`,
    summary === undefined && hints !== undefined ? `## To keep in mind\n${hints}` : "",
    section("Task list", todos),
    section("Files seen, with the start of their sha256", files),
  ];
  return note(sections.filter((text) => text !== "").join("\n\n"));
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `## ${title}\n${lines.map((line) => `- ${line}`).join("\n")}`;
}

/** What was said in notes before is among them: notes of notes must not lose it. */
function usersWords(items: readonly ChatMessage[]): string[] {
  const all = items.flatMap((item) => {
    const shown = nameOfShown(item);
    if (shown !== undefined) return [`(showed a picture, which is no longer here: ${shown})`];
    if (isNote(item)) return earlierWords(contentOf(item));
    const isUsers = item.role === "user" && item.cloister?.source === "user";
    return isUsers && typeof item.content === "string" ? [item.content.slice(0, WORDS_CHARS_MAX)] : [];
  });
  const lines = all.map((text) => text.toWellFormed().replaceAll("\n", "\n  "));
  // The first says what it is all about, the last what is wanted now.
  let left = ALL_WORDS_CHARS_MAX - (lines[0]?.length ?? 0);
  const later: string[] = [];
  for (const line of lines.slice(1).reverse()) {
    left -= line.length;
    if (left < 0) break;
    later.unshift(line);
  }
  return [...lines.slice(0, 1), ...later];
}

function earlierWords(notes: string): string[] {
  const part = /^## What the user said, in order\n([\s\S]*?)(?=\n\n## |$(?![\s\S]))/m.exec(notes)?.[1];
  if (part === undefined) return [];
  return part.split(/\n(?=- )/).map((line) => line.replace(/^- /, "").replaceAll("\n  ", "\n"));
}

function lastTodos(items: readonly ChatMessage[]): string[] {
  const calls = items.flatMap(callsIn).filter(({ name }) => name === "TodoWrite");
  const last = calls.at(-1);
  const args: unknown = last === undefined ? undefined : JSON.parse(last.arguments);
  if (!isRecord(args) || !Array.isArray(args["todos"])) {
    return items.filter(isNote).flatMap((item) => earlierSection(contentOf(item), "Task list"));
  }
  return args["todos"]
    .filter(isRecord)
    .map((todo) => `[${String(todo["status"])}] ${String(todo["content"])}`);
}

function earlierSection(notes: string, title: string): string[] {
  const part = new RegExp(`^## ${title}\\n((?:- .*\\n?)*)`, "m").exec(notes)?.[1] ?? "";
  return part.split("\n").flatMap((line) => (line.startsWith("- ") ? [line.slice(2)] : []));
}

/** Without a model: every call in a line, and the last thing that was said. */
function deedsOf(items: readonly ChatMessage[]): string[] {
  const results = new Map<string, ChatMessage>();
  for (const item of items) if (item.role === "tool") results.set(JSON.stringify(item["tool_call_id"]), item);
  const earlier = items.filter(isNote).flatMap((item) => earlierDeeds(contentOf(item)));
  const deeds = items.flatMap(callsIn).map(({ id, name, arguments: text }) => {
    const said = contentOf(results.get(JSON.stringify(id))).split("\n", 1)[0] ?? "";
    return cut(`${name} ${subjectOf(text)} → ${said}`, DEED_CHARS_MAX);
  });
  const text = items.findLast((item) => item.role === "assistant" && item.content !== "")?.content;
  const last = typeof text === "string" ? [`The last thing you said: ${cut(text, LAST_TEXT_CHARS_MAX)}`] : [];
  return [...earlier, ...deeds.slice(-DEEDS_MAX), ...last];
}

function earlierDeeds(notes: string): string[] {
  const summary = /^## Summary\n([\s\S]*?)(?=\n\n## (?:Task list|Files seen)|$(?![\s\S]))/m.exec(notes)?.[1];
  if (summary !== undefined) return [`Before that: ${cut(summary, OLD_NOTES_CHARS_MAX)}`];
  return earlierSection(notes, "What was done").slice(-DEEDS_MAX);
}

function subjectOf(text: string): string {
  const args: unknown = JSON.parse(text);
  const first = isRecord(args) ? Object.values(args).find((value) => typeof value === "string") : undefined;
  return typeof first === "string" ? first.replaceAll("\n", " ") : "";
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax).toWellFormed()}…`;
}
