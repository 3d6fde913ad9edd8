/** A second set, written after what the first had missed was mended. */

import * as s from "./shapes.ts";
import { mark } from "./mark.ts";
import { luhn, residentId } from "./places.ts";
import type { Random } from "./random.ts";

type Writers = Readonly<Record<string, (random: Random) => string>>;

const LOWER = "abcdefghijklmnopqrstuvwxyz0123456789";

export const secrets: Writers = {
  nacos: (r) =>
    `nacos:\n  config:\n    server-addr: 10.0.0.3:8848\n    username: nacos\n    password: ${mark("named-secret", r.password())}\n`,
  shiro: (r) => `securityManager.rememberMeManager.cipherKey = ${mark("named-secret", r.base64(16))}\n`,
  minio: (r) =>
    `docker run -e MINIO_ROOT_USER=admin -e MINIO_ROOT_PASSWORD=${mark("named-secret", r.base62(16))} minio/minio\n`,
  compose: (r) =>
    `    environment:\n      - MYSQL_ROOT_PASSWORD=${mark("named-secret", r.password())}\n      - TZ=Asia/Shanghai\n`,
  composeMap: (r) =>
    `environment:\n  POSTGRES_PASSWORD: ${mark("named-secret", r.password())}\n  PGDATA: /var/lib/pg\n`,
  dockerfile: (r) => `FROM node:22\nARG NPM_TOKEN=${mark("npm-token", s.npm(r))}\nRUN npm ci\n`,
  jenkins: (r) =>
    `withCredentials([]) {\n  sh "curl -u admin:${mark("named-secret", r.hex(34))} http://jenkins/job/x/build"\n}\n`,
  githubRemote: (r) =>
    `[remote "origin"]\n\turl = https://li:${mark("github-token url-password", s.github(r))}@github.com/corp/pay.git\n`,
  gitCredentials: (r) =>
    `https://deploy:${mark("url-password gitlab-token", s.gitlab(r))}@git.corp.example\n`,
  svn: (r) => `svn co --username ci --password ${mark("named-secret", r.base62(10))} https://svn/x\n`,
  ftp: (r) => `lftp -u ftpuser,${mark("named-secret", r.base62(11))} ftp.example.com\n`,
  wget: (r) => `wget --http-user=ci --http-password=${mark("named-secret", r.base62(12))} https://x/a.zip\n`,
  rsync: (r) => `RSYNC_PASSWORD=${mark("named-secret", r.base62(9))} rsync -av a rsync://b@c/m\n`,
  openvpn: (r) => `echo -e "li\\n${mark("named-secret", r.base62(12))}" > auth.txt  # vpn 密码\n`,
  tomcat: (r) =>
    `<user username="admin" password="${mark("named-secret", r.password().replaceAll("&", "x"))}" roles="manager-gui"/>\n`,
  mavenSettings: (r) =>
    `<server><id>nexus</id><username>ci</username><password>${mark("named-secret", r.base62(14))}</password></server>\n`,
  gradle: (r) =>
    `signing.password=${mark("named-secret", r.password())}\nossrhPassword=${mark("named-secret", r.base62(20))}\n`,
  androidGradle: (r) =>
    `signingConfigs { release { storePassword "${mark("named-secret", r.password())}"; keyPassword "${mark("named-secret", r.base62(12))}" } }\n`,
  iosPlist: (r) => `<key>ClientSecret</key>\n<string>${mark("named-secret", r.base62(32))}</string>\n`,
  appSettings: (r) =>
    `{"ConnectionStrings":{"Default":"Server=db;Database=erp;User Id=sa;Password=${mark("named-secret url-password", r.base62(13))};TrustServerCertificate=True"}}\n`,
  oracleProps: (r) =>
    `spring.datasource.url=jdbc:oracle:thin:erp/${mark("url-password", r.base62(10))}@//ora:1521/ORCL\n`,
  clickhouse: (r) =>
    `clickhouse-client --host ch --user default --password ${mark("named-secret", r.base62(12))}\n`,
  elastic: (r) =>
    `es = Elasticsearch(["http://es:9200"], http_auth=("elastic", "${mark("named-secret", r.base62(20))}"))\n`,
  kafkaJaas: (r) =>
    `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="c" password="${mark("named-secret", r.base62(16))}";\n`,
  rabbit: (r) => `celery = Celery(broker="amqp://worker:${mark("url-password", r.base62(12))}@mq:5672//")\n`,
  smtp: (r) =>
    `server.login("noreply@corp.cn", "${mark("named-secret", r.from("abcdefghijklmnopqrstuvwxyz", 16))}")  # 授权码\n`,
  smsAli: (r) =>
    `IClientProfile p = DefaultProfile.getProfile("cn-hangzhou", "${mark("aliyun-key", s.aliyunId(r))}", "${mark("aliyun-secret", r.base62(30))}");\n`,
  ossJs: (r) =>
    `new OSS({ region: 'oss-cn-beijing', accessKeyId: '${mark("aliyun-key", "LT" + "AI" + r.base62(12))}', accessKeySecret: '${mark("aliyun-secret named-secret", r.base62(30))}' })\n`,
  cosNode: (r) =>
    `var cos = new COS({ SecretId: '${mark("tencent-key", s.tencentId(r))}', SecretKey: '${mark("tencent-secret named-secret", r.base62(32))}' });\n`,
  obs: (r) =>
    `obsutil config -i=${mark("cloud-key", r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 20))} -k=${mark("cloud-key named-secret", r.base62(40))} -e=obs.cn-north-4.myhuaweicloud.com\n`,
  baiduOcr: (r) =>
    `client = AipOcr('${r.digits(8)}', '${mark("named-secret cloud-key", r.base62(24))}', '${mark("named-secret cloud-key", r.base62(32))}')  # 百度 API Key / Secret Key\n`,
  qiniuPy: (r) =>
    `q = qiniu.Auth('${mark("cloud-key", s.urlSafe(r, 40))}', '${mark("cloud-key", s.urlSafe(r, 40))}')\n`,
  wxMini: (r) =>
    `module.exports = { appid: 'wx${r.hex(16)}', secret: '${mark("app-secret named-secret", r.hex(32))}' }\n`,
  dingApp: (r) =>
    `dingtalk:\n  appKey: ding${r.from(LOWER, 16)}\n  appSecret: ${mark("app-secret named-secret", s.urlSafe(r, 64))}\n`,
  larkSdk: (r) =>
    `cli := lark.NewClient("cli_a${r.hex(15)}", "${mark("app-secret named-secret", r.base62(32))}")\n`,
  volcArk: (r) => `client = Ark(api_key="${mark("named-secret model-key", r.uuid())}")\n`,
  qwen: (r) =>
    `curl https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions -H "Authorization: Bearer ${mark("model-key", s.sk32(r))}"\n`,
  zhipuEnv: (r) => `ZHIPUAI_API_KEY=${mark("model-key", `${r.hex(32)}.${r.base62(16)}`)}\n`,
  silicon: (r) =>
    `SILICONFLOW_KEY: "${mark("model-key", "sk-" + r.from("abcdefghijklmnopqrstuvwxyz", 48))}"\n`,
  openaiOld: (r) =>
    `openai.api_key = "${mark("openai-key model-key", `s` + `k-${r.base62(20)}T3Blbk` + `FJ${r.base62(20)}`)}"\n`,
  openrouter: (r) =>
    `OPENROUTER=${mark("openai-key model-key service-token", "sk-or" + "-v1-" + r.hex(64))}\n`,
  groq: (r) =>
    `client = Groq(api_key='${mark("model-key service-token named-secret", "gs" + "k_" + r.base62(52))}')\n`,
  replicate: (r) =>
    `export REPLICATE_API_TOKEN=${mark("model-key service-token named-secret", "r8" + "_" + r.base62(37))}\n`,
  cloudflare: (r) =>
    `[env]\nCLOUDFLARE_API_TOKEN = "${mark("named-secret service-token", s.urlSafe(r, 40))}"\n`,
  cfGlobal: (r) =>
    `curl -H "X-Auth-Email: a@b.c" -H "X-Auth-Key: ${mark("named-secret service-token", r.hex(37))}" https://api.cloudflare.com/\n`,
  datadog: (r) => `DD-API-KEY: ${mark("named-secret service-token", r.hex(32))}\n`,
  twilio: (r) => `client = Client("AC${r.hex(32)}", "${mark("named-secret service-token", r.hex(32))}")\n`,
  discord: (r) =>
    `client.login("${mark("bot-token", `MT${r.base62(24)}.G${r.base62(5)}.${s.urlSafe(r, 38)}`)}");\n`,
  discordHook: (r) =>
    `https://discord.com/api/webhooks/${r.digits(18)}/${mark("webhook-url", s.urlSafe(r, 68))}\n`,
  shopify: (r) => `X-Shopify-Access-Token: ${mark("service-token", "shp" + "at_" + r.hex(32))}\n`,
  doToken: (r) => `doctl auth init -t ${mark("service-token", "do" + "p_v1_" + r.hex(64))}\n`,
  vault: (r) => `vault login ${mark("service-token", "hv" + "s." + r.base62(90))}\n`,
  terraformCloud: (r) =>
    `credentials "app.terraform.io" {\n  token = "${mark("service-token named-secret", `${r.base62(14)}.atlasv` + `1.${s.urlSafe(r, 67)}`)}"\n}\n`,
  grafana: (r) =>
    `Authorization: Bearer ${mark("service-token auth-header", "gl" + `sa_${r.base62(32)}_${r.hex(8)}`)}\n`,
  splitToken: (r) => `const t = "g" + "hp_" + "${mark("github-token", r.base62(36))}";\n`,
  b64Env: (r) =>
    `echo ${mark("openai-key named-secret model-key", s.base64(`OPENAI_API_KEY=${s.sk48(r)}\n`))} | base64 -d > .env\n`,
  cookieSet: (r) =>
    `Set-Cookie: connect.sid=${mark("session-cookie", `s%3A${s.urlSafe(r, 32)}.${r.base62(43)}`)}; Path=/; HttpOnly\n`,
  harCookie: (r) =>
    `{"name":"PHPSESSID","value":"${mark("session-cookie named-secret", r.from(LOWER, 26))}","path":"/"}\n`,
  logForm: (r) => `POST /login username=li&password=${mark("named-secret", r.base62(11))}&remember=1 302\n`,
  logJson: (r) =>
    `2026-01-02 INFO req body={"mobile":"***","smsToken":"${mark("named-secret", r.base62(40))}"}\n`,
  traceback: (r) =>
    `  File "a.py", line 3\n    conn = pymysql.connect(host='db', user='root', passwd='${mark("named-secret", r.password())}', db='x')\n`,
  springShell: (r) =>
    `java -jar app.jar --spring.datasource.password=${mark("named-secret", r.base62(12))} --server.port=80\n`,
  chatEnglish: (r) =>
    `anna: what's the wifi pw?\nbob: guest wifi password is ${mark("named-secret", r.password())}\n`,
  readmeZh: (r) =>
    `| 系统 | 账号 | 密码 |\n| --- | --- | --- |\n| 堡垒机 | admin | ${mark("named-secret", r.password().replaceAll("|", "x"))} |\n`,
  mailZh: (r) => `您好，测试账号：tester01 初始密码：${mark("named-secret", r.password())}，请尽快修改。\n`,
  slashes: (r) => `# 账号/密码：root/${mark("named-secret", r.password())}\n`,
  gpgPass: (r) => `gpg --batch --passphrase '${mark("named-secret", r.password())}' -c a.tar\n`,
  zipPass: (r) => `zip -P ${mark("named-secret", r.base62(12))} out.zip a b\n`,
  ldif: (r) => `ldapsearch -x -D cn=admin,dc=x -w ${mark("named-secret", r.base62(12))} -b dc=x\n`,
  snmp: (r) =>
    `snmp-server user ops grp v3 auth sha ${mark("named-secret", r.base62(12))} priv aes 128 ${mark("named-secret", r.base62(12))}\n`,
  wpa: (r) => `network={\n  ssid="office"\n  psk="${mark("named-secret", r.password())}"\n}\n`,
  wireguard: (r) =>
    `[Interface]\nPrivateKey = ${mark("private-key named-secret", r.base64(32))}\nAddress = 10.0.0.2/24\n`,
  laravel: (r) => `APP_KEY=base64:${mark("named-secret", r.base64(32))}\n`,
  rails: (r) => `production:\n  secret_key_base: ${mark("named-secret", r.hex(128))}\n`,
  django: (r) =>
    `SECRET_KEY = 'django-insecure-${mark("named-secret", r.from("abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)", 50))}'\n`,
  flask: (r) => `app.config['SECRET_KEY'] = '${mark("named-secret", r.hex(48))}'\n`,
  goStruct: (r) => `cfg := Config{Addr: ":80", Password: "${mark("named-secret", r.password())}", DB: 0}\n`,
  cppDefine: (r) => `#define API_TOKEN "${mark("named-secret", r.base62(32))}"\n`,
  kotlinConst: (r) => `const val SIGN_KEY = "${mark("named-secret", r.base62(32))}"\n`,
  elixir: (r) => `config :app, AppWeb.Endpoint, secret_key_base: "${mark("named-secret", r.base64(48))}"\n`,
  rLang: (r) => `Sys.setenv(OPENAI_API_KEY = "${mark("openai-key model-key", s.sk48(r))}")\n`,
  objc: (r) => `static NSString *const kAppSecret = @"${mark("named-secret", r.hex(32))}";\n`,
  vb: (r) => `Dim pwd As String = "${mark("named-secret", r.password())}"\n`,
  bat: (r) =>
    `set DB_PWD=${mark("named-secret", r.base62(11))}\nsqlcmd -U sa -P ${mark("named-secret", r.base62(11))} -Q "select 1"\n`,
};

