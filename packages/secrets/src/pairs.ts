import type { Candidate, SecretKind } from "./finding.ts";
import { isRandom } from "./value.ts";

/** The second half of a key pair has no prefix: only its length, and the first half or its vendor's name nearby, tell. */
interface Pair {
  /** Rules of the first halves, and kinds of anchor. */
  readonly ids: readonly string[];
  readonly secret: SecretKind;
  readonly rule: string;
  readonly pattern: RegExp;
  readonly accepts: (value: string, before: string) => boolean;
}

/** What makes a pair likely without being a secret itself: a vendor's name, the public id of an app. */
export interface Anchor {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
}

/** Lower-case hexadecimal is a digest; a key of this length has capitals, small letters and digits. */
const isMixed = (value: string): boolean =>
  /[A-Z]/.test(value) && /[a-z]/.test(value) && /\d/.test(value) && !value.includes("EXAMPLE");

const DIGEST_BEFORE =
  /(?:md5|sha\d*|hash|digest|etag|sign(?:ature)?|checksum|commit|rev(?:ision)?|trace_?id|span_?id|request_?id|nonce|uuid|guid|openid|unionid|media_?id|template_?id|ticket)["']?[ \t]{0,4}[:=,(]{0,2}[ \t]{0,4}["']?$/i;
const isHexSecret = (value: string, before: string): boolean =>
  isRandom(value) && !DIGEST_BEFORE.test(before);

const PAIRS: readonly Pair[] = [
  {
    ids: ["aws-access-key-id"],
    secret: "aws-secret",
    rule: "aws-secret-pair",
    pattern: /(?<![A-Za-z0-9/+=_-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])/g,
    accepts: isMixed,
  },
  {
    ids: ["aliyun-access-key-id"],
    secret: "aliyun-secret",
    rule: "aliyun-secret-pair",
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9]{30}(?![A-Za-z0-9_-])/g,
    accepts: isMixed,
  },
  {
    ids: ["tencent-secret-id"],
    secret: "tencent-secret",
    rule: "tencent-secret-pair",
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9]{32}(?![A-Za-z0-9_-])/g,
    accepts: isMixed,
  },
  {
    ids: ["feishu-app-id"],
    secret: "app-secret",
    rule: "feishu-secret-pair",
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9]{32}(?![A-Za-z0-9_-])/g,
    accepts: isMixed,
  },
  {
    ids: ["wechat-app-id"],
    secret: "app-secret",
    rule: "wechat-secret-pair",
    pattern: /(?<![A-Za-z0-9_-])[0-9a-f]{32}(?![A-Za-z0-9_-])/g,
    accepts: isHexSecret,
  },
  {
    ids: ["baidu-access-key"],
    secret: "cloud-key",
    rule: "baidu-secret-pair",
    pattern: /(?<![A-Za-z0-9_-])[0-9a-f]{32}(?![A-Za-z0-9_-])/g,
    accepts: isHexSecret,
  },
  {
    ids: ["volcengine-access-key"],
    secret: "cloud-key",
    rule: "volcengine-secret-pair",
    pattern: /(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{50,62}={0,2}(?![A-Za-z0-9+/=_-])/g,
    accepts: isMixed,
  },
  {
    ids: ["qiniu-name"],
    secret: "cloud-key",
    rule: "qiniu-key-pair",
    pattern: /(?<![A-Za-z0-9_/-])[A-Za-z0-9_-]{40}(?![A-Za-z0-9_/-])/g,
    accepts: isMixed,
  },
  {
    ids: ["baidu-name"],
    secret: "cloud-key",
    rule: "baidu-key-pair",
    pattern: /(?<=["'])(?:[A-Za-z0-9]{24}|[A-Za-z0-9]{32})(?=["'])/g,
    accepts: (value, before) => isMixed(value) && isRandom(value) && !DIGEST_BEFORE.test(before),
  },
  {
    ids: ["twilio-name"],
    secret: "service-token",
    rule: "twilio-token-pair",
    pattern: /(?<![A-Za-z0-9_-])[0-9a-f]{32}(?![A-Za-z0-9_-])/g,
    accepts: isHexSecret,
  },
  {
    ids: ["huawei-name"],
    secret: "cloud-key",
    rule: "huawei-secret-pair",
    pattern: /(?<![A-Za-z0-9_/-])[A-Za-z0-9]{40}(?![A-Za-z0-9_/-])/g,
    accepts: isMixed,
  },
  {
    ids: ["huawei-name"],
    secret: "cloud-key",
    rule: "huawei-access-key",
    pattern: /(?<![A-Za-z0-9_/-])[A-Z0-9]{20}(?![A-Za-z0-9_/-])/g,
    accepts: (value, before) =>
      /\d/.test(value) &&
      /[A-Z]/.test(value) &&
      /(?:ak|access_?key(?:_?id)?|-i)["']?[ \t]*[:=,(]{1,2}[ \t]*["']?$/i.test(before),
  },
];

const REACH_CHARS_MAX = 400;
const BEFORE_CHARS = 32;

/** Secrets within 400 characters of an id. `found` and `anchors` in order of `start`. Each place is searched once. */
export function findPairs(
  text: string,
  found: readonly Candidate[],
  anchors: readonly Anchor[],
): Candidate[] {
  const secrets: Candidate[] = [];
  for (const pair of PAIRS) {
    let searched = 0;
    for (const id of idsOf(pair, found, anchors)) {
      const from = Math.max(searched, id.start - REACH_CHARS_MAX, 0);
      const window = text.slice(from, id.end + REACH_CHARS_MAX);
      for (const match of window.matchAll(pair.pattern)) {
        const value = match[0];
        const start = from + match.index;
        if (!pair.accepts(value, text.slice(Math.max(0, start - BEFORE_CHARS), start))) continue;
        const end = start + value.length;
        // Another id of the same form is not the secret of this one.
        if (start < id.end && id.start < end) continue;
        secrets.push({ start, end, kind: pair.secret, rule: pair.rule, certain: true });
      }
      // A secret may straddle the border of two windows.
      searched = Math.max(searched, id.end + REACH_CHARS_MAX - 64);
    }
  }
  return secrets;
}

function idsOf({ ids }: Pair, found: readonly Candidate[], anchors: readonly Anchor[]): Anchor[] {
  return [
    ...found.filter(({ rule }) => ids.includes(rule)),
    ...anchors.filter(({ rule }) => ids.includes(rule)),
  ];
}

const ANCHORS: readonly { readonly rule: string; readonly keyword: string; readonly pattern: RegExp }[] = [
  { rule: "feishu-app-id", keyword: "cli_", pattern: /cli_[a-z0-9]{16,20}(?![A-Za-z0-9_])/y },
  { rule: "wechat-app-id", keyword: "wx", pattern: /wx[0-9a-f]{16}(?![A-Za-z0-9_])/y },
  { rule: "qiniu-name", keyword: "qiniu", pattern: /qiniu/iy },
  { rule: "huawei-name", keyword: "huaweicloud", pattern: /huaweicloud/iy },
  { rule: "baidu-name", keyword: "百度", pattern: /百度/y },
  {
    rule: "baidu-name",
    keyword: "aip",
    pattern: /Aip(?:Ocr|Speech|Nlp|Face|ImageClassify|BodyAnalysis|Client|ContentCensor)\b/iy,
  },
  { rule: "twilio-name", keyword: "twilio", pattern: /twilio/iy },
  ...Array.from("0123456789", (digit) => ({
    rule: "twilio-name",
    keyword: `AC${digit}`,
    pattern: /AC[0-9a-f]{32}(?![A-Za-z0-9_])/y,
  })),
  { rule: "huawei-name", keyword: "华为", pattern: /华为/y },
  { rule: "huawei-name", keyword: "hwcloud", pattern: /hwcloud/iy },
  { rule: "huawei-name", keyword: "huawei_", pattern: /huawei_/iy },
  { rule: "huawei-name", keyword: "obsclient", pattern: /obsclient/iy },
  { rule: "huawei-name", keyword: "obsutil", pattern: /obsutil/iy },
];

export const ANCHOR_KEYWORDS: readonly string[] = ANCHORS.map(({ keyword }) => keyword);

/** The anchor of a keyword, by its place in `ANCHOR_KEYWORDS`, if it stands at `at`. */
export function anchorAt(index: number, text: string, at: number): Anchor | undefined {
  const anchor = ANCHORS[index];
  if (
    anchor === undefined ||
    (at > 0 && /[A-Za-z0-9_]/.test(text.charAt(at - 1)) && anchor.keyword.length < 5)
  ) {
    return undefined;
  }
  anchor.pattern.lastIndex = at;
  return anchor.pattern.test(text)
    ? { start: at, end: anchor.pattern.lastIndex, rule: anchor.rule }
    : undefined;
}
