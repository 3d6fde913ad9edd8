/** Credentials in the places that protocols give them: the userinfo of a URL, the Authorization header. */

import type { Candidate } from "./finding.ts";
import { isLikelyKey, isStandIn } from "./value.ts";

const AUTHORITY = /[^\s"'`<>\\,/?#()]{1,512}/y;
const PASSWORD_CHARS_MIN = 4;

/** Local databases are set up with these everywhere; sealing them would seal the words in all other text. */
const DEFAULT_PASSWORDS = new Set(
  "postgres mysql root admin guest rabbitmq redis mongo minio user".split(" "),
);

/** `scheme://user:password@host` (RFC 3986 section 3.2.1): the password alone. `at` is where `://` stands. */
export function findUrlPassword(text: string, at: number): Candidate | undefined {
  AUTHORITY.lastIndex = at + 3;
  const authority = AUTHORITY.exec(text)?.[0];
  if (authority === undefined) return undefined;
  // The last @ ends the userinfo: people do not escape the ones in their passwords.
  const host = authority.lastIndexOf("@");
  const colon = authority.indexOf(":");
  if (colon < 0 || host < colon) return undefined;
  const user = authority.slice(0, colon);
  const password = authority.slice(colon + 1, host);
  if (password.length < PASSWORD_CHARS_MIN || /^[$%{]|[{}]|^:|^\*+$/.test(password)) return undefined;
  // `docker://image:tag@sha256:…` has the same form.
  if (/^(?:sha\d+|md5):/.test(authority.slice(host + 1))) return undefined;
  if (password === user || isStandIn(password) || DEFAULT_PASSWORDS.has(password.toLowerCase())) {
    return undefined;
  }
  const start = at + 3 + colon + 1;
  return { start, end: start + password.length, kind: "url-password", rule: "url-password", certain: true };
}

const HEADER =
  /authorization["'`\\\])]{0,4}[ \t]{0,4}[:=,][ \t]{0,4}[\\"'`]{0,3}(?:([A-Za-z]{3,12})[ \t]{1,4})?([A-Za-z0-9._~+/=-]{8,4096})/iy;
const SCHEME = /(bearer|basic)[ \t]{1,4}([A-Za-z0-9._~+/=-]{12,4096})/iy;
/** Without the header's name beside it, `Bearer x` may be prose. */
const LONE_BEARER_CHARS_MIN = 20;

/** `Authorization: Bearer …`, `Basic …`, `token …` (RFC 9110 section 11.6.2), from the header's name on. */
export function findAuthorization(text: string, at: number): Candidate | undefined {
  return fromHeader(HEADER, text, at, 8);
}

/** `Bearer …` and `Basic …` without the header's name. */
export function findScheme(text: string, at: number): Candidate | undefined {
  if (at > 0 && /[A-Za-z0-9_]/.test(text.charAt(at - 1))) return undefined;
  return fromHeader(SCHEME, text, at, LONE_BEARER_CHARS_MIN);
}

const REGISTRY_AUTH = /(?:"auth"[ \t]{0,4}:[ \t]{0,4}"|:_auth=)([A-Za-z0-9+/]{8,512}={0,2})/y;

/** The same pair in Docker's `config.json` and in `.npmrc`. */
export function findRegistryAuth(text: string, at: number): Candidate | undefined {
  REGISTRY_AUTH.lastIndex = at;
  const match = REGISTRY_AUTH.exec(text);
  const value = match?.[1];
  if (match === null || value === undefined || !isUserAndPassword(value)) {
    return undefined;
  }
  const end = at + match[0].length;
  return { start: end - value.length, end, kind: "auth-header", rule: "registry-auth", certain: true };
}

function fromHeader(pattern: RegExp, text: string, at: number, charsMin: number): Candidate | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  const value = match?.[2];
  if (match === null || value === undefined) return undefined;
  const isSecret = match[1]?.toLowerCase() === "basic" ? isUserAndPassword(value) : isLikelyKey(value);
  if (!isSecret || (value.length < charsMin && match[1]?.toLowerCase() !== "basic")) return undefined;
  const end = at + match[0].length;
  return { start: end - value.length, end, kind: "auth-header", rule: "authorization", certain: false };
}

/** RFC 7617: base64 of `user:password`, where the password is not a document's. */
function isUserAndPassword(value: string): boolean {
  const pair = Buffer.from(value, "base64").toString("latin1");
  const colon = pair.indexOf(":");
  if (colon < 0 || !/^[ -~]+$/.test(pair)) return false;
  const password = pair.slice(colon + 1);
  return password === "" ? isLikelyKey(pair.slice(0, colon)) : !isStandIn(password);
}