export const personal: Writers = {
  idDashes: (r) => `证件号：${mark("resident-id", residentId(r).replace(/(.{6})(.{8})/, "$1-$2-"))}\n`,
  idJson: (r) => `{"idCard":"${mark("resident-id", residentId(r))}"}\n`,
  idInUrl: (r) => `GET /q?idcard=${mark("resident-id", residentId(r))}&name=x\n`,
  mobileDots: (r) => `Tel: (+86)${mark("mobile-number", `138${r.digits(7)}6`)}\n`,
  mobileLog: (r) => `INFO send sms to ${mark("mobile-number", `159${r.digits(7)}2`)} ok\n`,
  mobileSpaced: (r) => `手机 ${mark("mobile-number", `0086 186 ${r.digits(4)} 12${r.digits(1)}7`)}\n`,
  mobileList: (r) =>
    `mobiles = ["${mark("mobile-number", `131${r.digits(7)}1`)}", "${mark("mobile-number", `176${r.digits(7)}9`)}"]\n`,
  unionPay: (r) => `收款账号 ${mark("bank-card", luhn(`621700${r.digits(12)}`))} 建设银行\n`,
  master: (r) => `"cardNo": "${mark("bank-card", luhn(`52${r.digits(13)}`))}"\n`,
  passportG: (r) => `passport_number: ${mark("travel-document", `G${r.digits(8)}`)}\n`,
  macau: (r) => `通行证号码：${mark("travel-document", `M${r.digits(8)}`)}\n`,
  taiwan: (r) => `Taiwan resident travel permit no: ${mark("travel-document", `0${r.digits(7)}`)}\n`,
};

