/** Made-up credentials in their vendors' forms. Prefixes are in pieces, so that no scanner takes this file for a leak. */

import type { SecretKind } from "../../src/finding.ts";
import type { Random } from "./random.ts";

export interface Credential {
  /** Any of these counts as the right kind. */
  readonly kinds: readonly SecretKind[];
  /** The variable it is usually given to. */
  readonly name: string;
  readonly make: (random: Random) => string;
}

const b64url = (text: string): string => Buffer.from(text).toString("base64url");
const UPPER32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const UPPER36 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER36 = "abcdefghijklmnopqrstuvwxyz0123456789";

function credential(kinds: string, name: string, make: (random: Random) => string): Credential {
  return { kinds: kinds.split(" ") as SecretKind[], name, make };
}

export function jwt(r: Random): string {
  return `${b64url('{"alg":"RS256","typ":"JWT","kid":"k1"}')}.${b64url(`{"sub":"${r.digits(6)}","exp":17${r.digits(8)}}`)}.${r.base62(86)}`;
}

/** Known by their own form, whatever stands around them. */
export const selfEvident: readonly Credential[] = [
  credential("aws-key", "AWS_ACCESS_KEY_ID", (r) => "AK" + "IA" + r.from(UPPER32, 16)),
  credential("aws-key", "AWS_ACCESS_KEY_ID", (r) => "AS" + "IA" + r.from(UPPER32, 16)),
  credential("github-token", "GH_TOKEN", (r) => "gh" + "p_" + r.base62(36)),
  credential("github-token", "GITHUB_PAT", (r) => "github" + "_pat_" + r.base62(22) + "_" + r.base62(59)),
  credential("gitlab-token", "CI_TOKEN", (r) => "glp" + "at-" + r.base62(20)),
  credential("npm-token", "NPM_TOKEN", (r) => "np" + "m_" + r.base62(36)),
  credential("slack-token", "SLACK_BOT", (r) => `xox\u0062-${r.digits(12)}-${r.digits(12)}-${r.base62(24)}`),
  credential("stripe-key", "STRIPE_KEY", (r) => "sk" + "_live_" + r.base62(24)),
  credential("openai-key", "OPENAI_KEY", (r) => "sk-" + "proj-" + r.base62(48) + "_" + r.base62(70)),
  credential("anthropic-key", "CLAUDE_KEY", (r) => "sk-" + "ant-api03-" + r.base62(93) + "AA"),
  credential("google-key", "MAPS_KEY", (r) => "AI" + "zaSy" + r.base62(33)),
  credential("google-key", "OAUTH_SECRET", (r) => "GOC" + "SPX-" + r.base62(28)),
  credential("hf-token", "HUB_TOKEN", (r) => "h" + "f_" + r.base62(34)),
  credential("aliyun-key", "ALIYUN_AK", (r) => "LT" + "AI" + r.base62(12)),
  credential("aliyun-key", "OSS_ACCESS_ID", (r) => "LT" + "AI5t" + r.base62(18)),
  credential("tencent-key", "COS_SECRET_ID", (r) => "AK" + "ID" + r.base62(32)),
  credential("model-key", "DASHSCOPE_API_KEY", (r) => "sk-" + r.hex(32)),
  credential("model-key openai-key", "MOONSHOT_API_KEY", (r) => "sk-" + r.base62(48)),
  credential("model-key", "SILICONFLOW_KEY", (r) => "sk-" + r.from("abcdefghijklmnopqrstuvwxyz", 48)),
  credential("model-key", "ZHIPUAI_API_KEY", (r) => `${r.hex(32)}.${r.base62(16)}`),
  credential("model-key", "GROQ_KEY", (r) => "gs" + "k_" + r.base62(52)),
  credential(
    "cloud-key",
    "VOLC_ACCESSKEY",
    (r) => "AKLT" + Buffer.from(r.hex(32)).toString("base64").replace(/=+$/, ""),
  ),
  credential("cloud-key", "BCE_ACCESS_KEY", (r) => "ALTAK" + r.base62(21)),
  credential("service-token", "SENDGRID_KEY", (r) => `S\u0047.${r.base62(22)}.${r.base62(43)}`),
  credential("service-token", "TWILIO_KEY", (r) => "S" + "K" + r.hex(32)),
  credential("service-token", "SHOPIFY_TOKEN", (r) => "shp" + "at_" + r.hex(32)),
  credential("service-token", "DO_TOKEN", (r) => "dop" + "_v1_" + r.hex(64)),
  credential("service-token", "DATABRICKS_TOKEN", (r) => "da" + "pi" + r.hex(32)),
  credential("service-token", "DOCKER_PAT", (r) => "dckr" + "_pat_" + r.base62(27)),
  credential("service-token", "VAULT_TOKEN", (r) => "hv" + "s." + r.base62(24)),
  credential("service-token", "GRAFANA_SA", (r) => `gl\u0073a_${r.base62(32)}_${r.hex(8)}`),
  credential("service-token", "LINEAR_KEY", (r) => "lin" + "_api_" + r.base62(40)),
  credential("service-token", "NOTION_KEY", (r) => "nt" + "n_" + r.digits(11) + r.base62(35)),
  credential("service-token", "FIGMA_PAT", (r) => "fi" + "gd_" + r.base62(40)),
  credential("service-token", "POSTMAN_KEY", (r) => `PM\u0041K-${r.hex(24)}-${r.hex(34)}`),
  credential(
    "service-token",
    "JIRA_TOKEN",
    (r) => "ATA" + "TT3xFfGF0" + r.base62(60) + "=" + r.hex(8).toUpperCase(),
  ),
  credential("service-token", "NEWRELIC_KEY", (r) => "NR" + "AK-" + r.from(UPPER36, 27)),
  credential("service-token", "TF_CLOUD", (r) => `${r.base62(14)}.atlas\u00761.${r.base62(64)}`),
  credential("bot-token", "TG_BOT", (r) => `${r.digits(10).replace(/^0/, "7")}:AA${r.base62(33)}`),
  credential("bot-token", "DISCORD_BOT", (r) => `M\u0054${r.base62(24)}.G${r.base62(5)}.${r.base62(38)}`),
  credential("jwt-token auth-header", "ID_TOKEN", jwt),
  credential("pypi-token", "TWINE_PASSWORD", (r) => "pypi" + "-AgEIcHlwaS5vcmc" + r.base62(150)),
];

