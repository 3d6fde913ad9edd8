import type { Candidate } from "./finding.ts";
import { kindOfNamed, sortOfName } from "./names.ts";
import type { NameSort } from "./names.ts";
import { hasPlaceholder } from "./placeholder.ts";
import { findColumn } from "./tables.ts";
import type { Column } from "./tables.ts";
import { createTextRuns } from "./text-runs.ts";
import type { TextRuns } from "./text-runs.ts";
import { isCode, isLikelyKey, isLikelyPassword, isRandom } from "./value.ts";

const NAME_CHARS_SIDE_MAX = 64;
const LINE_VALUE_CHARS_MAX = 4096;
const VALUE_CHARS_MAX = 256;
/** How far back the beginning of a line is looked for. */
const LEAD_CHARS_MAX = 80;
const LISTED_CHARS_MIN = 12;
const DATUM_CHARS_MIN = 16;
const VAGUE_VALUE_CHARS_MIN = 20;
const COMMENT_REACH_CHARS_MAX = 200;

/** What may stand between a name and its value. Group 1: `value`, as in XML and Kubernetes; group 2: the operator. */
const OPERATOR =
  /["'`\\\])]{0,6}[ \t]{0,16}(?:\r?\n[ \t]{1,40})?(?:,?[ \t]{0,4}["'\\]{0,4}(value)["'\\]{0,4}[ \t]{0,4})?(\?=|:=|=>|={1,3}|!={1,2}|[:：＝(]|>)[ \t]{0,16}(?:\{[ \t]{0,4}\\?["']value\\?["'][ \t]{0,4}:[ \t]{0,4})?/iy;
/** What follows a name that is given a value at all. Asked first: most names in code are not. */
const MAYBE = /[["'`\\\])\s:=!?<>,：＝({是为]/;
/** The value of a variable in a Terraform block, and that of `define("NAME", "…")` and `('name', '…')`. */
const BLOCK = /["'][ \t]{1,4}\{[^{}]{0,300}?\bdefault[ \t]{0,20}=[ \t]{0,20}(?=")/y;
/** One call between the operator and the text: `[]byte("…")`, `Buffer.from("…")`, `SecretStr("…")`. */
const WRAPPED_VALUE = /[ \t]{0,4}(?::=|=|:)[ \t]{0,4}[\w.:[\]<>]{1,40}\((?=["'`])/y;
/** A type behind the name: `pwd As String = "…"`, `token string = "…"`, `secret[] = "…"`. */
const TYPED =
  /(?:[ \t]{0,4}\[\w{0,16}\][ \t]{0,4}|[ \t]{1,4}(?:as[ \t]{1,4})?[A-Za-z]{1,24})[ \t]{0,4}:?=[ \t]{0,4}(?=["'`])/iy;
/** How switches and routers say whether what follows is hashed: `password cipher …`, `secret 0 …`. */
const ENCODED = /[ \t]{1,4}(?:0|simple|cipher|plaintext)[ \t]{1,4}/y;
/** `storePassword 'x'`: Gradle, Ruby and shells give values so. */
const QUOTED_BLANK = /[ \t]{1,4}(?=["'])/y;
const COMMA = /\\{0,2}["'][ \t]{0,4},[ \t]{0,24}(?=\\{0,2}["'])/y;
/** Prose: "the password is …", "密码是…". */
const IS =
  /[ \t]{1,4}(?:is|was)[ \t]{0,4}:?[ \t]{1,4}["'`]{0,1}|[ \t]{0,4}[是为][ \t]{0,4}[:：]?[ \t]{0,4}["'`]{0,1}/y;
const BLANK_CHINESE = /[ \t]{1,4}["'`“「]?/y;
const PROSE_STOP = /[\s"'`,;)(}{\][<>|\\\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]/g;
const MAYBE_COMMENTED = /["'][^"'\n]{0,60}$/;
/** A line's comment names what stands before it: `init("…"); // 商户密钥`. */
const COMMENTED = /(["'])([A-Za-z0-9+/_=-]{16,128})\1[)\]},; \t]{0,8}(?:\/\/|#|--|\/\*)[^"'\n]{0,40}$/;
/** A blank is enough after a flag (`--token x`), in `.netrc` and in SQL's `PASSWORD 'x'`. */
const BLANK = /[ \t]{1,8}/y;
/** XML that has names and values in elements of their own: Hadoop, property lists, servlets. */
const PAIRED = /<\/(?:name|key|param-name)>\s{0,80}<(?:value|string|param-value)>/y;
const NAMING = /<[\w:.-]{1,24} (?:name|key|id)=["'][\w.]{0,24}$/;
const TYPE = /[A-Za-z0-9_&<>[\]|?.;' ]{1,40}=[ \t]{0,8}(?=(?:[A-Za-z]{1,2}|@)?["'`])/y;
const QUOTED = /(?:[A-Za-z]{1,2}|@)?(\\{0,3}["'`])/y;
const LINE_LEAD = /[ \t]*(?:\d{1,7}[\t→])?[ \t]*(?:- )?(?:export |set |ENV |ARG )?["']?$/y;
const NEXT_FIELD = /&[\w.-]{1,40}=/y;

/** Where a bare value ends. In a line of its own nearly anything may belong to it. */
const LINE_STOP = /[\n\r\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]|\\[nrt"]|\s#/g;
const QUOTED_LINE_STOP = /["'\n\r]|\\[nrt"]/g;
const QUERY_STOP = /[\s"'`;<>&#\\]/g;
const CODE_STOP = /[\s"'`,;)(}{\][<>|\\\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]/g;
const FLAG_STOP = /[\s"'`;|&)\\]/g;
const ELEMENT_STOP = /[<\s]/g;
const BLANK_STOP = /\s/g;

/**
 * Finds values by their names: `.env`, YAML, JSON, properties, XML, flags, connection strings, code. A scanner serves one
 * text, from left to right, and judges each name once, however many of the words it holds.
 */
export function createAssignmentScanner(
  text: string,
): (at: number) => Candidate | readonly Candidate[] | undefined {
  const runs = createTextRuns(text);
  let nameEnd = 0;
  // One name is often used many times over.
  let judged: { readonly name: string; readonly sort: NameSort | undefined } = { name: "", sort: undefined };
  let table: Column | undefined;
  const columnOf = (name: Name, sort: NameSort): readonly Candidate[] | undefined => {
    const isInside = table !== undefined && table.start <= name.start && name.start < table.end;
    if (sort === "vague" || isInside) return undefined;
    const column = findColumn(text, name);
    table = column ?? table;
    return column?.found;
  };
  return (at) => {
    if (at < nameEnd) return undefined;
    const name = nameAround(text, at);
    nameEnd = name.end;
    if (name.end < text.length && !MAYBE.test(text.charAt(name.end)) && !isChinese(text.charCodeAt(at))) {
      return undefined;
    }
    // `https://x-access-token:…@host`: the name is a user's, and the URL's own rule knows where the value ends.
    if (text.startsWith("//", name.start - 2)) return undefined;
    // The last word of a placeholder may itself be a name: `CLS_7Q4KD2WM_PRIVATEKEY: …`.
    if (hasPlaceholder(name.text)) return undefined;
    if (name.text !== judged.name) judged = { name: name.text, sort: sortOfName(name.text) };
    const { sort } = judged;
    if (sort === undefined) return undefined;
    const place = valueAfter(runs, name, sort);
    if (place === undefined) return besides(text, name, sort) ?? columnOf(name, sort);
    const value = text.slice(place.start, place.end);
    const mayBeCode = place.isBare && !(place.isDatum === true && isPlainDatum(value, sort));
    if (mayBeCode && !isBareSecret(value, sort)) return undefined;
    if (!isLikely(value, sort) && !(sort === "vague" && isQueryKey(text, name, value))) return undefined;
    const kind = kindOfNamed(name.text, value);
    return { start: place.start, end: place.end, kind, rule: `named-${sort}`, certain: false };
  };
}

/** `?key=…` and `&ak=…` of web APIs are digests in form alone. */
function isQueryKey(text: string, name: Name, value: string): boolean {
  return /[?&]/.test(text.charAt(name.start - 1)) && /^[0-9a-f]{32,64}$/.test(value) && isRandom(value);
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
  /** In a query or after a flag there is no code: a bare value is itself, whatever it looks like. */
  readonly isDatum?: boolean;
}

function nameAround(text: string, at: number): Name {
  let start = at;
  let end = at;
  while (start > 0 && at - start < NAME_CHARS_SIDE_MAX && isNameCode(text.charCodeAt(start - 1))) start -= 1;
  while (end < text.length && end - at < NAME_CHARS_SIDE_MAX && isNameCode(text.charCodeAt(end))) end += 1;
  // In Chinese nothing stands between a name and what is said of it.
  if (isChinese(text.charCodeAt(at))) {
    end = at;
    while (end < text.length && end - at < NAME_CHARS_SIDE_MAX && isChinese(text.charCodeAt(end))) end += 1;
    if (end - at > 1 && /[是为]/.test(text.charAt(end - 1))) end -= 1;
  }
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
    isChinese(code)
  );
}

function isChinese(code: number): boolean {
  return code >= 0x4e00 && code <= 0x9fff;
}

/**
 * The value of a name without an operator: in a block of its own, as the next argument, in prose, before the comment that
 * names it. Less certain places, so the value has to be more so.
 */
function besides(text: string, name: Name, sort: NameSort): Candidate | undefined {
  const place = quotedBeside(text, name) ?? saidOf(text, name) ?? beforeComment(text, name);
  if (place === undefined) return undefined;
  const value = text.slice(place.start, place.end);
  if (!isLikely(value, sort) || !isStrong(value)) return undefined;
  return { ...place, kind: kindOfNamed(name.text, value), rule: `beside-${sort}`, certain: false };
}

function quotedBeside(text: string, name: Name): { start: number; end: number } | undefined {
  for (const pattern of [BLOCK, COMMA, QUOTED_BLANK, TYPED, WRAPPED_VALUE]) {
    pattern.lastIndex = name.end;
    const place = pattern.test(text) ? quotedAt(text, pattern.lastIndex) : undefined;
    if (place === undefined) continue;
    if (pattern !== WRAPPED_VALUE || isRandom(text.slice(place.start, place.end))) {
      return { start: place.start, end: place.end };
    }
  }
  return undefined;
}

function saidOf(text: string, name: Name): { start: number; end: number } | undefined {
  const said =
    isChinese(text.charCodeAt(name.end - 1)) && text.charAt(name.end) === " "
      ? [IS, BLANK_CHINESE]
      : [IS, ENCODED];
  const pattern = said.find((each) => {
    each.lastIndex = name.end;
    return each.test(text);
  });
  if (pattern === undefined) return undefined;
  const start = pattern.lastIndex;
  PROSE_STOP.lastIndex = start;
  const end = PROSE_STOP.exec(text)?.index ?? text.length;
  if (end - start > VALUE_CHARS_MAX) return undefined;
  const value = text.slice(start, end).replace(/[.?:]$/, "");
  return isCode(value) ? undefined : { start, end: start + value.length };
}

function beforeComment(text: string, name: Name): { start: number; end: number } | undefined {
  const from = Math.max(0, name.start - COMMENT_REACH_CHARS_MAX);
  const lead = text.slice(from, name.start);
  const line = lead.slice(lead.lastIndexOf("\n") + 1);
  if (!MAYBE_COMMENTED.test(line)) return undefined;
  const match = COMMENTED.exec(line);
  const value = match?.[2];
  if (match === null || value === undefined || !isRandom(value)) return undefined;
  const start = from + lead.lastIndexOf("\n") + 1 + match.index + 1;
  return { start, end: start + value.length };
}

/** No word, nor several: digits beside letters, and either marks, or no pattern of words. */
function isStrong(value: string): boolean {
  // A constant's name in capitals, and bytes spelled out, are what `#define` gives.
  if (/\s|^[A-Z0-9]+(?:[_-][A-Z0-9]+)+$|^\\x/.test(value)) return false;
  return (
    isRandom(value) || (/\d/.test(value) && /[A-Za-z]/.test(value) && /[^A-Za-z0-9._/:-]|\d{3}/.test(value))
  );
}

function valueAfter(runs: TextRuns, name: Name, sort: NameSort): Place | undefined {
  const { text } = runs;
  OPERATOR.lastIndex = name.end;
  const between = OPERATOR.exec(text);
  const operator = between?.[2];
  if (operator === undefined) {
    PAIRED.lastIndex = name.end;
    if (PAIRED.test(text)) return bare(PAIRED.lastIndex, runs.endOf(ELEMENT_STOP, PAIRED.lastIndex));
    return valueAfterBlank(runs, name, sort);
  }
  let at = OPERATOR.lastIndex;
  if (operator === ">") {
    PAIRED.lastIndex = name.end;
    if (PAIRED.test(text)) return bare(PAIRED.lastIndex, runs.endOf(ELEMENT_STOP, PAIRED.lastIndex));
    // `<password>…` and `<property name="password">…`.
    const isElement =
      text.charAt(name.start - 1) === "<" ||
      NAMING.test(text.slice(Math.max(0, name.start - 40), name.start));
    const element = isElement ? bare(at, runs.endOf(ELEMENT_STOP, at)) : undefined;
    return element !== undefined && text.startsWith("</", element.end) ? element : undefined;
  }
  TYPE.lastIndex = at;
  if (operator === ":" && TYPE.test(text)) at = TYPE.lastIndex;
  const quoted = quotedAt(text, at);
  if (quoted !== undefined) return quoted;
  // `==` compares and `(` calls; with a bare right side that is code.
  if ((operator.length > 1 && operator !== "?=") || operator === "(") return undefined;
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
  const next = NEXT_FIELD.exec(text)?.[0] ?? "";
  // A name that holds a placeholder was none before its secret was sealed.
  const isQuery = /[?&#]$/.test(lead) || (next !== "" && !hasPlaceholder(next));
  if (isQuery || (name.text.startsWith("--") && text.charAt(name.end) === "=")) {
    const datum = bare(at, isQuery ? queryEnd : runs.endOf(FLAG_STOP, at));
    return datum === undefined ? undefined : { ...datum, isDatum: true };
  }

  if (isLine || beginsLine(lead)) {
    const end = runs.endOf(/["']$/.test(lead) ? QUOTED_LINE_STOP : LINE_STOP, at);
    if (end - at <= LINE_VALUE_CHARS_MAX) {
      const value = text.slice(at, end).trimEnd();
      if (value !== "" && !/\s/.test(value)) return { start: at, end: at + value.length, isBare: true };
    }
  }
  const place = bare(at, runs.endOf(CODE_STOP, at));
  if (place === undefined) return undefined;
  const after = text.charAt(place.end);
  // In a connection string a semicolon goes on to the next field; in code it ends an expression.
  const isField = /[;"'`\s]$/.test(lead) && text.charAt(name.end) === "=" && at === name.end + 1;
  if (after === ";") return isField ? place : undefined;
  // A list of fields in a log: `token=…, retries=3`.
  if (after === "," && text.charAt(name.end) === "=" && at === name.end + 1) {
    const value = text.slice(place.start, place.end);
    const isChosen = /[^\w.:-]/.test(value) && isLikelyPassword(value);
    return isChosen || (value.length >= LISTED_CHARS_MIN && isLikelyKey(value)) ? place : undefined;
  }
  return /[,)(}{\][<|]/.test(after) ? undefined : place;
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
  return isRandom(value) || ((sort === "human" || sort === "either") && /\d\d$/.test(value));
}

/** Machines make longer keys than people: a short word is a badge's or a page's. */
function isPlainDatum(value: string, sort: NameSort): boolean {
  if (!/\d/.test(value) || /[)\]]\(|\)\]/.test(value)) return false;
  return sort === "human" || value.length >= DATUM_CHARS_MIN;
}

/** Capitals, small letters and digits: no digest, no identifier, no UUID. */
function isMixed(value: string): boolean {
  return /[A-Z]/.test(value) && /[a-z]/.test(value) && /\d/.test(value);
}

function isLikely(value: string, sort: NameSort): boolean {
  if (sort === "vague") {
    return (
      value.length >= VAGUE_VALUE_CHARS_MIN && isLikelyKey(value) && isMixed(value) && !/[-.:\s]/.test(value)
    );
  }
  if (sort === "human") {
    return isLikelyPassword(value);
  }
  if (isLikelyKey(value)) {
    return true;
  }
  // `JWT_SECRET=Sommer2031!` is chosen by a person; `secret: db-creds-2` is the name of one.
  return sort === "either" && isLikelyPassword(value) && /[^A-Za-z0-9._\-/:#]|^[A-Za-z]+\d{3,}$/.test(value);
}
