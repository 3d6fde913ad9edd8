import { sha256 } from "@cloister/base";
import { diffTexts } from "./diff.ts";
import { lineEndOf, withLineEnd } from "./line-ends.ts";
import { findMatch } from "./match.ts";
import type { Match, Region } from "./match.ts";
import { nearestRegion } from "./nearest.ts";
import { locate } from "./paths.ts";
import { encodeText, saveInWorkspace } from "./save.ts";
import { sealedRefusal } from "./sealed.ts";
import { cutLine, readTextFile, splitLines } from "./text-file.ts";
import type { TextFile } from "./text-file.ts";
import { refusal } from "./tool.ts";
import type { Tool, ToolResult, ToolWorld } from "./tool.ts";
import { foreignText, readOnlyText } from "./write.ts";

const PLACES_NAMED_MAX = 5;
const LINE_CHARS_MAX = 400;

export type EditArgs = {
  readonly file_path: string;
  readonly old_string: string;
  readonly new_string: string;
  readonly replace_all?: boolean;
};

export const editTool: Tool<EditArgs> = {
  name: "Edit",
  effect: "edit",
  description: "Replace old_string, copied exactly and unique in the file, with new_string.",
  parameters: {
    type: "object",
    properties: {
      file_path: { type: "string" },
      old_string: { type: "string", description: "Without Read's line numbers" },
      new_string: { type: "string" },
      replace_all: { type: "boolean" },
    },
    required: ["file_path", "old_string", "new_string"],
    additionalProperties: false,
  },
  run: editFile,
};

async function editFile(args: EditArgs, world: ToolWorld): Promise<ToolResult> {
  const place = await locate(args.file_path, world);
  if (place.kind === "refused") return refusal(place.text);
  if (args.old_string === args.new_string) {
    return refusal("old_string equals new_string: there is nothing to change.");
  }
  if (args.old_string === "") {
    return refusal("old_string is empty. Create a file, or replace all of it, with Write.");
  }
  const file = await readTextFile(place.real);
  switch (file.kind) {
    case "missing":
      return refusal(`${place.path} does not exist. Create it with Write, or find the right path with Glob.`);
    case "directory":
      return refusal(`${place.path} is a directory. Give a file's path.`);
    case "unreadable":
      return refusal(`${place.path} is ${file.why}. Edit changes text files only.`);
    case "text":
  }
  if (file.encoding !== "utf-8") return refusal(foreignText(place.path));
  if ((file.mode & 0o222) === 0) return refusal(readOnlyText(place.path, file.mode));
  const sealed = sealedRefusal(args.new_string, file.text);
  if (sealed !== undefined) return refusal(sealed);

  const seen = world.reads.get(place.path);
  const target: Target = { path: place.path, file, freshness: freshnessOf(seen, file.hash) };
  const match = findMatch(file.text, {
    oldText: args.old_string,
    newText: args.new_string,
    replaceAll: args.replace_all === true,
  });
  switch (match.kind) {
    case "none":
      return describeNone(args, target);
    case "too-many":
      return refusal(
        `old_string occurs ${match.placesMax} times or more in ${place.path}. Use a longer one.`,
      );
    case "several":
      return refusal(describeSeveral(match, target));
    case "loose":
      // The exact text proves that it was seen; a near one may be a memory of another version.
      if (target.freshness !== "fresh") return refusal(describeStale(target));
      break;
    case "exact":
  }
  const after = applyMatch(file.text, match, args.new_string);
  const content = encodeText(after, file.hasBom);
  await saveInWorkspace(place, { content, mode: file.mode }, world);
  // A file never read stays one never read: an edit shows its writer a part of it only.
  if (target.freshness === "fresh") world.reads.set(place.path, sha256(content).toString("hex"));
  const text = describeEdit(match, target);
  return { ok: true, text, sources: [], diff: diffTexts(place.path, file.text, after) };
}

interface Target {
  readonly path: string;
  readonly file: TextFile;
  readonly freshness: "fresh" | "changed" | "unread";
}

function freshnessOf(seen: string | undefined, hash: string): Target["freshness"] {
  if (seen === undefined) return "unread";
  return seen === hash ? "fresh" : "changed";
}

