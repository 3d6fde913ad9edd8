/** Judges a value by itself: is it a secret, or does it only stand where one could stand? */

import { isRare } from "./rarity.ts";

const HUMAN_CHARS_MIN = 8;
const VALUE_CHARS_MAX = 4096;

/** Words that documents and fixtures put where a secret belongs. */
const STOCK_WORDS = new Set(
  (
    "password passwd pass passw pwd passphrase secret secrets token tokens key keys api apikey auth access private client app " +
    "db user username login test testing tests demo example sample dummy fake mock your my the a an change me changeme it " +
    "here todo replace placeholder redacted default foo bar baz qux value string insert enter some any none null " +
    "undefined nil true false new old empty blank hidden abc abcd xyz qwerty super very valid invalid wrong bad good"
  ).split(" "),
);

const STAND_IN =
  /x{5,}|\*{3,}|\.{3}|change[-_]?(?:me|it|this)|example|placeholder|redacted|dummy|^your|your[-_]|replace[-_]?(?:me|with|this)|insert[-_]|not[-_]?(?:a|real|set|used)[-_]|fake|sample|lorem|fixme|&lt;|&gt;|abcdefghijklm/i;

const REFERENCE =
  /^\$[A-Za-z_]\w*$|\$\{|\$\(|\{\{|#\{|^%[A-Za-z_]\w*%$|^%\(?\w|^<.*>$|^\{.*\}$|^\[.*\]$|process\.env|environ\b|import\.meta|getenv|secretkeyref|^(?:vault|op|ssm|env|file|ref|arn|keyring|secretsmanager|gcpsm|awssm|azkv|sops|data|urn|sm):|^secrets?[./]/i;

/** Already encrypted: SOPS, Jasypt, Spring Cloud Config, Ansible Vault, Kubernetes sealed secrets, AWS KMS. */
const ENCRYPTED = /^ENC[[(]|^\{cipher\}|^\$ANSIBLE_VAULT|^AgB[A-Za-z0-9+/]{100}|^AQICAH/;

/** URLs, versions, dates, colours, media types, integrity values: never a secret by name alone. */
const ORDINARY =
  /^[a-z][a-z0-9+.-]*:\/\/|^[~^v<>=]{0,2}\d+(?:\.\d+){1,3}(?:[-+][\w.]*)?$|^\d{4}-\d\d-\d\d|^#[0-9a-f]{3,8}$|^(?:sha\d+|md5)[-:]|^--|^npm:|^workspace:|^(?:ding|wx|ww|cli_)[a-z0-9]{14,20}$|^pk_(?:live|test)_/i;

const REGEX_LIKE = /\[(?:a-z|A-Z|0-9|\^|\\)|\\[dwsDWS]|\(\?|\{\d+,\d*\}|^\^/;

const ALGORITHM =
  /(?:sha|aes|rs|hs|es|ps|int|float|base|utf|x)[-_]?(?:1|8|16|32|64|128|192|224|256|384|512)|md5|argon2|pbkdf2|oauth2|ed25519|x25519|secp256|utf8|http[s12]/i;

/** Text that stands for a value: `xxxx`, `changeme`, `my-secret-token`, `<your key>`, `$KEY`, `{{ key }}`, `op://…`. */
export function isStandIn(value: string): boolean {
  if (STAND_IN.test(value) || REFERENCE.test(value) || ENCRYPTED.test(value)) return true;
  if (!hasDistinct(value.toLowerCase(), 3)) return true;
  const words = lettersOf(value);
  return words.length > 0 && words.every((word) => STOCK_WORDS.has(word)) && countOf(value, /\d/g) <= 6;
}

/** A password as people choose them: at least eight characters, letters with digits or with marks. */
export function isLikelyPassword(value: string): boolean {
  if (value.length < HUMAN_CHARS_MIN || !isPlainToken(value)) return false;
  if (isStandIn(value) || isOrdinary(value)) return false;
  if (!hasDistinct(value, 5)) return false;
  const hasDigit = /\d/.test(value);
  const hasMark = /[^A-Za-z0-9._\-/:# ]/.test(value);
  if (!/[A-Za-z]/.test(value)) return hasDigit && hasMark;
  if (!hasDigit && !hasMark) return isRandom(value);
  // `error.password.min8`, `user-token-2`: a name of something, unless much of it is digits.
  if (!hasMark && /passw|pwd|secret|token/i.test(value) && countOf(value, /\d/g) < 3) return isRandom(value);
  return hasMark || !isAlgorithm(value) || isRandom(value);
}

/** A key or token as machines make them: no words in it. */
export function isLikelyKey(value: string): boolean {
  if (value.length < HUMAN_CHARS_MIN || !isPlainToken(value)) return false;
  if (isStandIn(value) || isOrdinary(value)) return false;
  if (!hasDistinct(value, 5)) return false;
  if (isRandom(value)) return !(value.length < 24 && isAlgorithm(value));
  const marks = new Set(value.match(/[^A-Za-z0-9._\-/:#,= ]/g));
  return marks.size >= 2 && /\d/.test(value) && /[A-Za-z]/.test(value);
}

/**
 * True for letters and digits without words. The measure is the mean length of the runs of one kind
 * (`Uint8Array` has three runs, `a8f3k2p9` eight): random base62 stays near 2, names are above 3.
 */
export function isRandom(value: string): boolean {
  const compact = value.replace(/[^A-Za-z0-9]/g, "");
  if (/^[0-9a-f]{24,}$/i.test(compact)) {
    return hasDistinct(compact, 6) && /[0-9]/.test(compact) && /[a-f]/i.test(compact);
  }
  const runs = value.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g)?.length ?? 1;
  const mean = compact.length / runs;
  const digits = countOf(value, /\d/g);
  if (/\d[A-Za-z]/.test(value)) {
    if (mean <= (compact.length >= 20 ? 3.5 : compact.length >= 12 ? 3 : 2.5)) return true;
    if (digits >= 4 && /[A-Za-z0-9]{16}/.test(value)) return true;
  }
  if (/[a-z]/.test(value) && /[A-Z]/.test(value)) {
    if (compact.length >= 16 ? mean <= 2.6 : compact.length >= 10 && mean <= 2.1) return true;
  }
  return isRare(value);
}

/** True for source text where a bare value was expected: calls, member access, types, unfinished lines. */
export function isCode(value: string): boolean {
  if (/[\w\])]\(|=>|\?\.|::|&&|\|\||\w\[["'\w.:]*\]|[,{([]$|^[!&|*([{<]|\w<\w/.test(value)) return true;
  // `config.auth.token`, `self->key`, `a.b2`: names joined by access operators.
  if (/^[A-Za-z_$][\w$]*(?:(?:\.|->)[A-Za-z_$][\w$]*)+;?$/.test(value)) {
    return value.split(/\.|->/).every((part) => part.length < 20 || !isRandom(part));
  }
  return /^[A-Za-z_$][\w$]*;?$/.test(value) && isAlgorithm(value) && value.length < 24;
}

/** `hmacSha256`, `aes-256-gcm`: all digits are those of an algorithm's name. */
function isAlgorithm(value: string): boolean {
  return ALGORITHM.test(value) && !/\d/.test(value.replace(ALGORITHM, ""));
}

function isOrdinary(value: string): boolean {
  if (ORDINARY.test(value) || REGEX_LIKE.test(value)) return true;
  // A media type, or two words of a path. Base64 may have one slash too.
  if (/^[a-z]+\/[a-z0-9.+-]+$/i.test(value) && !isRandom(value)) return true;
  // A path: none of its parts is long enough for a key. Base64 may begin with a slash too.
  return (
    /^(?:[~.]{0,2}\/|[A-Za-z]:[\\/])/.test(value) && value.split(/[\\/]/).every((part) => part.length < 20)
  );
}

function isPlainToken(value: string): boolean {
  return value.length <= VALUE_CHARS_MAX && /^[!-~]+$/.test(value);
}

function lettersOf(value: string): string[] {
  return (value.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase());
}

/** True with at least `count` different characters. Stops early: a Set of a long value is a slow way to learn of three. */
function hasDistinct(value: string, count: number): boolean {
  let seen = "";
  for (let at = 0; at < value.length && seen.length < count; at++) {
    if (!seen.includes(value.charAt(at))) seen += value.charAt(at);
  }
  return seen.length >= count;
}

function countOf(value: string, pattern: RegExp): number {
  return value.match(pattern)?.length ?? 0;
}
