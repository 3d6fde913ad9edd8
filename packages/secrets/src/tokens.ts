import { isRecord } from "@cloister/base";
import type { Candidate, SecretKind } from "./finding.ts";
import { isRandom } from "./value.ts";

/** A secret that its own form gives away. Formats are those the vendors publish. */
export interface TokenRule {
  readonly rule: string;
  readonly kind: SecretKind;
  /** The match begins here; found in any case by the keyword pass, then the pattern decides. */
  readonly keywords: readonly string[];
  /** Sticky, every repetition bounded. With a group, the group is the secret, and it ends the match. */
  readonly pattern: RegExp;
  /**
   * What may not stand before it. It holds the characters of the token's own body, so that one run of them is
   * examined once, however often the keyword occurs in it. Undefined: anything may.
   */
  readonly before?: RegExp;
  /** Characters of the token before its keyword, and how many there may be. */
  readonly lead?: { readonly of: RegExp; readonly charsMax: number };
  readonly accepts?: (value: string) => boolean;
}

const WORD = /[A-Za-z0-9_]/;
const DASHED = /[A-Za-z0-9_-]/;

export const TOKEN_RULES: readonly TokenRule[] = [
  {
    rule: "aws-access-key-id",
    kind: "aws-key",
    keywords: ["AKIA", "ASIA"],
    pattern: /A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])/y,
    before: WORD,
  },
  // GitHub's tokens end in the base62 CRC-32 of the rest. It is not asked for: a mistyped token is mostly a secret.
  {
    rule: "github-token",
    kind: "github-token",
    keywords: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    pattern: /gh[pousr]_[A-Za-z0-9]{36,255}(?![A-Za-z0-9])/y,
    before: WORD,
  },
  {
    rule: "github-fine-grained",
    kind: "github-token",
    keywords: ["github_pat_"],
    pattern: /github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9])/y,
    before: WORD,
  },
  {
    rule: "gitlab-token",
    kind: "gitlab-token",
    keywords: [
      "glpat-",
      "gldt-",
      "glrt-",
      "glptt-",
      "glcbt-",
      "glsoat-",
      "glagent-",
      "glft-",
      "glimt-",
      "gloas-",
    ],
    pattern:
      /gl(?:pat|dt|rt|ptt|cbt|soat|agent|ft|imt|oas)-[A-Za-z0-9_-]{20,120}(?:\.[0-9a-z]{2}\.[0-9a-z]{6,12})?/y,
    before: DASHED,
  },
  {
    rule: "npm-token",
    kind: "npm-token",
    keywords: ["npm_"],
    pattern: /npm_[A-Za-z0-9]{36}(?![A-Za-z0-9_])/y,
    before: WORD,
  },
  {
    rule: "pypi-token",
    kind: "pypi-token",
    keywords: ["pypi-"],
    pattern: /pypi-[A-Za-z0-9_-]{50,512}/y,
    before: DASHED,
    accepts: (value) => /[A-Z]/.test(value) && /[a-z]/.test(value) && /\d/.test(value),
  },
  {
    rule: "slack-token",
    kind: "slack-token",
    keywords: ["xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-", "xoxe-"],
    pattern: /xox[abprse]-[A-Za-z0-9-]{10,255}/y,
    before: DASHED,
    accepts: (value) => /\d/.test(value),
  },
  {
    rule: "slack-app-token",
    kind: "slack-token",
    keywords: ["xapp-"],
    pattern: /xapp-\d-[A-Za-z0-9-]{20,255}/y,
    before: DASHED,
  },
  {
    rule: "slack-webhook",
    kind: "webhook-url",
    keywords: ["hooks.slack.com/"],
    pattern:
      /hooks\.slack\.com\/(?:services|workflows|triggers)\/([A-Z0-9]{8,14}\/[A-Z0-9]{6,14}\/[A-Za-z0-9/]{16,64})/y,
  },
  {
    rule: "feishu-webhook",
    kind: "webhook-url",
    keywords: ["open.feishu.cn/", "open.larksuite.com/"],
    pattern: /open\.(?:feishu\.cn|larksuite\.com)\/open-apis\/bot\/(?:v2\/)?hook\/([0-9a-f-]{36})/y,
  },
  {
    rule: "dingtalk-webhook",
    kind: "webhook-url",
    keywords: ["oapi.dingtalk.com/"],
    pattern: /oapi\.dingtalk\.com\/robot\/send\?access_token=([0-9a-f]{64})/y,
  },
  {
    rule: "wecom-webhook",
    kind: "webhook-url",
    keywords: ["qyapi.weixin.qq.com/"],
    pattern: /qyapi\.weixin\.qq\.com\/cgi-bin\/webhook\/send\?key=([0-9a-f-]{36})/y,
  },
  {
    rule: "stripe-key",
    kind: "stripe-key",
    keywords: ["sk_live_", "rk_live_", "sk_test_", "rk_test_"],
    pattern: /[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}/y,
    before: WORD,
  },
  {
    rule: "stripe-webhook-secret",
    kind: "stripe-key",
    keywords: ["whsec_"],
    pattern: /whsec_[A-Za-z0-9+/]{24,128}={0,2}/y,
    before: WORD,
  },
  {
    rule: "anthropic-key",
    kind: "anthropic-key",
    keywords: ["sk-ant-"],
    pattern: /sk-ant-[A-Za-z0-9_-]{20,255}/y,
    before: DASHED,
    accepts: (value) => /\d/.test(value) && /[A-Za-z0-9_]{16}/.test(value),
  },
  {
    rule: "openai-key",
    kind: "openai-key",
    keywords: ["sk-proj-", "sk-svcacct-", "sk-admin-"],
    pattern: /sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,255}/y,
    before: DASHED,
    accepts: (value) => /\d/.test(value) && /[A-Za-z0-9_]{16}/.test(value),
  },
  {
    rule: "openai-legacy-key",
    kind: "openai-key",
    keywords: ["sk-"],
    pattern: /sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}(?![A-Za-z0-9])/y,
    before: DASHED,
  },
  // DashScope and DeepSeek: 32 hexadecimal digits. Moonshot, StepFun, SiliconFlow and old OpenAI keys: 48 base62.
  {
    rule: "model-key",
    kind: "model-key",
    keywords: ["sk-"],
    pattern: /sk-(?:or-v1-)?[A-Za-z0-9]{32,64}(?![A-Za-z0-9-])/y,
    before: DASHED,
    accepts: (value) => !value.includes("T3BlbkFJ") && isRandom(value.slice(3)),
  },
  {
    rule: "google-api-key",
    kind: "google-key",
    keywords: ["AIza"],
    pattern: /AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/y,
    before: DASHED,
  },
  {
    rule: "google-client-secret",
    kind: "google-key",
    keywords: ["GOCSPX-"],
    pattern: /GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/y,
    before: DASHED,
  },
  {
    rule: "azure-account-key",
    kind: "azure-key",
    keywords: ["AccountKey=", "SharedAccessKey="],
    pattern: /(?:Account|SharedAccess)Key=([A-Za-z0-9+/]{40,88}={0,2})/iy,
  },
  {
    rule: "hugging-face-token",
    kind: "hf-token",
    keywords: ["hf_"],
    pattern: /hf_[A-Za-z0-9]{30,40}(?![A-Za-z0-9_])/y,
    before: WORD,
    accepts: (value) => /[A-Z]/.test(value) && /[a-z]/.test(value.slice(3)),
  },
  {
    rule: "google-access-token",
    kind: "google-key",
    keywords: ["ya29."],
    pattern: /ya29\.[A-Za-z0-9_-]{30,2048}/y,
    before: DASHED,
  },
  {
    rule: "azure-sas",
    kind: "azure-key",
    keywords: ["&sig=", "?sig="],
    pattern: /[&?]sig=([A-Za-z0-9]{1,60}(?:(?:%[0-9A-Fa-f]{2}|[+/])[A-Za-z0-9]{0,60}){0,24}(?:=|%3D)?)/y,
    accepts: (value) => value.length >= 40,
  },
  {
    rule: "azure-client-secret",
    kind: "azure-key",
    keywords: ["Q~"],
    lead: { of: /[A-Za-z0-9_.~-]/, charsMax: 4 },
    pattern: /[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])/y,
  },
  {
    rule: "aliyun-access-key-id",
    kind: "aliyun-key",
    keywords: ["LTAI"],
    pattern: /LTAI[A-Za-z0-9]{12,30}(?![A-Za-z0-9_])/y,
    before: WORD,
    accepts: (value) => /\d/.test(value) || (/[a-z]/.test(value) && /[A-Z]/.test(value.slice(4))),
  },
  {
    rule: "tencent-secret-id",
    kind: "tencent-key",
    keywords: ["AKID"],
    pattern: /AKID[A-Za-z0-9]{28,40}(?![A-Za-z0-9_])/y,
    before: WORD,
    accepts: (value) => /\d/.test(value),
  },
  {
    rule: "json-web-token",
    kind: "jwt-token",
    keywords: ["eyJ"],
    pattern:
      /eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{2,16384}\.[A-Za-z0-9_-]{0,8192}(?:\.[A-Za-z0-9_-]{1,16384}){0,2}/y,
    before: DASHED,
    accepts: hasJoseHeader,
  },
  // A private key in PEM, in base64 once more: Kubernetes secrets, CI variables.
  {
    rule: "pem-in-base64",
    kind: "private-key",
    keywords: ["LS0tLS1CRUdJTi"],
    pattern: /LS0tLS1CRUdJTi[A-Za-z0-9+/]{100,16384}={0,2}/y,
    before: /[A-Za-z0-9+/]/,
    accepts: (value) => Buffer.from(value.slice(0, 128), "base64").includes("PRIVATE KEY-----"),
  },
  {
    rule: "age-identity",
    kind: "private-key",
    keywords: ["AGE-SECRET-KEY-1"],
    pattern: /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/y,
    before: DASHED,
  },
];