function applyMatch(
  text: string,
  match: Extract<Match, { kind: "exact" | "loose" }>,
  newText: string,
): string {
  const fileEnd = lineEndOf(text) ?? "\n";
  const regions = match.kind === "exact" ? match.regions : [match.region];
  const parts: string[] = [];
  let done = 0;
  for (const region of regions) {
    const own = lineEndOf(text.slice(region.start, region.end)) ?? fileEnd;
    parts.push(
      text.slice(done, region.start),
      match.kind === "loose" ? match.replacement : withLineEnd(newText, own),
    );
    done = region.end;
  }
  const after = parts.join("") + text.slice(done);
  // Models often drop the last line feed of new_string; a file that ended with one keeps it.
  return text.endsWith("\n") && after !== "" && !after.endsWith("\n") ? after + fileEnd : after;
}

function describeEdit(match: Extract<Match, { kind: "exact" | "loose" }>, target: Target): string {
  const { text } = target.file;
  const notes = match.kind === "loose" ? [...match.notes] : [];
  if (target.freshness === "changed") notes.push("the file had changed since it was last read");
  const note = notes.length === 0 ? "" : ` (${notes.join("; ")})`;
  const regions: readonly Region[] = match.kind === "loose" ? [match.region] : match.regions;
  const starts = regions.map((region) => region.start);
  const places = starts.length === 1 ? "" : `, ${starts.length} places`;
  return `Edited ${target.path}${places}, ${lineNames(text, starts)}${note}.`;
}

function describeSeveral(match: Extract<Match, { kind: "several" }>, target: Target): string {
  const how = match.isLoose ? "matches but for white space" : "occurs";
  const next = match.isLoose
    ? "Copy the text exactly, with more lines around it."
    : "Add lines around it to old_string to make it unique, or set replace_all.";
  return `old_string ${how} ${match.starts.length} times in ${target.path}, ${lineNames(target.file.text, match.starts)}. ${next}`;
}

function describeStale(target: Target): string {
  const why = target.freshness === "unread" ? "was not read" : "changed since it was last read";
  return `old_string is in ${target.path} only with other white space, and the file ${why}. Read it, then copy the text exactly.`;
}

function describeNone(args: EditArgs, target: Target): ToolResult {
  const { text } = target.file;
  const reasons = [`old_string is not in ${target.path}.`];
  if (target.freshness === "changed") reasons.push("The file changed since it was last read: Read it again.");
  const done =
    args.new_string.trim() === "" ? -1 : text.indexOf(withLineEnd(args.new_string, lineEndOf(text) ?? "\n"));
  if (done >= 0) {
    reasons.push(`new_string is already there, ${lineNames(text, [done])}: the edit may be done.`);
    return refusal(reasons.join(" "));
  }
  if (/^\s*\d+\t/.test(args.old_string)) {
    reasons.push("Leave out the line numbers that Read puts before each line.");
  }
  const lines = splitLines(text);
  const near = nearestRegion(lines, splitLines(args.old_string));
  if (near === undefined) {
    return refusal(
      [...reasons, "Nothing in the file is like it: Read the file, or find the text with Grep."].join(" "),
    );
  }
  const rows = lines
    .slice(near.from - 1, near.to)
    .map((line, i) => `${near.from + i}\t${cutLine(line, LINE_CHARS_MAX)}`);
  reasons.push("Nearest to it; copy from here:");
  return refusal([reasons.join(" "), ...rows].join("\n"), [{ path: target.path, ...near }]);
}

function lineNames(text: string, starts: readonly number[]): string {
  const named = starts.slice(0, PLACES_NAMED_MAX);
  const numbers: number[] = [];
  let line = 1;
  let at = 0;
  for (const start of named) {
    for (let feed = text.indexOf("\n", at); feed >= 0 && feed < start; feed = text.indexOf("\n", at)) {
      line++;
      at = feed + 1;
    }
    numbers.push(line);
  }
  const more = starts.length > named.length ? ", …" : "";
  return `${starts.length === 1 ? "line" : "lines"} ${numbers.join(", ")}${more}`;
}
