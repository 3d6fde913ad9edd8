/** One hundred and fifty documents by a reader of the vendors' pages who had not seen the rules. */

import * as s from "./shapes.ts";
import { mark } from "./mark.ts";
import { luhn, residentId } from "./places.ts";
import type { Random } from "./random.ts";

type Writers = Readonly<Record<string, (random: Random) => string>>;

const pemOf = (r: Random, label: string): string =>
  `-----BEGIN ${label}-----\n${Array.from({ length: 12 }, () => r.base64(48)).join("\n")}\n-----END ${label}-----`;
const indent = (text: string, by: string): string => text.replace(/^/gm, by);

export const secrets: Writers = {
  aliyunSts: (r) =>
    `{\n  "Credentials": {\n    "AccessKeyId": "${mark("aliyun-key", "ST" + "S.NT" + r.base62(22))}",\n    "AccessKeySecret": "${mark("aliyun-secret named-secret", r.base62(44))}",\n    "SecurityToken": "${mark("aliyun-secret named-secret", "CAIS" + r.base64(180))}"\n  }\n}\n`,
  aliyunCli: (r) =>
    `aliyun configure set --profile prod --mode AK --region cn-hangzhou --access-key-id ${mark("aliyun-key", s.aliyunId(r))} --access-key-secret ${mark("aliyun-secret named-secret", r.base62(30))}\n`,
  tencentTf: (r) =>
    `provider "tencentcloud" {\n  secret_id  = "${mark("tencent-key", s.tencentId(r))}"\n  secret_key = "${mark("tencent-secret named-secret", r.base62(32))}"\n  region     = "ap-guangzhou"\n}\n`,
  huaweiPy: (r) =>
    `# 华为云\nak = "${mark("cloud-key named-secret", r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 20))}"\nsk = "${mark("cloud-key named-secret", r.base62(40))}"\ncredentials = BasicCredentials(ak, sk, project_id)\n`,
  baiduBce: (r) =>
    `[Credentials]\nAk = ${mark("cloud-key", "ALT" + "AK" + r.base62(21))}\nSk = ${mark("cloud-key named-secret", r.hex(32))}\n`,
  volcGo: (r) =>
    `client.SetAccessKey("${mark("cloud-key", "AK" + "LT" + r.base62(43))}")\nclient.SetSecretKey("${mark("cloud-key named-secret", r.base64(42) + "==")}")\n`,
  wechatPay: (r) =>
    `wxpay.appid=wx${r.hex(16)}\nwxpay.mchid=16${r.digits(8)}\nwxpay.apiV3Key=${mark("app-secret named-secret", r.base62(32))}\n`,
  wecom: (r) =>
    `corpid: ww${r.hex(16)}\nagentid: 1000002\ncorpsecret: ${mark("app-secret named-secret", s.urlSafe(r, 43))}\n`,
  wecomHook: (r) =>
    `curl 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${mark("webhook-url named-secret", r.uuid())}' -H 'Content-Type: application/json'\n`,
  dingHook: (r) =>
    `WEBHOOK = 'https://oapi.dingtalk.com/robot/send?access_token=${mark("webhook-url named-secret", r.hex(64))}'\nSECRET = '${mark("webhook-url app-secret named-secret", "SEC" + r.hex(64))}'\n`,
  feishuHook: (r) => `url: https://open.feishu.cn/open-apis/bot/v2/hook/${mark("webhook-url", r.uuid())}\n`,
  feishuEnv: (r) =>
    `LARK_APP_ID=cli_a${r.hex(15)}\nLARK_APP_SECRET=${mark("app-secret named-secret", r.base62(32))}\nLARK_VERIFICATION_TOKEN=${mark("named-secret app-secret", r.base62(32))}\n`,
  dashscope: (r) => `import dashscope\ndashscope.api_key = '${mark("model-key", s.sk32(r))}'\n`,
  zhipuJs: (r) =>
    `const zhipu = new ZhipuAI({ apiKey: '${mark("model-key", `${r.hex(32)}.${r.base62(16)}`)}' });\n`,
  moonshot: (r) => `export MOONSHOT_API_KEY="${mark("model-key openai-key", s.sk48(r))}"\n`,
  minimaxJson: (r) =>
    `{"minimax": {"group_id": "17${r.digits(17)}", "api_key": "${mark("model-key named-secret jwt-token", s.jwtOf(r))}"}}\n`,
  giteeClone: (r) => `git clone https://oauth2:${mark("url-password", r.hex(32))}@gitee.com/org/repo.git\n`,
  giteeToken: (r) => `curl "https://gitee.com/api/v5/user?access_token=${mark("named-secret", r.hex(32))}"\n`,
  awsCreds: (r) =>
    `[prod]\naws_access_key_id=${mark("aws-key", s.awsSession(r))}\naws_secret_access_key=${mark("aws-secret named-secret", r.base64(30))}\naws_session_token=${mark("named-secret aws-secret", "IQoJb3JpZ2luX2Vj" + r.base64(210))}\n`,
  awsKotlin: (r) =>
    `val creds = BasicAWSCredentials("${mark("aws-key", s.awsId(r))}", "${mark("aws-secret", r.base64(30))}")\n`,
  gcpJson: (r) =>
    `${JSON.stringify({ type: "service_account", project_id: "p-1", private_key_id: "KEYID", client_email: "x@p-1.iam.gserviceaccount.com" }).slice(0, -1)},"private_key":"${mark("private-key", pemOf(r, "PRIVATE" + " KEY").replaceAll("\n", "\\n") + "\\n")}"}\n`,
  gcpKey: (r) =>
    `<meta-data android:name="com.google.android.geo.API_KEY" android:value="${mark("google-key", s.google(r))}"/>\n`,
  azureStorage: (r) =>
    `"AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=pay;AccountKey=${mark("azure-key named-secret", r.base64(64))};EndpointSuffix=core.windows.net"\n`,
  azureSas: (r) =>
    `azcopy copy "./d" "https://pay.blob.core.windows.net/c?sv=2022-11-02&ss=b&sp=rw&se=2026-01-01T00:00:00Z&sig=${mark("azure-key named-secret", encodeURIComponent(r.base64(32)))}"\n`,
  azureSp: (r) =>
    `az login --service-principal -u ${r.uuid()} -p ${mark("named-secret azure-key", `${r.base62(3)}8Q~${r.base62(34)}`)} --tenant ${r.uuid()}\n`,
  githubLog: (r) =>
    `2026-03-02 11:20:31 DEBUG fetch https://api.github.com/user token=${mark("github-token", s.github(r))} status=200\n`,
  githubFine: (r) => `env:\n  - name: GH_TOKEN\n    value: ${mark("github-token", s.githubFine(r))}\n`,
  gitlabCurl: (r) =>
    `curl --header "PRIVATE-TOKEN: ${mark("gitlab-token", s.gitlab(r))}" https://git.corp/api/v4/projects\n`,
  gitlabJob: (r) => `JOB-TOKEN: ${mark("gitlab-token", "gl" + "cbt-64_" + s.urlSafe(r, 20))}\n`,
  npmrc: (r) =>
    `registry=https://npm.corp.example/\n//npm.corp.example/:_authToken=${mark("npm-token", s.npm(r))}\nalways-auth=true\n`,
  npmUuid: (r) =>
    `//nexus.corp.example/repository/npm/:_authToken=NpmToken.${mark("named-secret npm-token", r.uuid())}\n`,
  pypirc: (r) => `[pypi]\nusername = __token__\npassword = ${mark("pypi-token", s.pypi(r))}\n`,
  slackYaml: (r) =>
    `slack:\n  bot: ${mark("slack-token", s.slackBot(r))}\n  hook: ${mark("webhook-url", s.slackHook(r))}\n`,
  stripeRuby: (r) =>
    `Stripe.api_key = '${mark("stripe-key", s.stripe(r))}'\nendpoint_secret = '${mark("stripe-key", "wh" + "sec_" + r.base62(32))}'\n`,
  openaiNotebook: (r) =>
    `{"cell_type":"code","source":["import os\\n","os.environ[\\"OPENAI_API_KEY\\"] = \\"${mark("openai-key", s.openai(r))}\\"\\n"],"outputs":[]}\n`,
  anthropicCurl: (r) =>
    `curl https://api.anthropic.com/v1/messages -H "x-api-key: ${mark("anthropic-key", s.anthropic(r))}" -d @b.json\n`,
  hfLogin: (r) =>
    `huggingface-cli login --token ${mark("hf-token", s.huggingFace(r))} --add-to-git-credential\n`,
  jdbc: (r) =>
    `jdbc:sqlserver://db:1433;databaseName=erp;user=sa;password=${mark("url-password named-secret", r.password())};encrypt=true\n`,
  mongoPy: (r) =>
    `client = MongoClient("mongodb://root:${mark("url-password", r.base62(12))}@10.0.0.8:27017,10.0.0.9:27017/?replicaSet=rs0")\n`,
  sqlalchemy: (r) =>
    `engine = create_engine('mysql+pymysql://root:${mark("url-password", "Pay%40" + r.base62(6))}@127.0.0.1/pay')\n`,
  rdsPhp: (r) =>
    `$pdo = new PDO('mysql:host=db;dbname=shop', 'shop', '${mark("named-secret", r.password())}');\n`,
  mysqlCli: (r) => `$ mysql -h 10.1.1.1 -u root -p${mark("named-secret", r.base62(12))} shop < dump.sql\n`,
  redisCli: (r) => `redis-cli -h cache -p 6379 -a '${mark("named-secret", r.base62(14))}' info\n`,
  pemYaml: (r) =>
    `tls:\n  key: |\n${mark("private-key", indent(pemOf(r, "RSA PRIVATE" + " KEY"), "    "))}\n  port: 443\n`,
  pemC: (r) =>
    `static const char key[] =\n${mark(
      "private-key",
      pemOf(r, "EC PRIVATE" + " KEY")
        .split("\n")
        .map((l) => `"${l}\\n"`)
        .join("\n"),
    )};\n`,
  jwtHar: (r) => `{"name":"authorization","value":"Bearer ${mark("jwt-token auth-header", s.jwtOf(r))}"}\n`,
  kubeconfig: (r) =>
    `users:\n- name: admin\n  user:\n    client-certificate-data: ${s.base64("-----BEGIN CERTIFICATE-----\n" + r.base64(96))}\n    client-key-data: ${mark("private-key named-secret", s.base64(pemOf(r, "RSA PRIVATE" + " KEY")))}\n`,
  k8sSecret: (r) =>
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\ndata:\n  username: ${s.base64("app")}\n  db-pass: ${mark("named-secret", s.base64(r.password()))}\n`,
  k8sStringData: (r) =>
    `kind: Secret\napiVersion: v1\nstringData:\n  config.yaml: |\n    db:\n      password: "${mark("named-secret", r.password())}"\n`,
  tfstate: (r) =>
    `{"mode":"managed","type":"random_password","name":"db","instances":[{"attributes":{"length":16,"result":"${mark("named-secret", r.base62(16))}"}}]}\n`,
  tfstateRds: (r) =>
    `"attributes": {\n  "engine": "mysql",\n  "id": "rm-bp1",\n  "master_password": "${mark("named-secret", r.password())}",\n  "port": 3306\n}\n`,
  cookieCurl: (r) =>
    `curl 'https://erp.corp/api' -b 'JSESSIONID=${mark("session-cookie", r.hex(32).toUpperCase())}; lang=zh'\n`,
  cookieHeader: (r) =>
    `> Cookie: _ga=GA1.2.${r.digits(9)}.${r.digits(10)}; sessionid=${mark("session-cookie", r.from("abcdefghijklmnopqrstuvwxyz0123456789", 32))}; theme=dark\n`,
  netrc: (r) =>
    `machine git.corp.example\n  login deploy\n  password ${mark("named-secret", r.base62(18))}\n`,
  dockerConfig: (r) =>
    `{"auths":{"registry.cn-hangzhou.aliyuncs.com":{"auth":"${mark("auth-header named-secret", s.base64(`ci:${r.base62(16)}`))}"}}}\n`,
  basicHeader: (r) => `Authorization: Basic ${mark("auth-header", s.base64(`svc:${r.password()}`))}\n`,
  flags: (r) => `./migrate --host db1 --db-password=${mark("named-secret", r.password())} --dry-run\n`,
  sshpass: (r) => `sshpass -p '${mark("named-secret", r.password())}' scp app.jar root@10.2.3.4:/opt/\n`,
  java: (r) => `private static final String DES_KEY = "${mark("named-secret", r.base62(24))}";\n`,
  go: (r) => `const (\n\tsigningKey   = "${mark("named-secret", r.base62(40))}"\n\tissuer = "pay"\n)\n`,
  rust: (r) => `const HMAC_SECRET: &[u8] = b"${mark("named-secret", r.base62(32))}";\n`,
  csharp: (r) => `public const string ClientSecret = @"${mark("named-secret", r.base62(36))}";\n`,
  swift: (r) => `static let apiToken: String = "${mark("named-secret", r.hex(40))}"\n`,
  php: (r) =>
    `define('AUTH_KEY',         '${mark("named-secret", r.base62(30) + "!#;" + r.base62(20))}');\ndefine('DB_PASSWORD', '${mark("named-secret", r.password())}');\n`,
  rubyHash: (r) => `config = { :user => "admin", :password => "${mark("named-secret", r.password())}" }\n`,
  perl: (r) => `my %cfg = (dsn => 'dbi:Pg:dbname=x', pass => '${mark("named-secret", r.password())}');\n`,
  lua: (r) => `local redis_auth = "${mark("named-secret", r.base62(20))}"\nred:auth(redis_auth)\n`,
  scala: (r) =>
    `lazy val jwtSecret = sys.env.getOrElse("JWT_SECRET", "${mark("named-secret", r.base62(32))}")\n`,
  dart: (r) => `final String encryptionKey = '${mark("named-secret", r.base62(32))}';\n`,
  powershell: (r) =>
    `$pw = ConvertTo-SecureString "${mark("named-secret", r.password())}" -AsPlainText -Force\n`,
  concat: (r) =>
    `String k = "${mark("aws-secret named-secret", `${r.base62(20)}" + "${r.base62(20)}`)}"; // secretKey for ${mark("aws-key", s.awsId(r))}\n`,
  commentZh: (r) => `// 测试环境数据库口令是 ${mark("named-secret", r.password())}，别提交\nfunc main() {}\n`,
  chatZh: (r) =>
    `[10:21] 小王: 服务器发我一下\n[10:22] 老李: 10.3.2.1 root 密码 ${mark("named-secret", r.password())}\n`,
  ticket: (r) =>
    `Hi team, the new VPN login is jsmith / password: ${mark("named-secret", r.password())} please rotate after.\n`,
  diff: (r) =>
    `@@ -3,7 +3,7 @@\n spring:\n   redis:\n-    password: ${mark("named-secret", r.password())}\n+    password: \${REDIS_PASSWORD}\n`,
  helm: (r) =>
    `helm upgrade app ./chart --set postgresql.auth.password=${mark("named-secret", r.base62(14))} --set replicas=2\n`,
  helmValues: (r) =>
    `mysql:\n  auth:\n    rootPassword: "${mark("named-secret", r.password())}"\n    database: shop\n`,
  ansible: (r) =>
    `[db]\n10.0.0.5 ansible_user=root ansible_ssh_pass=${mark("named-secret", r.password().replaceAll("#", "x"))} ansible_port=22\n`,
  xml: (r) =>
    `<property name="hibernate.connection.password">${mark("named-secret", r.password())}</property>\n`,
  druid: (r) =>
    `<bean id="ds"><property name="username" value="app"/><property name="password" value="${mark("named-secret", r.password())}"/></bean>\n`,
  jsonInString: (r) =>
    `msg = "{\\"user\\":\\"a\\",\\"password\\":\\"${mark("named-secret", r.base62(13))}\\"}"\n`,
  urlParam: (r) =>
    `GET /oauth/token?grant_type=client_credential&appid=wx${r.hex(16)}&secret=${mark("app-secret named-secret", r.hex(32))} HTTP/1.1\n`,
  history: (r) =>
    `  812  export HTTP_PROXY=http://li:${mark("url-password", r.base62(9))}@proxy.corp:3128\n  813  ls\n`,
  ciVars: (r) =>
    `variables:\n  SONAR_TOKEN: "${mark("named-secret service-token", "sq" + "p_" + r.hex(40))}"\n  GIT_DEPTH: "0"\n`,
  telegram: (r) => `bot = telebot.TeleBot("${mark("bot-token", `${r.digits(10)}:AA${s.urlSafe(r, 33)}`)}")\n`,
  sendgrid: (r) => `SENDGRID=${mark("service-token", `S` + `G.${s.urlSafe(r, 22)}.${s.urlSafe(r, 43)}`)}\n`,
  dsnSentry: (r) =>
    `SENTRY_AUTH_TOKEN=${mark("named-secret service-token", "sn" + "trys_" + r.base62(80))}\n`,
  ageKey: (r) =>
    `# created: 2026-01-01\n# public key: age1${r.from("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58)}\n${mark("private-key", "AGE-SECRET" + "-KEY-1" + r.from("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58))}\n`,
  amap: (r) =>
    `<script src="https://webapi.amap.com/maps?v=2.0&key=${mark("named-secret", r.hex(32))}"></script>\n`,
  alipay: (r) =>
    `alipay.private-key=${mark("private-key named-secret", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" + r.base64(300))}\n`,
};