/** Nothing but the name tells. */
export const named: readonly Credential[] = [
  credential("named-secret", "DB_PASSWORD", (r) => r.password()),
  credential("named-secret", "REDIS_PASS", (r) => r.password()),
  credential("named-secret", "SMTP_PASSWORD", (r) => r.password()),
  credential("named-secret", "JWT_SECRET", (r) => r.base62(40)),
  credential("named-secret", "SESSION_SECRET", (r) => r.hex(64)),
  credential("named-secret", "API_KEY", (r) => r.hex(32)),
  credential("named-secret", "X_API_TOKEN", (r) => r.base62(32)),
  credential("named-secret", "ENCRYPTION_KEY", (r) => r.base64(32)),
  credential("named-secret", "CLIENT_SECRET", (r) => r.base62(36)),
  credential("named-secret", "ADMIN_PASSWD", (r) => r.password()),
  credential("named-secret", "SIGNING_KEY", (r) => r.base64(48)),
  credential("aws-secret", "AWS_SECRET_ACCESS_KEY", (r) => r.base62(19) + "/" + r.base62(20)),
  credential("aliyun-secret named-secret", "ALIYUN_ACCESS_KEY_SECRET", (r) => r.base62(30)),
  credential("tencent-secret named-secret", "TENCENT_SECRET_KEY", (r) => r.base62(32)),
  credential("named-secret cloud-key", "HUAWEICLOUD_SDK_SK", (r) => r.base62(40)),
  credential("named-secret cloud-key", "QINIU_SECRET_KEY", (r) => r.base62(40)),
  credential("named-secret app-secret", "WECHAT_APP_SECRET", (r) => r.hex(32)),
  credential("named-secret app-secret", "FEISHU_APP_SECRET", (r) => r.base62(32)),
  credential("named-secret app-secret", "DINGTALK_APP_SECRET", (r) => r.base62(64)),
  credential("named-secret", "COOKIE_SIGNING_SECRET", (r) => r.from(LOWER36, 24)),
  credential("named-secret service-token", "DD_API_KEY", (r) => r.hex(32)),
  credential("named-secret service-token", "CLOUDFLARE_API_TOKEN", (r) => r.base62(40)),
  credential("named-secret", "MYSQL_ROOT_PASSWORD", (r) => r.password()),
  credential("named-secret", "KEYSTORE_PASSWORD", (r) => r.password()),
];
