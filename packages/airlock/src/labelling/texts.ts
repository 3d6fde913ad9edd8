/** What a model would read in a part of a request, whatever it is wrapped in. */
import { isRecord, type Json } from "@cloister/base";

/** A tool's result may be JSON that holds JSON; deeper than this nobody packs by accident. */
const WRAPPINGS_MAX = 3;
const PICTURE_CHARS_MIN = 256;
const base64 = /^(?:data:[\w/+.-]{0,100};base64,)?[A-Za-z0-9+/=_-]*$/;

/** The protocol's own words, and ours beside it. */
const plumbing = new Set(["role", "type", "id", "call_id", "tool_call_id", "tool_use_id"]);

const PLUMBING_CHARS_MAX = 100;

/** A tool's result may have a field of that name too, and code in it. */
function isPlumbing(name: string, value: Json): boolean {
  if (name === "cloister") return true;
  return plumbing.has(name) && typeof value === "string" && value.length <= PLUMBING_CHARS_MAX;
}

/** One after the other: code that was cut into pieces stands together again. */
export function textOf(value: Json): string {
  const texts: string[] = [];
  collect(value, texts, WRAPPINGS_MAX);
  return texts.join("\n");
}

function collect(value: Json, texts: string[], wrappings: number): void {
  if (typeof value === "string") {
    const inner = wrappings > 0 ? unwrapped(value) : undefined;
    if (inner !== undefined) collect(inner, texts, wrappings - 1);
    else texts.push(value.length < PICTURE_CHARS_MIN || !base64.test(value) ? value : "(a picture)");
  } else if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) collect(item, texts, wrappings);
  } else if (isRecord(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (!isPlumbing(name, item)) collect(item, texts, wrappings);
    }
  }
}

const pictureTypes: ReadonlySet<unknown> = new Set([
  ...[
    "image",
    "image_url",
    "input_image",
    "document",
    "file",
    "input_file",
    "video_url",
    "audio_url",
    "input_audio",
  ],
]);
/** In a message, a part, a result within one, and what is in that. */
const PICTURE_DEPTH_MAX = 12;

/** Whether there is something in it that is looked at, in any of the protocols: a picture, or a document as bytes. */
export function holdsPicture(value: Json, depth: number = PICTURE_DEPTH_MAX): boolean {
  if (typeof value === "string") return /^data:(?:image|application)\//i.test(value);
  if (depth === 0 || typeof value !== "object" || value === null) return false;
  if (isRecord(value) && pictureTypes.has(value["type"])) return true;
  return Object.values(value).some((inner: Json) => holdsPicture(inner, depth - 1));
}

/** Arguments of calls, and what some tools answer: line ends and quotes are escaped in there. */
function unwrapped(text: string): Json | undefined {
  if (!/^\s*[[{"]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // code may begin like that too
  }
}

/** `12→`, `12\t`, `12 | `, `src/a.ts:12:`, and the marks of a diff or a quotation. */
const decoration = /^(?:\s{0,8}\d{1,7}(?:[\t→:│]| ?\|)|[^\s:]{1,300}[:-]\d{1,7}[:-]|[+\-<>](?![+\-<>]))\s?/;
const DECORATED_SHARE_MIN = 1 / 3;

/** The lines as they stand in the file, where a tool has put something before them; else undefined. */
export function undecorated(text: string): string | undefined {
  const lines = text.split("\n");
  let decorated = 0;
  const bare = lines.map((line) => {
    const rest = line.replace(decoration, "");
    if (rest.length < line.length) decorated += 1;
    return rest;
  });
  return decorated >= lines.length * DECORATED_SHARE_MIN ? bare.join("\n") : undefined;
}
