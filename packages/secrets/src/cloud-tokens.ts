/** Keys of the Chinese clouds and platforms that have a prefix; those without are found beside their ids, see `pairs.ts`. */

import type { TokenRule } from "./tokens.ts";
import { isRandom } from "./value.ts";

const WORD = /[A-Za-z0-9_]/;
const HEX = "0123456789abcdef".split("");

export const CLOUD_TOKEN_RULES: readonly TokenRule[] = [
  {
    rule: "volcengine-access-key",
    kind: "cloud-key",
    keywords: ["AKLT", "AKTP"],
    pattern: /AK(?:LT|TP)[A-Za-z0-9_+/-]{20,64}={0,2}/y,
    before: WORD,
    accepts: (value) => isRandom(value.slice(4)),
  },
  // The id of a temporary key pair of Aliyun.
  {
    rule: "aliyun-sts-id",
    kind: "aliyun-key",
    keywords: ["STS.N"],
    pattern: /STS\.N[A-Za-z0-9]{18,40}(?![A-Za-z0-9_])/y,
    before: WORD,
    accepts: (value) => isRandom(value.slice(5)),
  },
  {
    rule: "baidu-access-key",
    kind: "cloud-key",
    keywords: ["ALTAK"],
    pattern: /ALTAK-?[A-Za-z0-9]{16,32}(?![A-Za-z0-9_])/y,
    before: WORD,
    accepts: (value) => /\d/.test(value),
  },
  {
    rule: "baidu-api-key",
    kind: "model-key",
    keywords: ["bce-v3/"],
    pattern: /bce-v3\/ALTAK-[A-Za-z0-9]{16,32}\/[0-9a-f]{32,64}/y,
    before: WORD,
  },
  {
    rule: "jdcloud-access-key",
    kind: "cloud-key",
    keywords: ["JDC_"],
    pattern: /JDC_[A-Z0-9]{28,32}(?![A-Za-z0-9_])/y,
    before: WORD,
    accepts: (value) => /\d/.test(value.slice(4)),
  },
  {
    rule: "dingtalk-sign-secret",
    kind: "app-secret",
    keywords: HEX.map((digit) => `SEC${digit}`),
    pattern: /SEC[0-9a-f]{64}(?![A-Za-z0-9])/y,
    before: WORD,
  },
  // Feishu's tenant, user and app access tokens.
  {
    rule: "feishu-access-token",
    kind: "app-secret",
    keywords: ["t-g", "a-g"],
    pattern: /[ta]-g[a-z0-9]{38,44}(?![A-Za-z0-9])/y,
    before: /[A-Za-z0-9_-]/,
    accepts: isRandom,
  },
  {
    rule: "wechat-access-token",
    kind: "app-secret",
    keywords: HEX.filter((digit) => /\d/.test(digit)).flatMap((digit) => [`access_token=${digit}`]),
    pattern: /access_token=(\d{1,3}_[A-Za-z0-9_-]{90,512})/y,
    before: WORD,
  },
  {
    rule: "ucloud-key",
    kind: "cloud-key",
    keywords: ["4eZ"],
    pattern: /4eZ[A-Za-z0-9]{37,60}={0,2}(?![A-Za-z0-9])/y,
    before: WORD,
    accepts: isRandom,
  },
  {
    rule: "minimax-key",
    kind: "model-key",
    keywords: ["sk-api-", "sk-cp-", "sk-sp-", "sk-kimi-", "sk-or-v1-"],
    pattern: /sk-(?:api|cp|sp|kimi|or-v1)-[A-Za-z0-9_-]{24,200}/y,
    before: /[A-Za-z0-9_-]/,
    accepts: (value) => /\d/.test(value) && isRandom(value.slice(7)),
  },
  {
    rule: "volcengine-ark-key",
    kind: "model-key",
    keywords: ["ark-"],
    pattern: /ark-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:-[0-9a-z]{5})?/y,
    before: /[A-Za-z0-9_-]/,
  },
  {
    rule: "modelscope-token",
    kind: "model-key",
    keywords: ["ms-"],
    pattern: /ms-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/y,
    before: /[A-Za-z0-9_-]/,
  },
];
