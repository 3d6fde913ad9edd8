/** Made-up secrets in the places where real ones occur. Assembled here, so that no scanner takes this file for a leak. */

import type { SecretKind } from "../src/finding.ts";

const ALPHABET = "aK7fQ2mXz9LrT4bWc8Hn3VpYd6GjS5eUq1RtB0oZiMgNvCwEhJxDkPsAyFuIlO";

/** Letters and digits without meaning, always the same for the same arguments. */
export function made(chars: number, seed = 1): string {
  let state = seed * 7919 + chars;
  return Array.from({ length: chars }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return ALPHABET.charAt((state >>> 8) % ALPHABET.length);
  }).join("");
}

const hex = (chars: number): string =>
  Buffer.from(made(chars)).toString("hex").slice(0, chars).replace(/^./, "c");
const upper = (chars: number): string => made(chars, 3).toUpperCase().slice(0, chars);
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const base64url = (text: string): string => Buffer.from(text).toString("base64url");

const pemLines = Array.from({ length: 6 }, (_, line) => made(64, line + 11));
export const PEM: string = [
  "-----BEGIN RSA ",
  ["PRIVATE KEY-----", ...pemLines, "-----END RSA "].join("\n"),
  "PRIVATE KEY-----",
].join("");
const pemInJson = PEM.replaceAll("\n", "\\n");
const pemNumbered = PEM.split("\n")
  .map((line, at) => (at === 0 ? line : `${at + 12}\t${line}`))
  .join("\n");
const pemJoined = PEM.split("\n")
  .map((line) => `${line}\\n`)
  .join('" +\n  "')
  .slice(0, -2);
const pemSsh = PEM.replaceAll("RSA", "OPENSSH");
const pemPlain = PEM.replaceAll("RSA ", "");
const pemLocked = PEM.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A1B\n\n");

const pemGrepped = PEM.split("\n")
  .map((line, at) => (at === 0 ? line : `keys/a.pem:${at + 1}:${line}`))
  .join("\n");
const pemTail = PEM.slice(PEM.indexOf("\n") + 1);
const pemTailNumbered = pemTail
  .split("\n")
  .map((line, at) => (at === 0 ? line : `${at + 8}\t${line}`))
  .join("\n");

