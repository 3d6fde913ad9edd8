/** Tokens of services with a prefix of their own, in the forms their makers publish. */

import type { TokenRule } from "./tokens.ts";

const WORD = /[A-Za-z0-9_]/;
const DASHED = /[A-Za-z0-9_-]/;

/** A keyword of two letters stands everywhere; with its next character it is rare. */
const followed = (prefix: string, by: string): string[] => by.split("").map((char) => prefix + char);
const HEX = "0123456789abcdef";

/** One line per token: rule, keywords, form, what may not stand before it. */
function service(
  rule: string,
  keywords: readonly string[],
  pattern: RegExp,
  more: Partial<Pick<TokenRule, "before" | "accepts" | "lead" | "kind">> = {},
): TokenRule {
  return { rule, kind: "service-token", keywords, pattern, before: WORD, ...more };
}

const mixed = (value: string): boolean => /\d/.test(value) && /[A-Za-z]/.test(value);

export const SERVICE_TOKEN_RULES: readonly TokenRule[] = [
  service("sendgrid-key", ["SG."], /SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}/y),
  service("twilio-key", followed("SK", HEX), /SK[0-9a-f]{32}(?![A-Za-z0-9])/y),
  service("mailgun-key", followed("key-", HEX), /key-[0-9a-f]{32}(?![A-Za-z0-9])/y),
  service("mailchimp-key", ["-us1", "-us2"], /[0-9a-f]{32}-us\d{1,2}(?![A-Za-z0-9])/y, {
    lead: { of: /[0-9a-f]/, charsMax: 32 },
  }),
  service(
    "shopify-token",
    ["shpat_", "shpca_", "shppa_", "shpss_", "shptka_"],
    /shp(?:at|ca|pa|ss|tka)_[A-Fa-f0-9]{32}/y,
  ),
  service("digitalocean-token", ["dop_v1_", "doo_v1_", "dor_v1_"], /do[opr]_v1_[a-f0-9]{64}/y),
  service("databricks-token", followed("dapi", HEX), /dapi[0-9a-f]{32}(?:-\d)?(?![A-Za-z0-9])/y),
  service("docker-token", ["dckr_pat_", "dckr_oat_"], /dckr_[po]at_[A-Za-z0-9_-]{24,64}/y),
  service("vault-token", ["hvs.", "hvb.", "hvr."], /hv[sbr]\.[A-Za-z0-9_-]{20,300}/y, { accepts: mixed }),
  service("terraform-cloud-token", [".atlasv1."], /[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}/y, {
    lead: { of: /[A-Za-z0-9]/, charsMax: 14 },
  }),
  service(
    "grafana-token",
    ["glsa_", "glc_"],
    /gl(?:sa_[A-Za-z0-9]{32}_[0-9a-f]{8}|c_[A-Za-z0-9+/]{32,400}={0,2})/y,
  ),
  service("linear-key", ["lin_api_", "lin_oauth_"], /lin_(?:api|oauth)_[A-Za-z0-9]{40,64}/y),
  service(
    "notion-token",
    ["ntn_", "secret_"],
    /(?:ntn_[A-Za-z0-9]{40,50}|secret_[A-Za-z0-9]{43})(?![A-Za-z0-9])/y,
    {
      accepts: mixed,
    },
  ),
  service("figma-token", ["figd_", "figo_"], /fig[do]_[A-Za-z0-9_-]{36,64}/y),
  service("postman-key", ["PMAK-"], /PMAK-[0-9a-f]{24}-[0-9a-f]{34}/y),
  service(
    "atlassian-token",
    ["ATATT3", "ATCTT3", "ATBB"],
    /(?:AT[AC]TT3[A-Za-z0-9_=-]{60,300}|ATBB[A-Za-z0-9]{32})/y,
  ),
  service("new-relic-key", ["NRAK-", "NRII-", "NRJS-", "NRAL-"], /NR(?:AK|II|JS|AL)-[A-Za-z0-9_-]{19,40}/y, {
    accepts: mixed,
  }),
  service("sentry-token", ["sntrys_", "sntryu_"], /sntry[su]_[A-Za-z0-9+/=_-]{40,400}/y),
  service("supabase-token", ["sbp_", "sb_secret_"], /(?:sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,64})/y),
  service("netlify-token", ["nfp_", "nfc_"], /nf[pc]_[A-Za-z0-9]{36,48}/y),
  service("vercel-token", ["vcp_", "vck_", "vci_"], /vc[pki]_[A-Za-z0-9]{24,64}/y, { accepts: mixed }),
  service("fly-token", ["fo1_", "fm2_", "fm1r_"], /f(?:o1|m2|m1r)_[A-Za-z0-9+/=_-]{40,600}/y),
  service("cloudflare-ca-key", ["v1.0-"], /v1\.0-[0-9a-f]{24}-[0-9a-f]{146}/y),
  service("pulumi-token", followed("pul-", HEX), /pul-[0-9a-f]{40}/y),
  service(
    "doppler-token",
    ["dp.pt.", "dp.st.", "dp.ct.", "dp.sa."],
    /dp\.(?:pt|st|ct|sa)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}/y,
  ),
  service("1password-token", ["ops_eyJ"], /ops_eyJ[A-Za-z0-9+/]{200,1500}={0,3}/y),
  service("rubygems-key", ["rubygems_"], /rubygems_[0-9a-f]{48}/y),
  service("crates-token", ["cio"], /cio[A-Za-z0-9]{32}(?![A-Za-z0-9])/y, { accepts: mixed }),
  service("clojars-token", ["CLOJARS_"], /CLOJARS_[a-z0-9]{60}/iy),
  service("nuget-key", ["oy2"], /oy2[a-z0-9]{43}(?![A-Za-z0-9])/y),
  service("planetscale", ["pscale_"], /pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_.-]{32,64}/y),
  service("airtable-token", ["pat"], /pat[A-Za-z0-9]{14}\.[0-9a-f]{64}/y),
  service("asana-token", ["1/"], /1\/\d{16}:[0-9a-f]{32}/y),
  service(
    "square-token",
    ["sq0atp-", "sq0csp-", "EAAAE"],
    /(?:sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}|EAAAE[A-Za-z0-9_-]{59})/y,
  ),
  service("sonar-token", ["sqa_", "squ_", "sqp_"], /sq[aup]_[0-9a-f]{40}/y),
  service("brevo-key", ["xkeysib-"], /xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}/y),
  service("resend-key", ["re_"], /re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}(?![A-Za-z0-9_])/y, { accepts: mixed }),
  service("telegram-bot", [":AA"], /\d{8,10}:AA[A-Za-z0-9_-]{32,34}(?![A-Za-z0-9_-])/y, {
    kind: "bot-token",
    lead: { of: /\d/, charsMax: 10 },
  }),
  service("discord-webhook", ["/api/webhooks/"], /\/api\/webhooks\/\d{17,20}\/([A-Za-z0-9_-]{60,80})/y, {
    kind: "webhook-url",
    before: /[^\w.]/,
  }),
  service(
    "teams-webhook",
    ["webhook.office.com/"],
    /webhook\.office\.com\/webhookb2\/([\w@-]{36,80}\/IncomingWebhook\/[0-9a-f]{32}\/[0-9a-f-]{36})/y,
    {
      kind: "webhook-url",
    },
  ),
  service("facebook-token", ["EAA"], /EAA[A-Za-z0-9]{80,300}(?![A-Za-z0-9])/y, { accepts: mixed }),
  service("artifactory-key", ["AKCp"], /AKCp[A-Za-z0-9]{65,75}(?![A-Za-z0-9])/y),
  service("contentful-token", ["CFPAT-"], /CFPAT-[A-Za-z0-9_-]{40,64}/y),
  service(
    "tailscale-key",
    ["tskey-"],
    /tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{8,32}-[A-Za-z0-9]{16,64}/y,
  ),
  service("sourcegraph-token", ["sgp_"], /sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}/y),
  service("buildkite-token", ["bkua_"], /bkua_[0-9a-f]{40}/y),
  service("circleci-token", ["CCIPAT_"], /CCIPAT_[A-Za-z0-9]{10,32}_[0-9a-f]{40}/y),
  service("dropbox-token", ["sl."], /sl\.(?:u\.)?[A-Za-z0-9_-]{130,1200}/y, {
    accepts: mixed,
    before: DASHED,
  }),
  service("easypost-key", ["EZAK", "EZTK"], /EZ[AT]K[A-Za-z0-9]{54}/y),
  service("flutterwave-key", ["FLWSECK"], /FLWSECK(?:_TEST)?-[A-Za-z0-9]{12,40}/y),
  service("okta-token", ["SSWS "], /SSWS (00[A-Za-z0-9_-]{40})/y),
  service("prefect-key", ["pnu_"], /pnu_[A-Za-z0-9]{36}/y),
  service("scalingo-token", ["tk-us-"], /tk-us-[A-Za-z0-9_-]{48}/y),
  service("groq-key", ["gsk_"], /gsk_[A-Za-z0-9]{52}/y, { kind: "model-key" }),
  service("replicate-key", ["r8_"], /r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])/y, { kind: "model-key" }),
  service("perplexity-key", ["pplx-"], /pplx-[A-Za-z0-9]{40,56}/y, { kind: "model-key" }),
  service("xai-key", ["xai-"], /xai-[A-Za-z0-9]{70,90}/y, { kind: "model-key" }),
  service("nvidia-key", ["nvapi-"], /nvapi-[A-Za-z0-9_-]{60,72}/y, { kind: "model-key" }),
  service("fireworks-key", ["fw_"], /fw_[A-Za-z0-9]{22,28}(?![A-Za-z0-9_])/y, {
    kind: "model-key",
    accepts: (value) => /\d/.test(value) && /[A-Z]/.test(value) && /[a-z]/.test(value.slice(3)),
  }),
  service("cerebras-key", ["csk-"], /csk-[a-z0-9]{48}/y, { kind: "model-key" }),
];