export const personal: Writers = {
  idLower: (r) => `身份证：${mark("resident-id", residentId(r).replace("X", "x"))}\n`,
  idCsv: (r) =>
    `name,id_no,phone\n张伟,${mark("resident-id", residentId(r))},${mark("mobile-number", `138${r.digits(8)}`)}\n`,
  idSpaced: (r) => `ID card: ${mark("resident-id", residentId(r).replace(/(.{6})(.{8})/, "$1 $2 "))}\n`,
  plus86: (r) => `联系电话 ${mark("mobile-number", `+86 139-${r.digits(4)}-${r.digits(4)}`)}\n`,
  zeros86: (r) => `phone: "${mark("mobile-number", `0086150${r.digits(8)}`)}"\n`,
  spaced344: (r) => `请拨打 ${mark("mobile-number", `177 ${r.digits(4)} ${r.digits(4)}`)} 联系\n`,
  cardSpaced: (r) =>
    `卡号：${mark("bank-card", luhn(`622202${r.digits(12)}`).replace(/(.{4})(?=.)/g, "$1 "))}\n`,
  visa: (r) => `card number: ${mark("bank-card", luhn(`4${r.digits(14)}`).replace(/(.{4})(?=.)/g, "$1-"))}\n`,
  sqlRow: (r) =>
    `INSERT INTO users VALUES (1,'李娜','${mark("resident-id", residentId(r))}','${mark("mobile-number", `186${r.digits(8)}`)}');\n`,
  passport: (r) => `护照号码：${mark("travel-document", `E${r.digits(8)}`)}，签发日期 2020-01-01\n`,
  passportTwo: (r) => `Passport No. ${mark("travel-document", `EA${r.digits(7)}`)}\n`,
  hkPermit: (r) => `港澳居民来往内地通行证 ${mark("travel-document", `H${r.digits(8)}`)}\n`,
  twPermit: (r) => `台胞证号: ${mark("travel-document", r.digits(8))}\n`,
};

