import type { Candidate } from "./finding.ts";
import { kindOfNamed, sortOfName } from "./names.ts";
import type { NameSort } from "./names.ts";
import { hasPlaceholder } from "./placeholder.ts";
import { createTextRuns } from "./text-runs.ts";
import type { TextRuns } from "./text-runs.ts";
import { isCode, isLikelyKey, isLikelyPassword, isRandom } from "./value.ts";

const NAME_CHARS_SIDE_MAX = 64;
const LINE_VALUE_CHARS_MAX = 4096;
const VALUE_CHARS_MAX = 256;
/** How far back the beginning of a line is looked for. */
const LEAD_CHARS_MAX = 80;

/** What may stand between a name and its value. Group 1: `value`, as in XML and Kubernetes; group 2: the operator. */
const OPERATOR =
  /["'`\\\])]{0,6}[ \t]{0,16}(?:\r?\n[ \t]{1,40})?(?:,?[ \t]{0,4}["'\\]{0,4}(value)["'\\]{0,4}[ \t]{0,4})?(:=|=>|={1,3}|!={1,2}|[:：＝(]|>)[ \t]{0,16}/iy;
/** A blank is enough after a flag (`--token x`), in `.netrc` and in SQL's `PASSWORD 'x'`. */
const BLANK = /[ \t]{1,8}/y;
const TYPE = /[A-Za-z_&<>[\]|?. ]{1,40}=[ \t]{0,8}(?=["'`])/y;
const QUOTED = /(?:[A-Za-z]{1,2}|@)?(\\{0,3}["'`])/y;
const LINE_LEAD = /[ \t]*(?:\d{1,7}[\t→])?[ \t]*(?:- )?(?:export |set |ENV |ARG )?["']?$/y;
const NEXT_FIELD = /&[\w.-]{1,40}=/y;

/** Where a bare value ends. In a line of its own nearly anything may belong to it. */
const LINE_STOP = /[\n\r]|\\[nrt"]|\s#/g;
const QUOTED_LINE_STOP = /["'\n\r]|\\[nrt"]/g;
const QUERY_STOP = /[\s"'`;<>&#\\]/g;
const CODE_STOP = /[\s"'`,;)(}{\][<>|\\]/g;
const FLAG_STOP = /[\s"'`;|&)\\]/g;
const ELEMENT_STOP = /[<\s]/g;
const BLANK_STOP = /\s/g;

/**
 * Finds values by their names: `.env`, YAML, JSON, properties, XML, flags, connection strings, code. A scanner serves one
 * text, from left to right, and judges each name once, however many of the words it holds.
 */
export function createAssignmentScanner(text: string): (at: number) => Candidate | undefined {
  const runs = createTextRuns(text);
  let nameEnd = 0;
  return (at) => {
    if (at < nameEnd) return undefined;
    const name = nameAround(text, at);
    nameEnd = name.end;
    // `https://x-access-token:…@host`: the name is a user's, and the URL's own rule knows where the value ends.
    if (text.startsWith("//", name.start - 2)) return undefined;
    // The last word of a placeholder may itself be a name: `CLS_7Q4KD2WM_PRIVATEKEY: …`.
    if (hasPlaceholder(name.text)) return undefined;
    const sort = sortOfName(name.text);
    if (sort === undefined) return undefined;
    const place = valueAfter(runs, name, sort);
    if (place === undefined) return undefined;
    const value = text.slice(place.start, place.end);
    if (place.isBare && !isBareSecret(value, sort)) return undefined;
    if (!isLikely(value, sort)) return undefined;
    const kind = kindOfNamed(name.text, value);
    return { start: place.start, end: place.end, kind, rule: `named-${sort}`, certain: false };
  };
}

interface Name {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly isBare: boolean;
}

function nameAround(text: string, at: number): Name {
  let start = at;
  let end = at;
  while (start > 0 && at - start < NAME_CHARS_SIDE_MAX && isNameCode(text.charCodeAt(start - 1))) start -= 1;
  while (end < text.length && end - at < NAME_CHARS_SIDE_MAX && isNameCode(text.charCodeAt(end))) end += 1;
  // The first letter may be that of an escape: `\npassword=`.
  if (start > 0 && start < at && text.charAt(start - 1) === "\\" && /[nrt]/.test(text.charAt(start))) {
    start += 1;
  }
  return { start, end, text: text.slice(start, end) };
}

function isNameCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46 ||
    (code >= 0x4e00 && code <= 0x9fff)
  );
}

function valueAfter(runs: TextRuns, name: Name, sort: NameSort): Place | undefined {
  const { text } = runs;
  OPERATOR.lastIndex = name.end;
  const between = OPERATOR.exec(text);
  const operator = between?.[2];
  if (operator === undefined) return valueAfterBlank(runs, name, sort);
  let at = OPERATOR.lastIndex;
  if (operator === ">") {
    const element = text.charAt(name.start - 1) === "<" ? bare(at, runs.endOf(ELEMENT_STOP, at)) : undefined;
    return element !== undefined && text.startsWith("</", element.end) ? element : undefined;
  }
  TYPE.lastIndex = at;
  if (operator === ":" && TYPE.test(text)) at = TYPE.lastIndex;
  const quoted = quotedAt(text, at);
  if (quoted !== undefined) return quoted;
  // `==` compares and `(` calls; with a bare right side that is code.
  if (operator.length > 1 || operator === "(") return undefined;
  return bareAt(runs, { name, at, isLine: between?.[1] !== undefined });
}

function valueAfterBlank(runs: TextRuns, name: Name, sort: NameSort): Place | undefined {
  const { text } = runs;
  BLANK.lastIndex = name.end;
  if (!BLANK.test(text)) return undefined;
  const at = BLANK.lastIndex;
  if (name.text.startsWith("--")) return quotedAt(text, at) ?? bare(at, runs.endOf(FLAG_STOP, at));
  if (name.text.toLowerCase() !== "password" || sort !== "human") return undefined;
  if (text.charAt(at) === "'" && name.text === "PASSWORD") return quotedAt(text, at);
  const isNetrc = /\blogin[ \t]+\S{1,80}\s{1,20}$/.test(
    text.slice(Math.max(0, name.start - 110), name.start),
  );
  return isNetrc ? bare(at, runs.endOf(BLANK_STOP, at)) : undefined;
}

/** A quoted value on one line. Its quote may itself be escaped, once or twice, as in JSON inside JSON. */
function quotedAt(text: string, at: number): Place | undefined {
  QUOTED.lastIndex = at;
  const quote = QUOTED.exec(text)?.[1];
  if (quote === undefined) return undefined;
  const start = QUOTED.lastIndex;
  const stop = Math.min(text.length, start + LINE_VALUE_CHARS_MAX);
  for (let end = start; end < stop; end++) {
    const char = text.charAt(end);
    if (char === "\n") return undefined;
    if (text.startsWith(quote, end)) return { start, end, isBare: false };
    if (char === "\\") end += 1;
  }
  return undefined;
}

/** A bare value: to the end of the line where the name begins one, else to the first mark that could end it. */
function bareAt(
  runs: TextRuns,
  { name, at, isLine }: { readonly name: Name; readonly at: number; readonly isLine: boolean },
): Place | undefined {
  const { text } = runs;
  const lead = text.slice(Math.max(0, name.start - LEAD_CHARS_MAX), name.start);
  const queryEnd = runs.endOf(QUERY_STOP, at);
  NEXT_FIELD.lastIndex = queryEnd;
  const isQuery = /[?&#]$/.test(lead) || NEXT_FIELD.test(text);
  if (isQuery) return bare(at, queryEnd);

  if (isLine || beginsLine(lead)) {
    const end = runs.endOf(/["']$/.test(lead) ? QUOTED_LINE_STOP : LINE_STOP, at);
    if (end - at <= LINE_VALUE_CHARS_MAX) {
      const value = text.slice(at, end).trimEnd();
      if (value !== "" && !/\s/.test(value)) return { start: at, end: at + value.length, isBare: true };
    }
  }
  const place = bare(at, runs.endOf(CODE_STOP, at));
  if (place === undefined) return undefined;
  const next = text.charAt(place.end);
  // In a connection string a semicolon goes on to the next field; in code it ends an expression.
  const isField = /[;"'`\s]$/.test(lead) && text.charAt(name.end) === "=" && at === name.end + 1;
  if (next === ";") return isField ? place : undefined;
  return /[,)(}{\][<|]/.test(next) ? undefined : place;
}

/** True when a name begins its line, in a listing with line numbers or an escaped text too. */
function beginsLine(lead: string): boolean {
  const feed = lead.lastIndexOf("\n");
  LINE_LEAD.lastIndex = feed + 1;
  // Without a line feed in reach this is the first line, or not the beginning of any.
  if ((feed >= 0 || lead.length < LEAD_CHARS_MAX) && LINE_LEAD.test(lead)) return true;
  return /\\[nrt][ \t]{0,40}["']?$/.test(lead.slice(-44));
}

function bare(start: number, end: number): Place | undefined {
  return end > start && end - start <= VALUE_CHARS_MAX ? { start, end, isBare: true } : undefined;
}

/** Bare values stand where code has expressions, so they have to look unlike an identifier. */
function isBareSecret(value: string, sort: NameSort): boolean {
  if (isCode(value)) return false;
  if (!/^[A-Za-z_$][\w$]*;?$/.test(value)) return true;
  return isRandom(value) || (sort === "human" && /\d\d$/.test(value));
}

function isLikely(value: string, sort: NameSort): boolean {
  if (sort === "human") {
    return isLikelyPassword(value);
  }
  if (isLikelyKey(value)) {
    return true;
  }
  // `JWT_SECRET=Sommer2031!` is chosen by a person; `secret: db-creds-2` is the name of one.
  return sort === "either" && isLikelyPassword(value) && /[^A-Za-z0-9._\-/:#]|^[A-Za-z]+\d{3,}$/.test(value);
}