const awsId = "AK" + "IA" + upper(16);
const stsId = "AS" + "IA" + upper(16);
const awsSecret = made(17, 5) + "/" + made(22, 6);
const github = "gh" + "p_" + made(36);
const fineGrained = "github" + "_pat_" + made(22) + "_" + made(59);
const gitlab = "glp" + "at-" + made(20);
const npm = "np" + "m_" + made(36);
const pypi = "pyp" + "i-AgEIcHlwaS5vcmc" + made(80);
const slack = "xox" + "b-" + "4829173650-5839201746-" + made(24);
const slackPath = `T${upper(9)}/B${upper(9)}/${made(24)}`;
const uuid = "3f2a9c1e-7b4d-4e8a-9f60-" + hex(12);
const stripe = "sk" + "_live_" + made(24);
const stripeHook = "wh" + "sec_" + made(32);
const openai = "sk-" + "proj-" + made(80) + "_" + made(20);
const openaiOld = "sk-" + made(20) + "T3Blbk" + "FJ" + made(20, 2);
const anthropic = "sk-" + "ant-api03-" + made(60) + "-" + made(32) + "AA";
const google = "AI" + "za" + made(35);
const googleClient = "GOC" + "SPX-" + made(28);
const azure = base64(made(64));
const huggingFace = "h" + "f_" + made(34);
const aliyunOld = "LT" + "AI" + made(12);
const aliyun = "LT" + "AI5t" + made(18);
const aliyunSecret = made(30, 4);
const tencent = "AK" + "ID" + made(32);
const tencentSecret = made(32, 9);
const dashscope = "sk-" + hex(32);
const moonshot = "sk-" + made(48);
const jwt = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url('{"sub":"4711","name":"m"}')}.${made(43)}`;
const age = "AGE-SECRET-" + "KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(2).slice(0, 58);
const human = "Tr0ub4dor" + "&3x";
const plain = "Sommer" + "2031";
const opaque = made(28, 12);

export const positives: readonly (readonly [text: string, kind: SecretKind, value: string])[] = [
  [`aws_access_key_id = ${awsId}`, "aws-key", awsId],
  [`{"AccessKeyId":"${stsId}"}`, "aws-key", stsId],
  [`log\\n${awsId}\\nnext`, "aws-key", awsId],
  [`q=%3D${awsId}&`, "aws-key", awsId],
  [`AWS_SECRET_ACCESS_KEY=${awsSecret}`, "aws-secret", awsSecret],
  [`"SecretAccessKey": "${awsSecret}"`, "aws-secret", awsSecret],
  [`GITHUB_TOKEN=${github}`, "github-token", github],
  [`git clone https://x-access-token:${github}@github.com/a/b`, "github-token", github],
  [`gh auth: ${github.replace("ghp", "gho")}.`, "github-token", github.replace("ghp", "gho")],
  [`(${fineGrained})`, "github-token", fineGrained],
  [`PRIVATE-TOKEN: ${gitlab}`, "gitlab-token", gitlab],
  [`//registry.example.org/:_authToken=${npm}`, "npm-token", npm],
  [`password = ${pypi}`, "pypi-token", pypi],
  [`const bot = new Bot("${slack}");`, "slack-token", slack],
  [`https://hooks.slack.com/services/${slackPath}`, "webhook-url", slackPath],
  [`https://open.feishu.cn/open-apis/bot/v2/hook/${uuid}`, "webhook-url", uuid],
  [`https://oapi.dingtalk.com/robot/send?access_token=${hex(64)}`, "webhook-url", hex(64)],
  [`https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${uuid}`, "webhook-url", uuid],
  [`stripe.api_key = "${stripe}"`, "stripe-key", stripe],
  [`'${stripe.replace("sk", "rk")}'`, "stripe-key", stripe.replace("sk", "rk")],
  [`endpoint ${stripeHook}`, "stripe-key", stripeHook],
  [`OPENAI_API_KEY=${openai}`, "openai-key", openai],
  [`openai.api_key = '${openaiOld}'`, "openai-key", openaiOld],
  [`export ANTHROPIC_API_KEY="${anthropic}"`, "anthropic-key", anthropic],
  [`maps?key=${google}&v=3`, "google-key", google],
  [`"client_secret":"${googleClient}"`, "google-key", googleClient],
  [`DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${azure};EndpointSuffix=x`, "azure-key", azure],
  [`HF_TOKEN: ${huggingFace}`, "hf-token", huggingFace],
  [`accessKeyId: "${aliyunOld}"`, "aliyun-key", aliyunOld],
  [`ALIBABA_CLOUD_ACCESS_KEY_ID=${aliyun}`, "aliyun-key", aliyun],
  [`aliyun.oss.accessKeySecret=${aliyunSecret}`, "aliyun-secret", aliyunSecret],
  [`secret_id = "${tencent}"`, "tencent-key", tencent],
  [`TENCENTCLOUD_SECRET_KEY=${tencentSecret}`, "tencent-secret", tencentSecret],
  [`DASHSCOPE_API_KEY=${dashscope}`, "model-key", dashscope],
  [`client = OpenAI(api_key="${moonshot}", base_url=u)`, "model-key", moonshot],
  [`cookie: session=${jwt}; path=/`, "jwt-token", jwt],
  [`Authorization: Bearer ${jwt}`, "jwt-token", jwt],
  [`${PEM}\n`, "private-key", PEM],
  [`{"type":"service_account","private_key":"${pemInJson}\\n","client_id":"1"}`, "private-key", pemInJson],
  [`    12\t${pemNumbered}\n19\tend`, "private-key", pemNumbered],
  [`const key = "${pemJoined}";`, "private-key", pemJoined],
  [`keys/a.pem:1:${pemGrepped}`, "private-key", pemGrepped],
  [`  +${PEM.replaceAll("\n", "\n  +")}`, "private-key", PEM.replaceAll("\n", "\n  +")],
  [`some text\n${pemTail}\nmore`, "private-key", pemTail],
  [`8\t${pemTailNumbered}\n`, "private-key", pemTailNumbered],
  [pemSsh, "private-key", pemSsh],
  [pemPlain, "private-key", pemPlain],
  [pemLocked, "private-key", pemLocked],
  [`tls.key: ${base64(PEM)}\n`, "private-key", base64(PEM)],
  [`AWS_SESSION_TOKEN=${made(700)}\n`, "named-secret", made(700)],
  [`# created\n${age}\n`, "private-key", age],
  [`postgres://app:${human}@db.internal:5432/x`, "url-password", human],
  [`redis://:${plain}@cache/0`, "url-password", plain],
  [`mysql+pymysql://root:p@ss${plain}@localhost/x`, "url-password", `p@ss${plain}`],
  [`"url": "amqp://svc:s3cr@mq"`, "url-password", "s3cr"],
  [`curl -H "Authorization: Bearer ${opaque}" https://a`, "auth-header", opaque],
  [`headers: { Authorization: "Basic ${base64(`svc:${human}`)}" }`, "auth-header", base64(`svc:${human}`)],
  [`Bearer ${opaque}`, "auth-header", opaque],
  [`DB_PASSWORD=${human}`, "named-secret", human],
  [`export DB_PASSWORD='${human}'`, "named-secret", human],
  [`spring.datasource.password=${plain}`, "named-secret", plain],
  [`database:\n  user: app\n  password: ${plain}\n`, "named-secret", plain],
  [`  "password": "${human}",`, "named-secret", human],
  [`{\\"password\\":\\"${human}\\"}`, "named-secret", human],
  [`log: password=${plain}\\nuser=x`, "named-secret", plain],
  [`const password: string = "${plain}";`, "named-secret", plain],
  [`String dbPassword = "${human}";`, "named-secret", human],
  [`password := "${human}"`, "named-secret", human],
  [`'password' => '${plain}',`, "named-secret", plain],
  [`if (password === "${plain}") ok();`, "named-secret", plain],
  [`<password>${plain}</password>`, "named-secret", plain],
  [`<add key="SmtpPassword" value="${plain}" />`, "named-secret", plain],
  [`- name: DB_PASSWORD\n  value: ${human}`, "named-secret", human],
  [`Server=db;Uid=sa;Pwd=${human};Database=x`, "named-secret", human],
  [`mysqldump --password ${plain} db`, "named-secret", plain],
  [`deploy --token=${opaque}`, "named-secret", opaque],
  [`machine a.example.org login bot password ${plain}`, "named-secret", plain],
  [`CREATE USER app WITH PASSWORD '${plain}';`, "named-secret", plain],
  [`os.environ["API_KEY"] = "${opaque}"`, "named-secret", opaque],
  [`https://a.example.org/x?access_token=${opaque}&y=1`, "named-secret", opaque],
  [`client_secret: ${opaque}`, "named-secret", opaque],
  [`SECRET_KEY = 'django-insecure-${opaque}'`, "named-secret", `django-insecure-${opaque}`],
  [`api-key: ${hex(32)}`, "named-secret", hex(32)],
  [`x-api-key: ${uuid}`, "named-secret", uuid],
  [`encryption_key="${base64(made(32))}"`, "named-secret", base64(made(32))],
  [`DB_PASS=${plain}`, "named-secret", plain],
  [`auth: { user: "bot", pass: "${human}" }`, "named-secret", human],
  [`container.withPassword("${human}")`, "named-secret", human],
  [`JWT_SECRET=${plain}!`, "named-secret", `${plain}!`],
  [`{"auths":{"r":{"auth":"${base64(`svc:${human}`)}"}}}`, "auth-header", base64(`svc:${human}`)],
  [`数据库密码：${plain}`, "named-secret", plain],
  [`12\tDB_PASSWORD=${human}\n13\tX=1`, "named-secret", human],
];