export const clean: Writers = {
  sha256sums: (r) => `${r.hex(64)}  app-1.0.tar.gz\n${r.hex(64)}  app-1.1.tar.gz\n`,
  uuids: (r) => `{"requestId":"${r.uuid()}","traceId":"${r.hex(32)}","spanId":"${r.hex(16)}"}\n`,
  sri: (r) =>
    `<script src="https://cdn.x/a.js" integrity="sha384-${r.base64(48)}" crossorigin="anonymous"></script>\n`,
  gitLog: (r) =>
    `commit ${r.hex(40)} (HEAD -> main)\nAuthor: li <li@x.cn>\n\n    auth: rotate token secret\n`,
  packageLock: (r) =>
    `"node_modules/jsonwebtoken": {\n  "version": "9.0.2",\n  "resolved": "https://registry.npmjs.org/jsonwebtoken/-/jsonwebtoken-9.0.2.tgz",\n  "integrity": "sha512-${r.base64(64)}"\n}\n`,
  goSum: (r) =>
    `github.com/golang-jwt/jwt/v5 v5.2.1 h1:${r.base64(32)}\ngithub.com/hashicorp/vault v1.15.0 h1:${r.base64(32)}\n`,
  cargoLock: (r) => `[[package]]\nname = "secrecy"\nversion = "0.8.0"\nchecksum = "${r.hex(64)}"\n`,
  publicKey: (r) => `${pemOf(r, "PUBLIC KEY")}\n`,
  certificate: (r) => `${pemOf(r, "CERTIFICATE")}\n`,
  sshPub: (r) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${r.base62(43)} deploy@ci\n`,
  knownHosts: (r) => `|1|${r.base64(20)}|${r.base64(20)} ssh-rsa AAAAB3NzaC1yc2E${r.base62(300)}\n`,
  docsPlaceholder: () =>
    `export OPENAI_API_KEY=sk-your-key-here\nexport AWS_SECRET_ACCESS_KEY=<your-secret>\n`,
  docsXxx: () => `Authorization: Bearer xxxxxxxxxxxxxxxxxxxx\nx-api-key: ********\n`,
  awsExample: () =>
    `aws_access_key_id = ${"AK" + "IA"}IOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n`,
  envRefs: () =>
    `password: \${DB_PASSWORD}\ntoken: $TOKEN\nsecret: \${{ secrets.API_KEY }}\nkey: {{ .Values.key }}\n`,
  nodeEnv: () =>
    `const secret = process.env.JWT_SECRET ?? '';\nconst apiKey = config.get<string>("apiKey");\n`,
  pyEnv: () => `SECRET_KEY = os.environ["SECRET_KEY"]\nPASSWORD = getpass.getpass("Password: ")\n`,
  vaultPath: () =>
    `vault kv get secret/data/prod/db\npassword = "vault:secret/data/prod#password"\ntoken: op://Prod/github/token\n`,
  sealed: (r) => `kind: SealedSecret\nspec:\n  encryptedData:\n    password: AgB${r.base64(240)}\n`,
  sops: (r) =>
    `password: ENC[AES256_GCM,data:${r.base64(12)},iv:${r.base64(32)},tag:${r.base64(16)},type:str]\n`,
  ansibleVault: (r) => `db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  ${r.hex(80)}\n  ${r.hex(80)}\n`,
  jasypt: (r) => `spring.datasource.password=ENC(${r.base64(32)})\n`,
  fixture: () => `const user = { name: "test", password: "password123", token: "test-token" };\n`,
  fixtureTwo: () => `login(username="foo", password="bar")\nassert check("dummy-secret") is False\n`,
  minified: (r) =>
    `!function(){var e={token:t.token,secret:n},r=function(a){return a.password||o.key};window.__h="${r.hex(20)}"}();\n`,
  css: (r) => `.token-string{color:#${r.hex(6)}}.password-input::placeholder{color:#${r.hex(6)}}\n`,
  image: (r) => `![logo](data:image/png;base64,iVBORw0KGgo${r.base64(400)})\n`,
  locale: () =>
    `{"login.password":"Password","login.passwordPlaceholder":"Enter your password","api.secretKey":"Secret key"}\n`,
  localeZh: () => `password=密码\ntoken.expired=令牌已过期，请重新登录\nsecret.tip=请妥善保管您的密钥\n`,
  orderIds: (r) => `订单号：20260302${r.digits(10)}7\ntracking: SF${r.digits(13)}\n`,
  failsLuhn: () => `order_no = 6222021234567890128\nid = 4111111111111112\n`,
  timestamps: () => `{"createdAt":1718000000123,"updatedAt":1718000999456,"seq":13800138}\n`,
  creditCode: () => `统一社会信用代码：91330100MA27X8888K\n电话：0571-88881234，传真 010-62551234\n`,
  versions: () => `"token-types": "^5.0.1",\n"secret-stack": "~6.4.2",\n"passport": "0.7.0"\n`,
  types: () =>
    `interface Login { password: string; token?: string; apiKey: string | null }\nfunction setToken(token: string): void {}\n`,
  javaGet: () =>
    `String password = request.getParameter("password");\nthis.secretKey = secretKeyProvider.getSecretKey();\n`,
  goVar: () => `password := os.Getenv("DB_PASSWORD")\nif token == "" { return errMissingToken }\n`,
  sqlSchema: () =>
    `CREATE TABLE users (id BIGINT, password VARCHAR(255) NOT NULL, token CHAR(64) DEFAULT NULL);\n`,
  bcrypt: (r) => `INSERT INTO users VALUES ('admin','$2b$12$${r.base62(53)}');\n`,
  nginx: () =>
    `proxy_set_header Authorization $http_authorization;\nssl_certificate_key /etc/nginx/ssl/server.key;\n`,
  etag: (r) => `ETag: "${r.hex(32)}"\nX-Request-Id: ${r.hex(32)}\nContent-MD5: ${r.base64(16)}\n`,
  dockerDigest: (r) => `FROM node:22@sha256:${r.hex(64)}\nENV TOKEN_FILE=/run/secrets/token\n`,
  k8sRef: () =>
    `env:\n- name: PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db-credentials\n      key: password\n`,
  ghActions: (r) =>
    `- uses: actions/checkout@${r.hex(40)}\n  with:\n    token: \${{ secrets.GITHUB_TOKEN }}\n`,
  html: () =>
    `<input type="password" name="password" placeholder="Enter password" autocomplete="current-password">\n`,
  vue: () =>
    `<el-form-item label="密码" prop="password"><el-input v-model="form.password" type="password"/></el-form-item>\n`,
  errors: () =>
    `throw new Error("invalid token: expected Bearer scheme");\nlog.warn("password must contain at least 8 characters");\n`,
  pass2: () =>
    `The password is stored hashed. A token expires after 30 minutes; the secret never leaves the server.\n`,
  regex: () => `const RE = /^(password|secret|token)=([A-Za-z0-9+\\/]{20,})$/;\n`,
  base64alphabet: () =>
    `const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";\n`,
  hexTable: (r) =>
    `uint8_t sbox[] = {0x${r.hex(2)},0x${r.hex(2)},0x${r.hex(2)},0x${r.hex(2)}};\n#define KEY_SIZE 32\n`,
  keyboard: () => `key: "ArrowLeft"\nkeyCode: 37\nprimaryKey: "user_id"\nforeign_key: order_items_order_id\n`,
  cacheKey: (r) => `cache:\n  key: npm-\${{ hashFiles('**/package-lock.json') }}-${r.hex(8)}\n`,
  i18nKey: () => `t("settings.security.passwordResetTokenDescription")\n`,
  licence: () => `SPDX-License-Identifier: Apache-2.0\nLicense key: XXXXX-XXXXX-XXXXX-XXXXX\n`,
  stripePub: (r) => `const pk = "pk_live_${r.base62(24)}";\n`,
  gaId: (r) => `gtag('config', 'G-${r.from("ABCDEFGHJK0123456789", 10)}'); // UA-${r.digits(8)}-1\n`,
  s3url: () => `https://my-bucket.s3.cn-north-1.amazonaws.com.cn/path/to/object.tar.gz\n`,
  arns: (r) => `arn:aws:secretsmanager:us-east-1:${r.digits(12)}:secret:prod/db-AbCdEf\n`,
  urlNoPass: () => `postgres://localhost:5432/app\nredis://cache:6379/0\nhttps://user@github.com/a/b.git\n`,
  urlPlaceholder: () => `mysql://user:password@localhost:3306/db\nmongodb://<username>:<password>@host/\n`,
  flagsRef: () =>
    `docker login -u "$USER" -p "$PASS" registry\nmysql -u root -p\nmysql -uroot -p$MYSQL_ROOT_PASSWORD\n`,
  tokensCount: () =>
    `{"usage":{"prompt_tokens":1234,"completion_tokens":567,"total_tokens":1801},"max_tokens":4096}\n`,
  tokenizer: () =>
    `tokenizer = AutoTokenizer.from_pretrained("bert-base-chinese")\npad_token = "[PAD]"\neos_token = "<|endoftext|>"\n`,
  lexer: () =>
    `case Token.Identifier: return this.parseExpression(token);\nenum TokenKind { String, Number }\n`,
  wasm: (r) => `const wasm = "AGFzbQEAAAAB${r.base64(200)}";\n`,
  sourceMap: () =>
    `//# sourceMappingURL=data:application/json;base64,${s.base64('{"version":3,"sources":["a.ts"],"mappings":"AAAA,OAAO"}')}\n`,
  snowflake: (r) =>
    `{"user_id":"17${r.digits(17)}","open_id":"o${s.urlSafe(r, 27)}","union_id":"o6${s.urlSafe(r, 26)}"}\n`,
  appId: (r) => `{"appid":"wx${r.hex(16)}","projectname":"mini","libVersion":"3.4.2"}\n`,
  femaleClass: (r) => `<div class="css-${r.base62(7)} sc-${r.base62(6)}" data-key="row-${r.digits(4)}">\n`,
  csrfMeta: () => `<meta name="csrf-param" content="authenticity_token">\n`,
  makefile: () => `SECRETS_DIR := $(HOME)/.secrets\npassword-file: ; @echo use --password-file=/run/pw\n`,
  changelog: () =>
    `- fix: password reset token was reused (#1234)\n- feat(auth): secret rotation every 90 days\n`,
  phoneLike: (r) =>
    `const ID = 0x13912345678;\nbuild-20241390123456.log\nspan=138001380001234 v=${r.digits(5)}.13800138000\n`,
};
