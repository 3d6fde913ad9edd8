/** Session cookies: in headers (RFC 6265), and by the names that frameworks give them. */

import type { Candidate } from "./finding.ts";
import { isLikelyKey } from "./value.ts";

const HEADER = /cookie["'`]{0,2}[ \t]{0,4}[:=,][ \t]{0,4}["'`]{0,2}/iy;
const LINE_CHARS_MAX = 4096;
const PAIR = /[ \t]{0,4}([\w.$-]{1,64})=([^;\s"'`,\\]{0,2048})(?:;|$)?/y;
const PAIRS_MAX = 100;
const SESSION_NAME =
  /sess|^sid$|[._-]sid$|^s?sid[._-]|auth|token|jwt|ticket|sso|login|passport|remember|identity|^uid_tt|^skey|^p_skey|^SUB$/i;
const OTHER_NAME = /csrf|xsrf|expires|max-age|name$|type$/i;
const VALUE_CHARS_MIN = 16;

/** The session among the cookies of a `Cookie` or `Set-Cookie` header, from the header's name on. */
export function findCookies(text: string, at: number): Candidate[] {
  HEADER.lastIndex = at;
  if (!HEADER.test(text)) return [];
  const line = text.slice(HEADER.lastIndex, HEADER.lastIndex + LINE_CHARS_MAX);
  const found: Candidate[] = [];
  let done = 0;
  for (let pair = 0; pair < PAIRS_MAX; pair++) {
    PAIR.lastIndex = done;
    const match = PAIR.exec(line);
    if (match === null) break;
    const [all, name = "", value = ""] = match;
    const start = HEADER.lastIndex + done + all.indexOf("=") + 1;
    if (SESSION_NAME.test(name) && isSession(value) && !OTHER_NAME.test(name)) {
      found.push(cookie(start, start + value.length, "cookie-header"));
    }
    done = PAIR.lastIndex;
    if (!all.endsWith(";")) break;
  }
  return found;
}

/** Names that stand for sessions wherever they are. */
export const SESSION_COOKIES: readonly string[] = [
  "JSESSIONID",
  "PHPSESSID",
  "connect.sid",
  "ASP.NET_SessionId",
  "ASPXAUTH",
  "laravel_session",
  "_gitlab_session",
  "user_session",
  "BDUSS",
];

const NAMED =
  /(?:JSESSIONID|PHPSESSID|connect\.sid|ASP\.NET_SessionId|\.?ASPXAUTH|laravel_session|_gitlab_session|user_session|BDUSS)["']{0,1}(?:[ \t]{0,4}[=:,][ \t]{0,4}(?:"value"[ \t]{0,4}:[ \t]{0,4})?|[ \t]+)["']?([^;\s"'`,&<=\\]{16,512}={0,2})/iy;

export function findSessionCookie(text: string, at: number): Candidate | undefined {
  NAMED.lastIndex = at;
  const value = NAMED.exec(text)?.[1];
  if (value === undefined || !isSession(value)) return undefined;
  return cookie(NAMED.lastIndex - value.length, NAMED.lastIndex, "session-cookie");
}

const JAR = /\t(?:TRUE|FALSE)\t\d{1,12}\t([\w.-]{1,64})\t([^\s]{16,2048})(?=\s|$)/y;

/** A line of Netscape's cookie file, which curl and browsers' exporters write. `at` is where its last flag stands. */
export function findJarCookie(text: string, at: number): Candidate | undefined {
  JAR.lastIndex = at;
  const [, name = "", value = ""] = JAR.exec(text) ?? [];
  if (!SESSION_NAME.test(name) || OTHER_NAME.test(name) || !isSession(value)) return undefined;
  return cookie(JAR.lastIndex - value.length, JAR.lastIndex, "cookie-file");
}

function isSession(value: string): boolean {
  return value.length >= VALUE_CHARS_MIN && isLikelyKey(value.replace(/^s%3A/i, ""));
}

function cookie(start: number, end: number, rule: string): Candidate {
  return { start, end, kind: "session-cookie", rule, certain: false };
}
