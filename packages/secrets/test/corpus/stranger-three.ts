/** A third set, written after the second was mended. No rule was made because of it: whoever makes one writes a fourth. */

import * as s from "./shapes.ts";
import { mark } from "./mark.ts";
import { luhn, residentId } from "./places.ts";
import type { Random } from "./random.ts";

type Writers = Readonly<Record<string, (random: Random) => string>>;

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

export const secrets: Writers = {
  aliyunEnv: (r) =>
    `ALIBABA_CLOUD_ACCESS_KEY_ID=${mark("aliyun-key", s.aliyunId(r))}\nALIBABA_CLOUD_ACCESS_KEY_SECRET=${mark("aliyun-secret named-secret", r.base62(30))}\n`,
  aliyunGo: (r) =>
    `client, _ := oss.New(endpoint, "${mark("aliyun-key", s.aliyunId(r))}", "${mark("aliyun-secret", r.base62(30))}")\n`,
  tencentPython: (r) =>
    `cred = credential.Credential("${mark("tencent-key", s.tencentId(r))}",\n    "${mark("tencent-secret", r.base62(32))}")\n`,
  huaweiYaml: (r) =>
    `huaweicloud:\n  access_key: ${mark("cloud-key named-secret", r.from(UPPER, 20))}\n  secret_key: ${mark("cloud-key named-secret", r.base62(40))}\n`,
  ernie: (r) =>
    `https://aip.baidubce.com/oauth/2.0/token?grant_type=client_credentials&client_id=${r.base62(24)}&client_secret=${mark("named-secret cloud-key", r.base62(32))}\n`,
  volcJson: (r) =>
    `{"VOLC_ACCESSKEY":"${mark("cloud-key", "AK" + "LT" + r.base62(43))}","VOLC_SECRETKEY":"${mark("cloud-key named-secret", r.base64(44))}"}\n`,
  wechatPhp: (r) =>
    `$config = ['app_id' => 'wx${r.hex(16)}', 'secret' => '${mark("app-secret named-secret", r.hex(32))}', 'aes_key' => '${mark("named-secret app-secret", r.base62(43))}'];\n`,
  weworkCurl: (r) =>
    `curl "https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=ww${r.hex(16)}&corpsecret=${mark("named-secret app-secret", s.urlSafe(r, 43))}"\n`,
  dingToml: (r) =>
    `[dingtalk]\nclient_id = "ding${r.from("abcdefghijklmnopqrstuvwxyz0123456789", 16)}"\nclient_secret = "${mark("named-secret app-secret", s.urlSafe(r, 64))}"\n`,
  deepseekPy: (r) =>
    `client = OpenAI(api_key="${mark("model-key", s.sk32(r))}", base_url="https://api.deepseek.com")\n`,
  moonshotTs: (r) =>
    `const kimi = new OpenAI({ apiKey: "${mark("model-key openai-key", s.sk48(r))}", baseURL: "https://api.moonshot.cn/v1" });\n`,
  zhipuPy: (r) => `client = ZhipuAI(api_key="${mark("model-key", `${r.hex(32)}.${r.base62(16)}`)}")\n`,
  giteeCi: (r) => `GITEE_TOKEN: ${mark("named-secret service-token", r.hex(32))}\n`,
  codingNet: (r) =>
    `git push https://pt${r.base62(8)}:${mark("url-password", r.hex(40))}@e.coding.net/a/b/c.git\n`,
  awsEnv: (r) =>
    `export AWS_ACCESS_KEY_ID=${mark("aws-key", s.awsId(r))}\nexport AWS_SECRET_ACCESS_KEY=${mark("aws-secret named-secret", r.base64(30))}\n`,
  awsChat: (r) =>
    `here are the keys: ${mark("aws-key", s.awsId(r))} / ${mark("aws-secret", r.base64(30))}, region eu-west-1\n`,
  awsTs: (r) =>
    `new S3Client({ credentials: { accessKeyId: "${mark("aws-key", s.awsId(r))}", secretAccessKey: "${mark("aws-secret named-secret", r.base64(30))}" } });\n`,
  gcpOauth: (r) =>
    `{"installed":{"client_id":"${r.digits(12)}.apps.googleusercontent.com","client_secret":"${mark("google-key named-secret", "GOC" + `SPX-${s.urlSafe(r, 28)}`)}"}}\n`,
  gcpAccess: (r) =>
    `Authorization: Bearer ${mark("google-key auth-header", "ya" + `29.a0Af${s.urlSafe(r, 160)}`)}\n`,
  azureEnv: (r) =>
    `AZURE_CLIENT_ID=${r.uuid()}\nAZURE_CLIENT_SECRET=${mark("azure-key named-secret", `${r.base62(3)}8Q~${r.base62(34)}`)}\n`,
  azureOpenai: (r) =>
    `client = AzureOpenAI(azure_endpoint=URL, api_key="${mark("named-secret azure-key", r.hex(32))}", api_version="2024-06-01")\n`,
  serviceBus: (r) =>
    `Endpoint=sb://pay.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${mark("azure-key named-secret", r.base64(32))}\n`,
  azureDevops: (r) =>
    `git clone https://anything:${mark("url-password", r.from("abcdefghijklmnopqrstuvwxyz234567", 52))}@dev.azure.com/o/p/_git/r\n`,
  githubWorkflow: (r) => `      - run: gh auth login --with-token <<< ${mark("github-token", s.github(r))}\n`,
  githubCurl: (r) =>
    `curl -H "Authorization: token ${mark("github-token auth-header", s.github(r))}" https://api.github.com/user\n`,
  gitlabYml: (r) =>
    `before_script:\n  - docker login -u gitlab+deploy-token-1 -p ${mark("gitlab-token named-secret", "gl" + "dt-" + s.urlSafe(r, 20))} registry.corp\n`,
  npmSet: (r) => `npm config set //registry.npmjs.org/:_authToken ${mark("npm-token", s.npm(r))}\n`,
  twine: (r) => `twine upload -u __token__ -p ${mark("pypi-token", s.pypi(r))} dist/*\n`,
  slackGo: (r) => `api := slack.New("${mark("slack-token", s.slackBot(r))}")\n`,
  stripePhp: (r) => `\\Stripe\\Stripe::setApiKey("${mark("stripe-key", s.stripe(r))}");\n`,
  anthropicEnv: (r) =>
    `{\n  "env": {\n    "ANTHROPIC_AUTH_TOKEN": "${mark("anthropic-key", s.anthropic(r))}"\n  }\n}\n`,
  hfPy: (r) => `login(token="${mark("hf-token", s.huggingFace(r))}")\n`,
  pgDsn: (r) =>
    `psycopg2.connect("host=db dbname=x user=app password=${mark("named-secret url-password", r.base62(12))}")\n`,
  prisma: (r) =>
    `datasource db {\n  provider = "postgresql"\n  url = "postgresql://app:${mark("url-password", r.base62(14))}@db:5432/x"\n}\n`,
  mysqlIni: (r) => `[client]\nuser=root\npassword="${mark("named-secret", r.password())}"\nhost=127.0.0.1\n`,
  redisUrl: (r) => `REDIS_URL=rediss://default:${mark("url-password", r.base62(32))}@x.upstash.io:6379\n`,
  mongoYaml: (r) =>
    `spring.data.mongodb.uri: mongodb://u:${mark("url-password", r.base62(10))}@m1,m2/x?authSource=admin\n`,
  jwtShell: (r) =>
    `TOKEN=${mark("jwt-token", s.jwtOf(r))}\ncurl -H "Authorization: Bearer $TOKEN" https://x\n`,
  kubeToken: (r) => `users:\n- name: ci\n  user:\n    token: ${mark("jwt-token named-secret", s.jwtOf(r))}\n`,
  kubectlCreate: (r) =>
    `kubectl create secret generic db --from-literal=username=app --from-literal=password='${mark("named-secret", r.password())}'\n`,
  kubectlDocker: (r) =>
    `kubectl create secret docker-registry reg --docker-username=ci --docker-password=${mark("named-secret", r.base62(16))}\n`,
  dockerJsonSecret: (r) =>
    `kind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: ${mark("named-secret auth-header", s.base64(`{"auths":{"r.io":{"auth":"${s.base64(`ci:${r.base62(16)}`)}"}}}`))}\n`,
  tfvars: (r) => `db_username = "app"\ndb_password = "${mark("named-secret", r.password())}"\n`,
  tfOutput: (r) =>
    `"outputs":{"db_password":{"value":"${mark("named-secret", r.base62(18))}","type":"string","sensitive":true}}\n`,
  netrcLine: (r) =>
    `machine api.heroku.com login a@b.c password ${mark("named-secret service-token", r.uuid())}\n`,
  cookieJs: (r) =>
    `headers: { Cookie: "token=${mark("session-cookie named-secret jwt-token", s.jwtOf(r))}; uid=12" }\n`,
  basicCurl: (r) => `curl -u 'elastic:${mark("named-secret", r.base62(20))}' https://es:9200/_cat\n`,
  cliToken: (r) =>
    `sonar-scanner -Dsonar.login=${mark("named-secret service-token", r.hex(40))} -Dsonar.host.url=https://s\n`,
  cliKey: (r) => `mytool deploy --api-key ${mark("named-secret", r.base62(32))} --region cn\n`,
  javaConst: (r) => `public static final String APP_SECRET = "${mark("named-secret", r.hex(32))}";\n`,
  pyDict: (r) =>
    `DATABASES = {'default': {'USER': 'app', 'PASSWORD': '${mark("named-secret", r.password())}', 'HOST': 'db'}}\n`,
  goConst: (r) => `const jwtKey = "${mark("named-secret", r.base62(32))}"\n`,
  tsConst: (r) => `export const ENCRYPTION_KEY: string = '${mark("named-secret", r.hex(64))}';\n`,
  swiftLet: (r) => `let clientSecret = "${mark("named-secret", r.base62(40))}"\n`,
  kotlinMap: (r) => `mapOf("user" to "app", "password" to "${mark("named-secret", r.password())}")\n`,
  rustConst: (r) => `pub const TOKEN: &'static str = "${mark("named-secret", r.base62(40))}";\n`,
  csharpConn: (r) =>
    `var cs = "Data Source=db;Initial Catalog=x;User ID=sa;Pwd=${mark("named-secret url-password", r.base62(12))};";\n`,
  cChar: (r) => `static const char *wifi_password = "${mark("named-secret", r.password())}";\n`,
  commentEn: (r) => `# TODO remove: staging admin password is ${mark("named-secret", r.password())}\n`,
  commentJava: (r) => `/** 默认密码: ${mark("named-secret", r.password())} */\n`,
  weChatLog: (r) => `李雷 2026-03-01 10:02:11\n跳板机账号 ops，密码：${mark("named-secret", r.password())}\n`,
  ticketZh: (r) => `【环境】UAT 【用户名】uat01 【密码】${mark("named-secret", r.password())}\n`,
  jiraEn: (r) =>
    `Login with user qa_lead and password "${mark("named-secret", r.password())}" on https://uat.corp\n`,
  notebook: (r) => `"source": ["client = Client(token='${mark("named-secret", r.base62(40))}')\\n"]\n`,
  harHeader: (r) => `{"name": "x-api-key", "value": "${mark("named-secret", r.base62(40))}"}\n`,
  logHeader: (r) =>
    `DEBUG headers={'Authorization': 'Bearer ${mark("auth-header named-secret", r.base62(43))}', 'Accept': '*/*'}\n`,
  diffPlus: (r) => `+++ b/app.yml\n@@ -1 +1,2 @@\n+  secret-key: ${mark("named-secret", r.base62(32))}\n`,
  xmlAttr: (r) =>
    `<add key="SmtpPassword" value="${mark("named-secret", r.password().replaceAll("&", "x"))}" />\n`,
  iniPass: (r) =>
    `[smtp]\nhost=smtp.qq.com\nuser=a@qq.com\npass=${mark("named-secret", r.from("abcdefghijklmnopqrstuvwxyz", 16))}\n`,
  escaped: (r) => `{"body":"{\\"appSecret\\":\\"${mark("named-secret app-secret", r.hex(32))}\\"}"}\n`,
  phpEnv: (r) => `putenv('MAIL_PASSWORD=${mark("named-secret", r.password())}');\n`,
  ansibleVar: (r) => `ansible_become_pass: "${mark("named-secret", r.password())}"\n`,
  helmSet: (r) => `--set-string redis.password=${mark("named-secret", r.base62(12))},redis.enabled=true\n`,
  supervisord: (r) => `environment=DB_PASSWORD="${mark("named-secret", r.password())}",DB_USER="app"\n`,
  systemd: (r) => `Environment="API_TOKEN=${mark("named-secret", r.base62(32))}"\n`,
  opensshKey: (r) =>
    `${mark("private-key", `-----BEGIN OPENSSH PRIVATE` + ` KEY-----\n${Array.from({ length: 6 }, () => r.base64(52).slice(0, 70)).join("\n")}\n-----END OPENSSH PRIVATE` + " KEY-----")}\n`,
};