/** The secret of this form that begins at a keyword's position, if there is one. */
export function matchToken(rule: TokenRule, text: string, keywordAt: number): Candidate | undefined {
  const at = rule.lead === undefined ? keywordAt : startOfLead(text, keywordAt, rule.lead);
  if (rule.before !== undefined && !isBorder(text, at, rule.before)) return undefined;
  rule.pattern.lastIndex = at;
  const match = rule.pattern.exec(text);
  if (match === null) return undefined;
  const value = match[1] ?? match[0];
  if (isStencil(value) || rule.accepts?.(value) === false) return undefined;
  const end = at + match[0].length;
  return { start: end - value.length, end, kind: rule.kind, rule: rule.rule, certain: true };
}

function startOfLead(text: string, at: number, { of, charsMax }: NonNullable<TokenRule["lead"]>): number {
  let start = at;
  while (start > 0 && at - start < charsMax && of.test(text.charAt(start - 1))) start -= 1;
  return start;
}

/**
 * True where a token may begin. The letter before may belong to an escape of JSON or of a URL, as in
 * `\nAKIA…`, `\u0022AKIA…` and `%3DAKIA…`.
 */
function isBorder(text: string, at: number, before: RegExp): boolean {
  if (at === 0 || !before.test(text.charAt(at - 1))) return true;
  return /(?:\\[nrtbf]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2})$/.test(text.slice(Math.max(0, at - 6), at));
}

/** Documents show the form of a token with x's, dots, one letter over and over, or the word itself. */
function isStencil(value: string): boolean {
  if (/x{6,}|example|your[-_]|placeholder|replace[-_]?me|changeme/i.test(value)) return true;
  return new Set(value.slice(-16).toLowerCase()).size <= 2;
}

/** RFC 7515 and 7516: the first part is a JSON object that names an algorithm. */
function hasJoseHeader(value: string): boolean {
  const text = Buffer.from(value.slice(0, value.indexOf(".")), "base64url").toString();
  // Asked first because an exception costs a hundred times as much.
  if (!text.endsWith("}")) return false;
  try {
    const header: unknown = JSON.parse(text);
    return isRecord(header) && typeof header["alg"] === "string";
  } catch {
    return false; // Not JSON, so three words with dots between them.
  }
}