export const clean: Writers = {
  pnpmLock: (r) => `  /passport@0.7.0:\n    resolution: {integrity: sha512-${r.base64(64)}}\n`,
  yarnLock: (r) =>
    `"tokenizr@^1.6.0":\n  version "1.6.10"\n  resolved "https://registry.yarnpkg.com/tokenizr/-/tokenizr-1.6.10.tgz#${r.hex(40)}"\n`,
  podLock: (r) => `SPEC CHECKSUMS:\n  KeychainAccess: ${r.hex(40)}\n  SwiftyJWT: ${r.hex(40)}\n`,
  poetryLock: (r) => `files = [\n  {file = "keyring-24.0-py3.whl", hash = "sha256:${r.hex(64)}"},\n]\n`,
  dependabot: (r) =>
    `Bumps token from ${r.hex(7)} to ${r.hex(7)}.\n- [Commits](https://github.com/a/token/compare/${r.hex(40)}...${r.hex(40)})\n`,
  md5s: (r) => `key.pem.md5: ${r.hex(32)}\nMD5 (secret.zip) = ${r.hex(32)}\n`,
  gradleWrapper: (r) => `distributionSha256Sum=${r.hex(64)}\n`,
  fingerprint: (r) =>
    `Key fingerprint = ${r
      .hex(40)
      .toUpperCase()
      .replace(/(.{4})/g, "$1 ")}\n`,
  sshFinger: (r) => `The ED25519 key fingerprint is SHA256:${r.base64(32).slice(0, 43)}.\n`,
  gpgKeyId: (r) => `pub   rsa4096/${r.hex(16).toUpperCase()} 2020-01-01\n`,
  aesTest: () => `key = bytes.fromhex("000102030405060708090a0b0c0d0e0f")  # FIPS-197 vector\n`,
  reactKey: () =>
    `items.map((item) => <li key={item.id} data-key="primary-button-container">{item.name}</li>)\n`,
  redisKeys: () => `const KEY = "user:session:%s:permissions";\nString cacheKey = "product:detail:" + id;\n`,
  k8sNames: () => `imagePullSecrets:\n- name: regcred-production-2\nsecretName: tls-wildcard-2026\n`,
  tokenUrl: () =>
    `token_url: https://login.corp.example/oauth2/v2.0/token\nauthorization_endpoint: https://x/authorize\n`,
  passwordRules: () =>
    `password_policy = "min8_upper1_digit1"\npasswordMinLength: 12\npassword_hasher: argon2id\n`,
  i18n2: () =>
    `"auth.password.tooShort8": "Password must be at least 8 characters",\n"token_invalid_401": "Token invalid"\n`,
  sqlPlaceholder: () => `UPDATE users SET password = ?, token = :token1 WHERE id = $1;\n`,
  hashInDb: (r) => `password_hash: pbkdf2_sha256$600000$${r.base62(22)}$${r.base64(32)}\n`,
  htpasswd: (r) => `admin:$apr1$${r.base62(8)}$${r.base62(22)}\n`,
  cspNonce: (r) => `<script nonce="${r.base64(16)}">1</script>\n`,
  jwks: (r) =>
    `{"keys":[{"kty":"RSA","kid":"${r.hex(16)}","use":"sig","n":"${s.urlSafe(r, 342)}","e":"AQAB"}]}\n`,
  certPin: (r) => `pin-sha256="${r.base64(32)}"; max-age=5184000\n`,
  appStore: (r) =>
    `itunes id1${r.digits(9)}, bundle com.corp.secret-keeper, team ${r.from("ABCDEFGHJKLMN0123456789", 10)}\n`,
  firebasePublic: (r) => `"mobilesdk_app_id": "1:${r.digits(12)}:android:${r.hex(22)}"\n`,
  oauthClientId: (r) => `client_id = "${r.digits(12)}-${r.from(LOWER, 32)}.apps.googleusercontent.com"\n`,
  turnstile: (r) => `<div class="cf-turnstile" data-sitekey="0x4AAAAAAA${r.base62(14)}"></div>\n`,
  docToken: () =>
    `curl -H "Authorization: Bearer $TOKEN" https://x\ncurl -H "Authorization: token <TOKEN>" https://y\n`,
  docYour: () =>
    `client = OpenAI(api_key="YOUR_API_KEY")\nMOONSHOT_API_KEY=sk-xxxxxxxxxxxxxxxx\nAKID=你的SecretId\n`,
  docChinese: () => `password: 请填写数据库密码\nsecret: 你的密钥\naccess_key: <在控制台获取>\n`,
  helmTpl: () =>
    `password: {{ .Values.auth.password | b64enc | quote }}\ntoken: {{ include "app.token" . }}\n`,
  tfRef: () =>
    `password = var.db_password\nsecret_key = data.aws_secretsmanager_secret_version.x.secret_string\ntoken = random_password.db.result\n`,
  azureRef: () => `Password=@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/db/)\n`,
  jsDestructure: () =>
    `const { password, token, apiKey = defaultKey2 } = req.body;\nlet secretKey = generateKey(256);\n`,
  cEnum: () => `enum { TOKEN_STRING_1 = 258, TOKEN_IDENTIFIER_2, KEY_F12 = 0x10C };\n`,
  goTest: () =>
    `func TestToken(t *testing.T) { got := parse("token-abc123"); _ = got }\nconst pass = "pass1234"\n`,
  swagger: () => `password:\n  type: string\n  format: password\n  example: "string"\n  minLength: 8\n`,
  protobuf: () => `message Login { string password = 1; string access_token = 2; bytes secret_key = 3; }\n`,
  ts2: () =>
    `type Key = keyof typeof secrets;\nconst tokenTypes = ["access_token", "refresh_token"] as const;\n`,
  sourceIds: (r) => `trace_id=${r.hex(32)} span_id=${r.hex(16)} session=${r.uuid()} order=${r.digits(18)}\n`,
  pageToken: (r) => `{"nextPageToken":"${s.urlSafe(r, 80)}","kind":"drive#fileList"}\n`,
  cursor: (r) => `"end_cursor":"${r.base64(40)}","cursor":"${r.base64(24)}"\n`,
  imageDigest: (r) => `registry.cn-hangzhou.aliyuncs.com/corp/app@sha256:${r.hex(64)}\n`,
  ipynbImage: (r) => `"image/png": "iVBORw0KGgoAAAANSUhEUgAA${r.base64(500)}"\n`,
  font: (r) => `src: url(data:font/woff2;base64,d09GMgABAAAA${r.base64(300)}) format("woff2");\n`,
  ethereum: (r) =>
    `contract: 0x${r.hex(40)}\ntx: 0x${r.hex(64)}\nbitcoin: bc1q${r.from("023456789acdefghjklmnpqrstuvwxyz", 38)}\n`,
  bankNot: (r) =>
    `流水号 2026${r.digits(12)}，合同编号 62${r.digits(10)}\nmillis=${1718000000000 + r.number(1e9)}\n`,
  landline: () => `总机 010-88886666 转 8012；客服 400-820-8820；热线 95588\n`,
  modelNumber: (r) => `ISBN 978${r.digits(10)}, EAN 69${r.digits(11)}, IMEI 86${r.digits(13)}\n`,
  gene: () => `seq = "ACGTACGTTAGCCGATACGATCGATCGGCTAGCTAACGT"\nmd = "wJalrXUtnFEMI EXAMPLE"\n`,
  windowsGuid: (r) => `[Guid("${r.uuid().toUpperCase()}")]\nPublicKeyToken=${r.hex(16)}, Culture=neutral\n`,
  csproj: (r) => `<PublicKey>00240000048000009400000006020000${r.hex(200)}</PublicKey>\n`,
  viteHash: (r) => `import{t as e}from"./passwordReset-${r.base62(8)}.js";/* index-${r.hex(8)}.css */\n`,
  snapshot: (r) => `exports[\`Token 1\`] = \`"tok_visa"\`;\n"etag": "W/\\"${r.hex(3)}-${r.base62(27)}\\""\n`,
  apacheLog: (r) =>
    `10.0.0.1 - - [02/Mar/2026:10:00:00 +0800] "GET /static/token.${r.hex(8)}.js HTTP/1.1" 200 ${r.digits(5)}\n`,
};