export const personal: Writers = {
  idText: (r) => `身份证号码 ${mark("resident-id", residentId(r))} 已核验\n`,
  idTwo: (r) =>
    `('${mark("resident-id", residentId(r))}', '${mark("resident-id", residentId(r).toLowerCase())}')\n`,
  phonePlain: (r) => `联系人：王芳 ${mark("mobile-number", `158${r.digits(7)}8`)}\n`,
  phonePlus: (r) => `{"phone":"+86${mark("mobile-number", `135${r.digits(7)}4`)}"}\n`,
  phoneDash: (r) => `mobile: ${mark("mobile-number", `187-${r.digits(4)}-${r.digits(3)}5`)}\n`,
  card: (r) => `银行卡号：${mark("bank-card", luhn(`622848${r.digits(12)}`))}\n`,
  passport: (r) => `护照：${mark("travel-document", `EJ${r.digits(7)}`)}\n`,
  permit: (r) => `港澳通行证 ${mark("travel-document", `C${r.digits(8)}`)}\n`,
};

export const clean: Writers = {
  composerLock: (r) => `"name": "firebase/php-jwt",\n"reference": "${r.hex(40)}",\n"shasum": ""\n`,
  gemLock: (r) => `  remote: https://github.com/a/token\n  revision: ${r.hex(40)}\n`,
  nixHash: (r) =>
    `sha256 = "sha256-${r.base64(32)}";\nhash = "${r.from("0123456789abcdfghijklmnpqrsvwxyz", 52)}";\n`,
  bazel: (r) => `http_archive(name = "rules_key", sha256 = "${r.hex(64)}", urls = ["https://x/a.zip"])\n`,
  gitDiff: (r) => `index ${r.hex(7)}..${r.hex(7)} 100644\n--- a/src/token.ts\n+++ b/src/token.ts\n`,
  publicPem: (r) =>
    `-----BEGIN RSA PUBLIC KEY-----\n${r.base64(48)}\n${r.base64(48)}\n-----END RSA PUBLIC KEY-----\n`,
  caBundle: (r) =>
    `ca.crt: |\n  -----BEGIN CERTIFICATE-----\n  ${r.base64(48)}\n  ${r.base64(48)}\n  -----END CERTIFICATE-----\n`,
  authorizedKeys: (r) => `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${r.base62(360)} li@mac\n`,
  agePublic: (r) => `recipients: age1${r.from("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58)}\n`,
  wgPublic: (r) => `[Peer]\nPublicKey = ${r.base64(32)}\nEndpoint = a:51820\n`,
  envExample: () => `DB_PASSWORD=\nJWT_SECRET=please-change-me\nOPENAI_API_KEY=sk-...\nREDIS_PASSWORD=null\n`,
  envRef: () =>
    `url: \${DB_URL:jdbc:mysql://localhost/db}\npassword: \${DB_PASSWORD:}\nsecret: !Ref DbSecret\n`,
  cfn: () => `MasterUserPassword: !Sub '{{resolve:secretsmanager:\${Secret}:SecretString:password}}'\n`,
  actions: () => `        password: \${{ secrets.DOCKERHUB_TOKEN }}\n        token: \${{ github.token }}\n`,
  pulumi: (r) => `config:\n  app:password:\n    secure: AAABA${r.base64(40)}\n`,
  eyaml: (r) => `db::password: ENC[PKCS7,${r.base64(200)}]\n`,
  gitCrypt: (r) => `{"ciphertext":"${r.base64(60)}","iv":"${r.base64(12)}","tag":"${r.base64(16)}"}\n`,
  testCase: () =>
    `expect(validatePassword("Abc")).toBe(false);\nconst token = "fake-token";\nmockUser({ password: "secret" });\n`,
  readme: () => `Set \`API_KEY\` to your key, e.g. \`API_KEY=abcd1234\`. Default login: admin / admin.\n`,
  minified: (r) =>
    `var r=e.secret||t,o=n.token,i="${r.hex(8)}";function s(a){return a.key===o?i:a.password}s({token:o,key:r});\n`,
  sass: () =>
    `$token-color-primary: #3b82f6;\n--password-input-height: 2.5rem;\n.secret { width: calc(100% - 12px) }\n`,
  svg: (r) =>
    `<path d="M${r.digits(2)}.${r.digits(3)}c-${r.digits(1)}.${r.digits(2)}-1.23 ${r.digits(1)}.4z" data-key="k1"/>\n`,
  locale: () => `"mobile": "手机号", "idCard": "身份证号", "passwordTip": "密码必须为8-20位字母和数字"\n`,
  orders: (r) => `order_id,amount\n${r.digits(19)},12.50\n${r.digits(19)},99.00\n`,
  times: (r) =>
    `start=20260301123045123 end=20260301123046${r.digits(3)} ts=17${r.digits(8)} ns=17${r.digits(17)}\n`,
  versions: () => `kotlin = "2.1.20"\ntokenizers==0.21.1\nsecretstorage>=3.3.3,<4\n`,
  yupSchema: () => `password: yup.string().min(8).matches(/[A-Z0-9]{2}/).required(), token: yup.string()\n`,
  javaBean: () =>
    `private String password;\npublic void setToken(String token) { this.token = token; }\n@Value("\${jwt.secret}") String secret;\n`,
  goFlag: () => `flag.StringVar(&token, "token", "", "API token (env API_TOKEN)")\n`,
  pyArg: () => `parser.add_argument("--password", default=None, help="password for user1")\n`,
  rustStruct: () => `struct Auth { token: Option<String>, secret_key: Vec<u8>, password: SecretString }\n`,
  sqlDump: (r) =>
    `INSERT INTO files VALUES (1,'a.png','${r.hex(32)}','2026-01-01'),(2,'b.png','${r.hex(32)}','2026-01-02');\n`,
  scrypt: (r) => `"password": "$argon2id$v=19$m=65536,t=3,p=4$${r.base62(22)}$${r.base62(43)}"\n`,
  nginxConf: () => `auth_basic_user_file /etc/nginx/.htpasswd;\nproxy_set_header X-Token $http_x_token;\n`,
  idLike: (r) => `id: 110101${r.digits(5)}99${r.digits(5)}\nbatch_no: 4${r.digits(14)}x\n`,
  concat: () => `String msg = "first part of a long" + " message"; log.info("key-" + "value" + key2);\n`,
  urls: (r) => `https://cdn.x/assets/${r.hex(32)}/app.js?v=${r.hex(8)}&t=17${r.digits(8)}\n`,
  s3Presigned: () => `https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600\n`,
  traceparent: (r) => `traceparent: 00-${r.hex(32)}-${r.hex(16)}-01\n`,
  awsAccount: (r) =>
    `role: arn:aws:iam::${r.digits(12)}:role/token-rotator\nkms: arn:aws:kms:eu-west-1:1:key/${r.uuid()}\n`,
  oauthScopes: () =>
    `scope: "openid profile offline_access"\ntoken_endpoint_auth_method: client_secret_basic\n`,
  prometheus: () =>
    `http_requests_total{token="valid",path="/login"} 10273\nauth_failures{reason="bad_password2"} 3\n`,
  sentryDsn: (r) => `commit_sha=${r.hex(40)} build_key=release-${r.hex(7)} image_tag=v1.2.3-${r.hex(8)}\n`,
};
