import type { SecretKind } from "./finding.ts";

/**
 * Who makes the values of a name: people choose passwords, machines make keys, and both make what is called a secret.
 * `vague` names, some other key, say little: their values have to prove themselves.
 */
export type NameSort = "human" | "machine" | "either" | "vague";

const HUMAN_NAMES = [
  "password",
  "passwd",
  "pwd",
  "passphrase",
  "passcode",
  "pass",
  "密码",
  "口令",
  "psk",
  "_pw",
];
const MACHINE_NAMES = [
  "secret",
  "token",
  "credential",
  "密钥",
  "秘钥",
  "私钥",
  "令牌",
  "凭证",
  "授权码",
  "webhook_key",
  ...[
    "api",
    "access",
    "private",
    "auth",
    "account",
    "encryption",
    "encrypt",
    "signing",
    "sign",
    "master",
    "app",
    "aes",
    "des",
    "hmac",
    "merchant",
    "mch",
    "license",
    "service",
    "subscription",
    "session",
    "client",
    "license",
    "v3",
  ].flatMap((word) => [`${word}key`, `${word}_key`, `${word}-key`]),
];

/** `redis_auth = "…"`; without what follows it, `auth` is in too many words to look at each. */
const LATE_NAMES = ["auth=", "auth =", "auth:", 'auth"', "auth'"];
const CLEAR_NAMES = [...HUMAN_NAMES, ...MACHINE_NAMES];
/** The last are `sk`, the secret key of Chinese clouds, with what may follow it. */
export const SECRET_NAMES: readonly string[] = [
  ...CLEAR_NAMES,
  "key",
  ...LATE_NAMES,
  "sk=",
  "sk:",
  'sk"',
  "sk'",
  "sk ",
];

const VAGUE_NAME = /[A-Za-z\d][._-]?key$|^key$|(?:^|[._-])sk$|[a-z\d][._-]auth$|[a-z]Sk$/i;
/** Keys that open nothing. */
const OTHER_KEY =
  /(?:public|primary|foreign|partition|sort|cache|object|row|index|group|unique|lookup|storage|idempotency|query|message|map|dict|hash|sha\d*|i18n|locale|translation|meta|prop|state|route|config|setting|event|hot|short|registry|list|item|item|entity|dedup|shard|routing|composite|natural|surrogate|candidate|token|react|tree|data|cookie|header|param|label|tag|s3|file|image|build|content|etag|track(?:ing)?|session|site|host|known|ssh|mon|tur|don|whis|jo[ck])[._-]?key$/i;

const LAST_NAME = new RegExp(`^.*(${CLEAR_NAMES.join("|")})`, "i");
const HUMAN_NAME = new RegExp(`^(?:${HUMAN_NAMES.join("|")})$`, "i");

/** Words after the name that make it the name of something else: `tokenType`, `password_hash`, `secretName`. */
const OTHER_SUBJECT = new Set(
  (
    "id ids sha name names type types hash hashed digest checksum field label length len size count max min limit limits url " +
    "uri endpoint path file filename dir directory expiry expires expiration expired ttl policy regex pattern placeholder " +
    "hint prompt error errors message msg title text format version algorithm alg header prefix suffix reset ref arn usage " +
    "index position pos kind class style input validator validation strength env var variable required enabled " +
    "visible changed confirm rules schema column budget counter stream list map set provider factory store service " +
    "manager handler request response result status state scope scopes color"
  ).split(" "),
);

/** Words before the name that do the same: `nextPageToken`, `eos_token`, `max-token`, `cancellationToken`. */
const OTHER_OWNER =
  /(?:^|[._-])(?:public|next|prev|page|continuation|cancel|cancellation|num|max|min|has|is|start|end|eos|bos|pad|unk|mask|special|stop|css|syntax|js|sync|resume|design|hash|sha\d*|checksum|integrity|no|show|hide|toggle|forgot|reset|csrf|xsrf)[._-]|(?:next|page|continuation|cancellation|public|public_?key|hash)$/i;

/** Undefined when the name, although it holds one of the words, is not that of a secret. */
export function sortOfName(name: string): NameSort | undefined {
  const match = LAST_NAME.exec(name);
  const word = match?.[1];
  if (match === null || word === undefined) return isVague(name) ? "vague" : undefined;
  const before = name.slice(0, match[0].length - word.length);
  const after = name.slice(match[0].length);
  // `DB_PASS` and `smtpPass`, but not `bypass`.
  if (word === "pass" && /[a-z]$/i.test(before)) {
    return undefined;
  }
  if (OTHER_OWNER.test(before) || OTHER_OWNER.test(`${before}.`)) return undefined;
  if (after === "s" && /^credential$/i.test(word)) return "human";
  if (after !== "" && !isSameSubject(word, after)) return undefined;
  if (HUMAN_NAME.test(word)) {
    return "human";
  }
  return /^secret$/i.test(word) ? "either" : "machine";
}

function isVague(name: string): boolean {
  return VAGUE_NAME.test(name) && !OTHER_KEY.test(name);
}

/** The vendor's kind where name and form agree on it. */
export function kindOfNamed(name: string, value: string): SecretKind {
  if (/^[A-Za-z0-9/+]{40}$/.test(value) && /aws|secret_?access_?key/i.test(name)) return "aws-secret";
  if (/^[A-Za-z0-9]{30}$/.test(value) && /ali(?:yun|baba|cloud)|oss|access_?key_?secret/i.test(name)) {
    return "aliyun-secret";
  }
  if (/^[A-Za-z0-9]{32}$/.test(value) && /tencent|cos_|qcloud/i.test(name)) return "tencent-secret";
  return "named-secret";
}

function isSameSubject(word: string, after: string): boolean {
  const parts = after.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[\u4e00-\u9fff]+/g) ?? [];
  const words = parts.map((part) => part.toLowerCase());
  if (words.some((part) => OTHER_SUBJECT.has(part))) return false;
  // The word goes on (`tokenizer`, `secretary`, `TOKENS`), unless what follows is `key` or the like.
  const goesOn = /^[a-z]/.test(after) || (/^[A-Z]/.test(after) && word === word.toUpperCase());
  if (goesOn) return /^(?:key|value|base64)$/i.test(words[0] ?? "");
  // A member of it: `secret.key` and `token.value` are the secret, `password.length` is not.
  const member = /\.([^.]*)$/.exec(after)?.[1];
  return member === undefined || /^(?:key|value|base64|prod|production|dev|staging|default)$/i.test(member);
}
