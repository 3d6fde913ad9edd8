/** Personal data of people in China, and payment cards: numbers that carry their own proof, or stand beside their name. */

import type { Candidate, SecretKind } from "./finding.ts";

const ID_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECKS = "10X98765432";
/** GB/T 2260: the first two digits of the regions. */
const REGIONS = new Set(
  "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split(
    " ",
  ),
);
const BORN_YEAR_MIN = 1900;
const BORN_YEAR_MAX = 2035;

/** Prefixes given to mobile numbers; the rest of 1[3-9] is not in use. */
const MOBILE_PREFIX = /^1(?:3\d|4[014-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])/;
const MOBILE_NAME = /mobile|phone|tel|cell|contact|sms|手机|电话|联系|号码|[+(]$|\+86[ -]?$/i;
/** Names of other numbers that may be eleven digits long. */
const OTHER_NUMBER =
  /(?:id|no|num(?:ber)?|order|serial|size|bytes?|time|stamp|ts|tokens?|step|loss|params?|iter|epoch|pid|port|row|line|index|score|bits|[numk]?s|sec|cycles|hz|rate|memory|mem|heap|limit|usage|space|free|used|address|offset|seq|version|count|len(?:gth)?|total|amount|balance|price|hash|seed|nonce|code|build|订单|单号|流水|编号)["'\])]{0,3}[ \t]{0,4}[:=：(]{0,2}[ \t]{0,4}["'(]{0,2}$/i;
const CARD_NAME = /card|bank|pan\b|acct|account|卡号|银行|信用卡|储蓄卡|账号|帐号/i;
const DOCUMENT_NAME = /护照|通行证|台胞证|回乡证|passport|travel permit|hk[ _]?permit/i;
const TAIWAN_NAME = /(?:台胞证|台湾居民来往大陆通行证|taiwan[^\d]{0,40}permit)[^\d]{0,12}$/i;
const UNION_PAY = /^62(?:1[0-9]|2[0-9]|3[0-9]|5[0-9]|8[0-9])/;
const OTHER_CARD = /^(?:4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))/;

const CONTEXT_CHARS = 40;
const RUN_CHARS_MAX = 64;
/** Whatever is looked for has four digits side by side. */
const STRIDE = 4;

/** In order of `start`. Most texts are passed at one look per four characters. */
export function findPersonal(text: string, codes: Uint16Array): Candidate[] {
  const found: Candidate[] = [];
  for (let at = STRIDE - 1; at < text.length; at += STRIDE) {
    if (!isDigit(codes[at] ?? 0)) continue;
    let start = at;
    let end = at + 1;
    while (start > 0 && isDigit(codes[start - 1] ?? 0)) start -= 1;
    while (end < text.length && isDigit(codes[end] ?? 0)) end += 1;
    at = end;
    if (end - start < STRIDE || end - start > RUN_CHARS_MAX) continue;
    const candidate = judge(text, start, end);
    if (candidate !== undefined && candidate.start >= (found.at(-1)?.end ?? 0)) {
      found.push(candidate);
      at = Math.max(at, candidate.end);
    }
  }
  return found;
}

function judge(text: string, start: number, end: number): Candidate | undefined {
  const digits = end - start;
  if (digits === 4) return mobileInGroups(text, start, end) ?? cardInGroups(text, start, end);
  if (digits === 6) return residentIdInGroups(text, start);
  if (digits === 7 || digits === 8 || digits === 10) return travelDocument(text, start, end);
  if (digits === 11 || digits === 13 || digits === 15) return mobile(text, start, end);
  if (digits === 17 || digits === 18) {
    const id = residentId(text, start, end);
    if (id !== undefined) return id;
  }
  return digits >= 16 && digits <= 19
    ? card(text, { start, end, number: text.slice(start, end) })
    : undefined;
}

/** GB 11643: region, day of birth, and the check character of ISO 7064 MOD 11-2. */
function residentId(text: string, start: number, digitsEnd: number): Candidate | undefined {
  const end = digitsEnd - start === 17 ? digitsEnd + 1 : digitsEnd;
  const id = text.slice(start, end).toUpperCase();
  if (!/^\d{17}[\dX]$/.test(id) || !hasBorders(text, start, end)) return undefined;
  if (!REGIONS.has(id.slice(0, 2))) return undefined;
  const [year, month, day] = [Number(id.slice(6, 10)), Number(id.slice(10, 12)), Number(id.slice(12, 14))];
  if (year < BORN_YEAR_MIN || year > BORN_YEAR_MAX || month < 1 || month > 12 || day < 1 || day > 31) {
    return undefined;
  }
  const sum = ID_WEIGHTS.reduce((total, weight, at) => total + weight * Number(id.charAt(at)), 0);
  return ID_CHECKS.charAt(sum % 11) === id.charAt(17) ? personal(start, end, "resident-id", true) : undefined;
}

/** Region, day of birth, and the rest, with blanks or dashes between; `start` is that of the region. */
function residentIdInGroups(text: string, start: number): Candidate | undefined {
  const groups = /^\d{6}([ -])(?:\d{8}|\d{4}\1\d{4})\1\d{3}[\dXx]/.exec(text.slice(start, start + 24))?.[0];
  if (groups === undefined || !hasBorders(text, start, start + groups.length)) return undefined;
  const id = groups.replaceAll(/[ -]/g, "");
  return residentId(id, 0, /\d$/.test(id) ? 18 : 17) === undefined
    ? undefined
    : personal(start, start + groups.length, "resident-id", true);
}

function mobile(text: string, runStart: number, end: number): Candidate | undefined {
  const start = end - 11;
  const country = text.slice(runStart, start);
  if (country !== "" && country !== "86" && country !== "0086") return undefined;
  if (!hasBorders(text, runStart, end) || !isMobile(text.slice(start, end))) return undefined;
  const before = contextOf(text, runStart);
  // The eleven digits after a plus are another country's.
  if (before.endsWith("+") && end - runStart === 11) return undefined;
  if (!MOBILE_NAME.test(before) && (OTHER_NUMBER.test(before) || end - runStart === 13)) return undefined;
  return personal(start, end, "mobile-number", false);
}

/** Three, four and four digits with blanks or dashes between; `start` and `end` are those of the second group. */
function mobileInGroups(text: string, start: number, end: number): Candidate | undefined {
  const separator = text.charAt(start - 1);
  if ((separator !== "-" && separator !== " ") || text.charAt(end) !== separator) return undefined;
  const [from, to] = [start - 4, end + 5];
  if (from < 0 || !/^\d{3}$/.test(text.slice(from, from + 3)) || !/^\d{4}$/.test(text.slice(end + 1, to))) {
    return undefined;
  }
  if (
    !hasBorders(text, from, to) ||
    /\d[ -]$/.test(text.slice(Math.max(0, from - 4), from).replace(/86[ -]$/, ""))
  ) {
    return undefined;
  }
  if (/^[ -]\d/.test(text.slice(to, to + 2))) return undefined;
  return isMobile(text.slice(from, to).replaceAll(separator, ""))
    ? personal(from, to, "mobile-number", false)
    : undefined;
}

function isMobile(number: string): boolean {
  return MOBILE_PREFIX.test(number) && !/(\d)\1{5}|0000$|12345678$|^13800138000$/.test(number);
}

/** Four groups of four, the last of which may have up to seven digits in two; `start` and `end` are those of the first. */
function cardInGroups(text: string, start: number, end: number): Candidate | undefined {
  const separator = text.charAt(end);
  if (separator !== " " && separator !== "-") return undefined;
  const groups = /^\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?/.exec(text.slice(start, start + 24))?.[0];
  if (groups === undefined) return undefined;
  return card(text, { start, end: start + groups.length, number: groups.replaceAll(separator, "") });
}

function card(
  text: string,
  { start, end, number }: { readonly start: number; readonly end: number; readonly number: string },
): Candidate | undefined {
  if (!hasBorders(text, start, end) || /(\d)\1{7}/.test(number) || !isLuhn(number)) return undefined;
  const before = contextOf(text, start);
  const isNamed = CARD_NAME.test(before);
  const isUnionPay = UNION_PAY.test(number) && (isNamed || !OTHER_NUMBER.test(before));
  // One number in ten satisfies Luhn: other brands need their name.
  const isOther = number.length === 16 && OTHER_CARD.test(number) && isNamed;
  return isUnionPay || isOther ? personal(start, end, "bank-card", isNamed) : undefined;
}

/** ISO/IEC 7812-1, annex B. */
function isLuhn(number: string): boolean {
  let sum = 0;
  for (let at = 0; at < number.length; at++) {
    const digit = number.charCodeAt(number.length - 1 - at) - 48;
    sum += at % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

/** A letter and eight digits, or two letters and seven, beside the name of the document. */
function travelDocument(text: string, digitsStart: number, end: number): Candidate | undefined {
  const letters = /[A-Z]{1,2}$/.exec(text.slice(Math.max(0, digitsStart - 2), digitsStart))?.[0].length ?? 0;
  const start = digitsStart - letters;
  const number = text.slice(start, end);
  const before = contextOf(text, start);
  // Permits for Hong Kong and Macau have eight digits, or ten with the count of renewals; those for Taiwan no letter.
  const isTaiwan = /^\d{8}$/.test(number) && TAIWAN_NAME.test(before) && !/^(?:19|20)\d\d[01]\d/.test(number);
  if (number.length !== 9 && !/^[HM]\d{10}$/.test(number) && !isTaiwan) return undefined;
  if (letters === 0 && !isTaiwan) return undefined;
  if (!hasBorders(text, start, end) || !DOCUMENT_NAME.test(before)) return undefined;
  return personal(start, end, "travel-document", false);
}

const MAIL = /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,12}/;
const MAIL_LOCAL_CHARS_MAX = 64;

/** E-mail addresses. Off unless asked for: code is full of them. */
export function findAddresses(text: string): Candidate[] {
  const found: Candidate[] = [];
  let done = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const local = /[A-Za-z0-9._%+-]+$/.exec(text.slice(Math.max(done, at - MAIL_LOCAL_CHARS_MAX), at))?.[0];
    if (local === undefined || text.charAt(at - local.length - 1) === "/") continue;
    const host = MAIL.exec(text.slice(at + 1, at + 256))?.[0];
    if (host === undefined) continue;
    done = at + 1 + host.length;
    found.push(personal(at - local.length, done, "email-address", false));
  }
  return found;
}

function personal(start: number, end: number, kind: SecretKind, certain: boolean): Candidate {
  return { start, end, kind, rule: kind, certain };
}

function contextOf(text: string, start: number): string {
  const before = text.slice(Math.max(0, start - CONTEXT_CHARS), start);
  return before.slice(before.lastIndexOf("\n") + 1);
}

/** No letter, digit or mark of a longer number beside it. */
function hasBorders(text: string, start: number, end: number): boolean {
  if (
    start > 0 &&
    /[A-Za-z0-9_.#%/\\]/.test(text.charAt(start - 1)) &&
    !/\\[nrt]$/.test(text.slice(Math.max(0, start - 2), start))
  ) {
    return false;
  }
  return !/[A-Za-z0-9_]/.test(text.charAt(end)) && !/^\.\d/.test(text.slice(end, end + 2));
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
