/**
 * Documents written after the rules, to say what these find in what they have not seen: at the first reading 91.2 %,
 * with 96.9 % precision. Whoever changes rules because of these moves them to their neighbours and writes others here.
 */

import { mark } from "./mark.ts";
import { luhn, residentId } from "./places.ts";
import type { Random } from "./random.ts";

export const heldOutPlaces: Readonly<Record<string, (random: Random) => string>> = {
  datasourceXml: (r) =>
    `<Resource name="jdbc/erp" username="erp" password="${mark("named-secret", r.password())}" url="jdbc:mysql://db/erp"/>\n`,
  seata: (r) => `store.db.user=seata\nstore.db.password=${mark("named-secret", r.password())}\n`,
  xxlJob: (r) => `xxl.job.accessToken=${mark("named-secret", r.base62(24))}\nxxl.job.executor.port=9999\n`,
  apollo: (r) => `{"key":"mysql.password","value":"${mark("named-secret", r.password())}","comment":""}\n`,
  gitlabRunner: (r) =>
    `[[runners]]\n  name = "ci"\n  token = "${mark("gitlab-token", `gl\u0072t-${r.base62(20)}`)}"\n`,
  pipConf: (r) =>
    `[global]\nindex-url = https://pypi:${mark("url-password", r.base62(22))}@pkg.corp.example/simple\n`,
  mavenDeploy: (r) =>
    `mvn deploy -Dusername=ci -Dpassword=${mark("named-secret", r.base62(15))} -DskipTests\n`,
  psqlUri: (r) => `psql "postgres://etl:${mark("url-password", r.base62(10))}@pg1/dw" -c '\\dt'\n`,
  oracleTns: (r) => `sqlplus system/${mark("url-password named-secret", r.base62(10))}@//ora:1521/ORCL\n`,
  s3cmd: (r) =>
    `[default]\naccess_key = ${mark("aws-key", "AK" + "IA" + r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))}\nsecret_key = ${mark("aws-secret named-secret", r.base62(40))}\n`,
  ossJson: (r) =>
    `{"accessKeyId": "${mark("aliyun-key", "LT" + "AI5t" + r.base62(18))}", "accessKeySecret": "${mark("aliyun-secret named-secret", r.base62(30))}", "bucket": "b"}\n`,
  tencentSms: (r) =>
    `Credential cred = new Credential("${mark("tencent-key", "AK" + "ID" + r.base62(32))}", "${mark("tencent-secret", r.base62(32))}");\n`,
  qiniuJava: (r) =>
    `// 七牛 qiniu\nAuth auth = Auth.create("${mark("cloud-key", r.base62(40))}", "${mark("cloud-key", r.base62(40))}");\n`,
  deepseekEnv: (r) => `DEEPSEEK_API_KEY=${mark("model-key", "sk-" + r.hex(32))}\n`,
  dashscopeYaml: (r) => `spring.ai.dashscope.api-key: ${mark("model-key", "sk-" + r.hex(32))}\n`,
  siliconCurl: (r) =>
    `curl https://api.siliconflow.cn/v1/chat -H 'Authorization: Bearer ${mark("model-key", "sk-" + r.from("abcdefghijklmnopqrstuvwxyz", 48))}'\n`,
  larkPython: (r) =>
    `app_id, app_secret = "cli_a${r.hex(15)}", "${mark("app-secret named-secret", r.base62(32))}"\n`,
  wechatGo: (r) =>
    `cfg := &Config{AppID: "wx${r.hex(16)}", AppSecret: "${mark("app-secret named-secret", r.hex(32))}"}\n`,
  ghActions: (r) =>
    `git remote set-url origin https://x-access-token:${mark("github-token", "gh" + "s_" + r.base62(36))}@github.com/a/b\n`,
  slackPy: (r) =>
    `WebClient(token="${mark("slack-token", `xox\u0070-${r.digits(12)}-${r.digits(12)}-${r.digits(12)}-${r.hex(32)}`)}")\n`,
  proxySettings: (r) =>
    `<proxy><host>p</host><username>li</username><password>${mark("named-secret", r.password())}</password></proxy>\n`,
  springCookie: (r) =>
    `Cookie: SESSION=${mark("session-cookie", Buffer.from(r.uuid()).toString("base64"))}; XSRF-TOKEN=${r.uuid()}\n`,
  bashRead: (r) =>
    `ADMIN_PW="${mark("named-secret", r.password())}"\ncurl -d "u=admin" -d "p=$ADMIN_PW" https://x/login\n`,
  noteChinese: (r) =>
    `生产库只读账号：ro_user，密码：${mark("named-secret", r.password())}。有效期至年底。\n`,
  windowsRdp: (r) =>
    `cmdkey /generic:10.0.0.5 /user:Administrator /pass:${mark("named-secret", r.password())}\n`,
  javaProps: (r) => `mail.smtp.user=ops\nmail.smtp.pass=${mark("named-secret", r.password())}\n`,
};

export const heldOutPersonal: Readonly<Record<string, (random: Random) => string>> = {
  order: (r) => `收货人：吴九，手机：${mark("mobile-number", `136${r.digits(7)}7`)}，地址：上海市\n`,
  json: (r) =>
    `[{"name":"郑十","certNo":"${mark("resident-id", residentId(r))}","tel":"${mark("mobile-number", `199${r.digits(7)}3`)}"}]\n`,
  card: (r) => `bankCardNo=${mark("bank-card", luhn(`623668${r.digits(12)}`))}&bank=CCB\n`,
};

export const heldOutClean: Readonly<Record<string, (random: Random) => string>> = {
  gemLock: (r) => `    jwt (2.8.1)\n      base64\nCHECKSUMS\n  jwt (2.8.1) sha256=${r.hex(64)}\n`,
  flutter: () =>
    `TextField(obscureText: true, decoration: InputDecoration(labelText: 'Password', hintText: 'min 8 chars, 1 digit'))\n`,
  dockerfile: () =>
    `ARG NPM_TOKEN\nRUN --mount=type=secret,id=npm_token npm config set //npm.corp.example/:_authToken=$(cat /run/secrets/npm_token)\n`,
  vault: () =>
    `path "secret/data/app/*" {\n  capabilities = ["read"]\n}\nvault write auth/approle/role/app token_ttl=1h secret_id_num_uses=10\n`,
  keycloak: (r) =>
    `"realm": "corp", "auth-server-url": "https://sso.corp.example/auth", "resource": "web-2026", "public-client": true, "id": "${r.uuid()}"\n`,
  errors: () =>
    `ERR_INVALID_TOKEN = 40101,\nERR_PASSWORD_TOO_WEAK = 40102,\n"40103": "secret not found: kv/app1"\n`,
  tsEnum: () =>
    `const TokenKind = { Secret: "secret2", Password: "pwd_v2", ApiKey: "api_key_v1" } as const;\n`,
  awk: () => `awk -F: '{print $1":"$2}' /etc/passwd | while IFS=: read -r user pass; do echo "$user"; done\n`,
  ids: (r) =>
    `user_id=${r.digits(11).replace(/^\d/, "2")} device=${r.hex(16)} span=${r.hex(8)} req-${r.uuid()}\n`,
  markdownLinks: (r) =>
    `[token design](https://git.corp.example/a/b/commit/${r.hex(40)}#diff-${r.hex(64)}R12)\n`,
  css2: (r) =>
    `.btn-${r.base62(5)}{mask:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' id='key'%3E%3C/svg%3E")}\n`,
  prisma: () =>
    `model User {\n  id String @id @default(cuid())\n  password String\n  apiToken String? @unique @map("api_token_v2")\n}\n`,
};
