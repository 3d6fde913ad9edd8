/** Further documents of the three sorts, from the daily work of a house: frameworks, tools, mail, tickets. */

import { mark } from "./mark.ts";
import { luhn, residentId } from "./places.ts";
import type { Random } from "./random.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

export const morePlaces: Readonly<Record<string, (random: Random) => string>> = {
  hikari: (r) =>
    `  datasource:\n    url: jdbc:postgresql://pg:5432/crm\n    username: crm\n    password: "${mark("named-secret", r.password())}"\n    hikari.maximum-pool-size: 20\n`,
  express: (r) => `app.use(session({ secret: '${mark("named-secret", r.base62(22))}', resave: false }));\n`,
  django: (r) =>
    `DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql', 'USER': 'web', 'PASSWORD': '${mark("named-secret", r.password())}', 'HOST': 'db'}}\n`,
  flask: (r) => `app.config['SECRET_KEY'] = '${mark("named-secret", r.hex(48))}'\n`,
  sequelize: (r) =>
    `const db = new Sequelize('crm', 'root', '${mark("named-secret", r.password())}', { dialect: 'mysql' });\n`,
  golangDsn: (r) =>
    `db, err := sql.Open("mysql", "root:${mark("url-password named-secret", r.base62(12))}@tcp(127.0.0.1:3306)/crm?parseTime=true")\n`,
  nodemailer: (r) =>
    `const mail = createTransport({ host: "smtp.exmail.qq.com", auth: { user: "it@corp.example", pass: "${mark("named-secret", r.base62(16))}" } });\n`,
  httpie: (r) =>
    `http GET https://api.corp.example/orders Authorization:"Token ${mark("auth-header named-secret", r.hex(40))}"\n`,
  axios: (r) => `axios.get(url, { headers: { 'X-Auth-Token': '${mark("named-secret", r.base62(32))}' } })\n`,
  vaultExport: (r) =>
    `$ export VAULT_TOKEN="${mark("service-token named-secret", "hv" + "s." + r.base62(90))}"\n$ vault status\n`,
  ossutil: (r) =>
    `ossutil config -e oss-cn-hangzhou.aliyuncs.com -i ${mark("aliyun-key", "LT" + "AI4" + r.base62(17))} -k ${mark("aliyun-secret", r.base62(30))}\n`,
  coscli: (r) =>
    `cos:\n  base:\n    secretid: ${mark("tencent-key", "AK" + "ID" + r.base62(32))}\n    secretkey: ${mark("tencent-secret named-secret", r.base62(32))}\n`,
  awsJson: (r) =>
    `{"Credentials": {"AccessKeyId": "${mark("aws-key", "AS" + "IA" + r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))}", "SecretAccessKey": "${mark("aws-secret named-secret", r.base62(40))}", "SessionToken": "${mark("named-secret", r.base64(240))}"}}\n`,
  bigModel: (r) =>
    `client = ZhipuAI(api_key="${mark("model-key named-secret", `${r.hex(32)}.${r.base62(16)}`)}")\n`,
  qwen: (r) =>
    `dashscope.api_key = "sk-" + ""\ndashscope.api_key = "${mark("model-key", "sk-" + r.hex(32))}"\n`,
  deepseekCurl: (r) =>
    `curl https://api.deepseek.com/chat/completions -H "Authorization: Bearer ${mark("model-key", "sk-" + r.hex(32))}"\n`,
  wechatPay: (r) =>
    `wechat.pay.mch-id=1900000109\nwechat.pay.api-v3-key=${mark("named-secret app-secret", r.base62(32))}\n`,
  alipayPython: () => `# see keys/app_private_key.pem\nalipay = AliPay(appid="2021", sign_type="RSA2")\n`,
  feishuEnv: (r) =>
    `FEISHU_APP_ID=cli_a${r.hex(15)}\nFEISHU_APP_SECRET=${mark("named-secret app-secret", r.base62(32))}\nFEISHU_ENCRYPT_KEY=${mark("named-secret", r.base62(32))}\n`,
  umeng: (r) =>
    `友盟 appkey 5f2a 之外，App Master Secret：${mark("named-secret", r.from("abcdefghijklmnopqrstuvwxyz0123456789", 32))}\n`,
  wikiChinese: (r) => `数据库地址 10.2.1.7:3306 用户名 root 口令：${mark("named-secret", r.password())}\n`,
  vpn: (r) => `<auth-user-pass>\nliwei\n${mark("named-secret", r.password())}\n</auth-user-pass>\n`,
  snmp: (r) => `ldap_bind_dn: cn=admin,dc=corp\nldap_bind_password: ${mark("named-secret", r.password())}\n`,
  jenkins: (r) =>
    `curl -X POST https://ci.corp.example/job/a/build --user admin:${mark("named-secret url-password", `11${r.hex(32)}`)}\n`,
  helmSet: (r) =>
    `helm upgrade app ./chart --set postgresql.auth.password=${mark("named-secret", r.base62(14))} --set replicas=2\n`,
  pgEnv: (r) => `PGPASSWORD=${mark("named-secret", r.base62(14))} psql -h pg -U app -c 'select 1'\n`,
  mysqlEnv: (r) => `docker run -e MYSQL_ROOT_PASSWORD=${mark("named-secret", r.password())} -d mysql:8\n`,
  rootPasswd: (r) => `echo "root:${mark("named-secret url-password", r.base62(12))}" | chpasswd\n`,
  tomcat: (r) =>
    `<user username="admin" password="${mark("named-secret", r.password())}" roles="manager-gui"/>\n`,
  webConfig: (r) =>
    `<add name="Db" connectionString="Data Source=s;Initial Catalog=c;User ID=u;Password=${mark("named-secret", r.base62(12))}" />\n`,
  appleNotary: (r) =>
    `fastlane match --app_password "${mark("named-secret", `${r.from("abcdefghijklmnopqrstuvwxyz", 4)}-${r.from("abcdefghijklmnopqrstuvwxyz", 4)}-${r.from("abcdefghijklmnopqrstuvwxyz", 4)}-${r.from("abcdefghijklmnopqrstuvwxyz", 4)}`)}"\n`,
  elastic: (r) =>
    `es = Elasticsearch(hosts, http_auth=("elastic", "${mark("named-secret", r.base62(20))}"))\n`,
  base64Header: (r) =>
    `{"name":"authorization","value":"Basic ${mark("auth-header", base64(`liwei:${r.password()}`))}"}\n`,
  rsaInJson: (r) =>
    `{"merchant_private_key": "${mark("private-key named-secret", `MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC${r.base62(800)}`)}"}\n`,
  cookieJar: (r) =>
    `.corp.example\tTRUE\t/\tTRUE\t1999999999\tSESSION\t${mark("session-cookie named-secret", base64(r.uuid()))}\n`,
  sqlInsert: (r) =>
    `INSERT INTO sys_config(k, v) VALUES ('sms.secretKey', '${mark("named-secret", r.base62(32))}');\n`,
  nacos: (r) =>
    `nacos.core.auth.plugin.nacos.token.secret.key=${mark("named-secret", base64(r.base62(32)))}\nnacos.core.auth.server.identity.value=x\n`,
  dubbo: (r) =>
    `<dubbo:registry address="zookeeper://zk1:2181" username="dubbo" password="${mark("named-secret", r.password())}"/>\n`,
  mybatisPlus: (r) =>
    `spring.datasource.druid.password: ${mark("named-secret", r.password())}\nspring.datasource.druid.initial-size: 5\n`,
  shiro: (r) => `securityManager.rememberMeManager.cipherKey = ${mark("named-secret", r.base64(16))}\n`,
  minioEnv: (r) => `MINIO_ROOT_USER=admin\nMINIO_ROOT_PASSWORD=${mark("named-secret", r.base62(20))}\n`,
  aliyunSms: (r) =>
    `DefaultProfile.getProfile("cn-hangzhou", "${mark("aliyun-key", "LT" + "AI5t" + r.base62(18))}", "${mark("aliyun-secret", r.base62(30))}");\n`,
  aliyunOss: (r) =>
    `new OSSClientBuilder().build(endpoint,\n    "${mark("aliyun-key", "LT" + "AI" + r.base62(12))}",\n    "${mark("aliyun-secret", r.base62(30))}");\n`,
  tencentNode: (r) =>
    `const cos = new COS({ SecretId: '${mark("tencent-key", "AK" + "ID" + r.base62(32))}', SecretKey: '${mark("tencent-secret", r.base62(32))}' });\n`,
  huaweiObsutil: (r) =>
    `./obsutil config -i=${mark("cloud-key named-secret", r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 20))} -k=${mark("cloud-key named-secret", r.base62(40))} -e=obs.cn-north-4.myhuaweicloud.com\n`,
  wechatNode: (r) => `const api = new WechatAPI('wx${r.hex(16)}', '${mark("app-secret", r.hex(32))}');\n`,
  wecom: (r) => `corpid: ww${r.hex(16)}\ncorpsecret: ${mark("named-secret app-secret", r.base62(43))}\n`,
  dingtalkApp: (r) =>
    `{"appKey":"ding${r.from("abcdefghijklmnopqrstuvwxyz0123456789", 16)}","appSecret":"${mark("named-secret app-secret", r.base62(64))}"}\n`,
  baiduOcr: (r) =>
    `APP_ID = '1234567'\nAPI_KEY = '${mark("named-secret", r.base62(24))}'\nSECRET_KEY = '${mark("named-secret", r.base62(32))}'\nclient = AipOcr(APP_ID, API_KEY, SECRET_KEY)\n`,
  iflytek: (r) =>
    `xfyun:\n  appid: 5f${r.hex(6)}\n  apiSecret: ${mark("named-secret", base64(r.hex(24)))}\n  apiKey: ${mark("named-secret", r.hex(32))}\n`,
  amap: (r) =>
    `https://restapi.amap.com/v3/weather/weatherInfo?city=110101&key=${mark("named-secret service-token", r.hex(32))}\n`,
  moonshotGo: (r) =>
    `config := openai.DefaultConfig("${mark("model-key openai-key", "sk-" + r.base62(48))}")\n`,
  zhipuBearer: (r) =>
    `headers = {"Authorization": "Bearer ${mark("model-key auth-header", `${r.hex(32)}.${r.base62(16)}`)}"}\n`,
  giteeUrl: (r) =>
    `[remote "origin"]\n\turl = https://oauth2:${mark("url-password", r.hex(32))}@gitee.com/team/app.git\n`,
  sftp: (r) => `sftp://backup:${mark("url-password", r.password().replace(/[@#]/, "-"))}@10.9.8.7/data\n`,
  celery: (r) => `CELERY_BROKER_URL = 'amqp://celery:${mark("url-password", r.base62(11))}@rabbit:5672//'\n`,
  ldapProps: (r) =>
    `ldap.manager.dn=cn=root\nldap.manager.credentials=${mark("named-secret", r.password())}\n`,
  pemEnv: (r) =>
    `PRIVATE_KEY="${mark("private-key", `-----BEGIN \u0050RIVATE KEY-----\\n${r.base64(48)}\\n${r.base64(48)}\\n-----END \u0050RIVATE KEY-----`)}\\n"\n`,
  ssoCookie: (r) =>
    `document.cookie = "SSO_TOKEN=${mark("session-cookie named-secret", r.hex(40))}; path=/";\n`,
  curlCookie: (r) =>
    `curl -b 'JSESSIONID=${mark("session-cookie", r.hex(32).toUpperCase())}; route=1' https://erp/x\n`,
  httpDump: (r) =>
    `> POST /login HTTP/1.1\n> Content-Type: application/x-www-form-urlencoded\n>\n> username=admin&password=${mark("named-secret", r.base62(12))}&captcha=8x2k\n`,
  jsonLogin: (r) =>
    `DEBUG request body: {"loginName":"wangwu","loginPwd":"${mark("named-secret", r.password())}"}\n`,
  groovy: (r) =>
    `withCredentials([]) {\n  sh "sonar-scanner -Dsonar.login=${mark("named-secret service-token", "sq" + "a_" + r.hex(40))}"\n}\n`,
  kafkaJaas: (r) =>
    `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="app" password="${mark("named-secret", r.password())}";\n`,
  hiveSite: (r) =>
    `<property>\n  <name>javax.jdo.option.ConnectionPassword</name>\n  <value>${mark("named-secret", r.password())}</value>\n</property>\n`,
  ansibleVars: (r) => `mysql_root_password: "${mark("named-secret", r.password())}"\nmysql_port: 3306\n`,
  zabbix: (r) => `DBUser=zabbix\nDBPassword=${mark("named-secret", r.password())}\nDBName=zabbix\n`,
  vbnet: (r) =>
    `Dim cs As String = "Data Source=.;Initial Catalog=hr;User Id=sa;Pwd=${mark("named-secret", r.base62(10))}1x;"\n`,
  swift: (r) => `let apiKey = "${mark("named-secret", r.base62(32))}"\nlet host = "api.corp.example"\n`,
  kotlin: (r) => `const val CLIENT_SECRET = "${mark("named-secret", r.base62(40))}"\n`,
  rust: (r) => `let token: &str = "${mark("named-secret", r.base62(40))}";\n`,
  lua: (r) => `red:auth("${mark("named-secret", r.base62(16))}")\n`,
  perl: (r) => `my $dbh = DBI->connect("dbi:mysql:erp", "erp", "${mark("named-secret", r.password())}");\n`,
  powershell: (r) =>
    `$cred = ConvertTo-SecureString "${mark("named-secret", r.password())}" -AsPlainText -Force\n`,
  base64Env: (r) =>
    `echo ${mark("named-secret url-password", base64(`DB_PASSWORD=${r.password()}\nDB_HOST=db1\n`))} | base64 -d > .env\n`,
  weeklyReport: (r) =>
    `3. 测试环境管理员账号 admin / 密码 ${mark("named-secret", r.password())}，大家自行登录。\n`,
  logstash: (r) =>
    `output {\n  elasticsearch {\n    hosts => ["es1:9200"]\n    user => "elastic"\n    password => "${mark("named-secret", r.password())}"\n  }\n}\n`,
  prometheus: (r) =>
    `basic_auth:\n  username: prom\n  password: ${mark("named-secret", r.base62(18))}\nscheme: https\n`,
  rabbitmqCtl: (r) => `rabbitmqctl add_user worker ${mark("named-secret", r.base62(16))}\n`,
  mongoShell: (r) =>
    `db.createUser({ user: "app", pwd: "${mark("named-secret", r.password())}", roles: ["readWrite"] })\n`,
  mongoExport: (r) =>
    `mongoexport --uri "mongodb://root:${mark("url-password", r.base62(13))}@mongo:27017/?authSource=admin" -c users\n`,
  sentryDsn: (r) =>
    `Sentry.init({ dsn: "https://${r.hex(32)}:${mark("url-password", r.hex(32))}@sentry.corp.example/4" });\n`,
  circle: (r) =>
    `curl -H "Circle-Token: ${mark("named-secret", r.hex(40))}" https://circleci.com/api/v2/me\n`,
  privateToken: (r) =>
    `curl --header "PRIVATE-TOKEN: ${mark("named-secret", r.base62(20))}" "https://git.corp.example/api/v4/projects"\n`,
  terraformProvider: (r) =>
    `provider "alicloud" {\n  access_key = "${mark("aliyun-key", "LT" + "AI5t" + r.base62(18))}"\n  secret_key = "${mark("aliyun-secret named-secret", r.base62(30))}"\n  region     = "cn-beijing"\n}\n`,
  tencentTf: (r) =>
    `provider "tencentcloud" {\n  secret_id  = "${mark("tencent-key", "AK" + "ID" + r.base62(32))}"\n  secret_key = "${mark("tencent-secret named-secret", r.base62(32))}"\n}\n`,
  awsEnvBlock: (r) =>
    `AWS_ACCESS_KEY_ID=${mark("aws-key", "AK" + "IA" + r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))} AWS_SECRET_ACCESS_KEY=${mark("aws-secret", r.base62(40))} aws s3 ls\n`,
  dashscopeJs: (r) =>
    `const client = new OpenAI({ apiKey: "${mark("model-key", "sk-" + r.hex(32))}", baseURL: "https://dashscope.aliyuncs.com/compatible-mode/v1" });\n`,
  litellm: (r) =>
    `model_list:\n  - model_name: kimi\n    litellm_params:\n      model: openai/kimi\n      api_key: ${mark("model-key openai-key", "sk-" + r.base62(48))}\n`,
  volcJson: (r) =>
    `{"AccessKeyId":"${mark("cloud-key", `AKLT${base64(r.hex(32)).replace(/=+$/, "")}`)}","SecretAccessKey":"${mark("cloud-key named-secret", base64(r.hex(40)))}"}\n`,
  springCloudKey: (r) => `encrypt:\n  key: ${mark("named-secret", r.base62(24))}\n`,
  jwtYml: (r) => `jwt:\n  secret: ${mark("named-secret", r.base62(26))}\n  expire: 604800\n`,
  hmacGo: (r) => `var hmacSecret = []byte("${mark("named-secret", r.base62(32))}")\n`,
  aesJava: (r) => `private static final String AES_KEY = "${mark("named-secret", r.base62(16))}";\n`,
  smtpPython: (r) => `server.login("noreply@corp.example", "${mark("named-secret", r.base62(16))}")\n`,
  paramiko: (r) => `ssh.connect("10.2.3.4", 22, "root", "${mark("named-secret", r.password())}")\n`,
  ftpCurl: (r) => `curl -T a.zip ftp://up:${mark("url-password", r.base62(9))}@ftp.corp.example/in/\n`,
  expect: (r) => `expect "assword:"\nsend "${mark("named-secret", r.password())}\\r"\n`,
  zipPassword: (r) => `unzip -P ${mark("named-secret", r.base62(12))} backup.zip\n`,
  gpgBatch: (r) => `gpg --batch --passphrase ${mark("named-secret", r.base62(20))} -d a.gpg\n`,
  keystore: (r) =>
    `signingConfigs {\n  release {\n    storePassword '${mark("named-secret", r.password())}'\n    keyAlias 'app'\n    keyPassword '${mark("named-secret", r.password())}'\n  }\n}\n`,
  plist: (r) =>
    `<dict>\n  <key>ApiSecret</key>\n  <string>${mark("named-secret", r.base62(32))}</string>\n</dict>\n`,
  cmdSet: (r) => `set DB_PASS=${mark("named-secret", r.password())}\r\nset DB_HOST=db1\r\n`,
  cookieObject: (r) =>
    `cookies = {'_gitlab_session': '${mark("session-cookie", r.hex(32))}', 'lang': 'zh'}\n`,
  loginResponse: (r) =>
    `< HTTP/1.1 200\n< content-type: application/json\n<\n{"code":0,"data":{"accessToken":"${mark("named-secret", r.hex(32))}","expiresIn":7200}}\n`,
  ticketChinese: (r) => `VPN 账号 lisi，初始密码为 ${mark("named-secret", r.password())} ，登录后请修改\n`,
  chineseToken: (r) => `# 令牌（测试环境）\nTOKEN = "${mark("named-secret", r.base62(36))}"\n`,
  supabaseKey: (r) =>
    `SUPABASE_SERVICE_ROLE=${mark("jwt-token", `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.${Buffer.from(`{"role":"service_role","iat":${r.digits(10)}}`).toString("base64url")}.${r.base62(43)}`)}\n`,
  notebookKey: (r) =>
    `{"cell_type":"code","source":["import openai\\n","openai.api_key = \\"${mark("openai-key", "sk-" + "proj-" + r.base62(48))}\\""]}\n`,
};

export const morePersonal: Readonly<Record<string, (random: Random) => string>> = {
  vcard: (r) =>
    `BEGIN:VCARD\nFN:赵六\nTEL;TYPE=CELL:${mark("mobile-number", `139${r.digits(8)}`)}\nEND:VCARD\n`,
  logMobile: (r) => `sms sent to 86${mark("mobile-number", `188${r.digits(8)}`)} template=12\n`,
  tableId: (r) => `| 王五 | 男 | ${mark("resident-id", residentId(r))} | 开户 |\n`,
  xmlMobile: (r) => `<Mobile>${mark("mobile-number", `177${r.digits(8)}`)}</Mobile>\n`,
  csvBoth: (r) =>
    `5,孙七,${mark("mobile-number", `150${r.digits(8)}`)},${mark("resident-id", residentId(r))},2026-01-02\n`,
  cardLog: (r) => `扣款账户 ${mark("bank-card", luhn(`622848${r.digits(12)}`))} 金额 100.00\n`,
  logLine: (r) => `INFO 用户注册 mobile=${mark("mobile-number", `182${r.digits(8)}`)} channel=app\n`,
  fixtureId: (r) => `const user = { name: "周八", idCard: "${mark("resident-id", residentId(r))}" };\n`,
  sqlCard: (r) => `VALUES ('周八', '${mark("bank-card", luhn(`621661${r.digits(12)}`))}', '中国银行');\n`,
};

export const moreClean: Readonly<Record<string, (random: Random) => string>> = {
  jwks: (r) =>
    `{"keys":[{"kty":"RSA","kid":"${r.hex(16)}","use":"sig","n":"${r.base62(342)}","e":"AQAB"}]}\n`,
  nextData: (r) =>
    `self.__next_f.push([1,"${r.base62(5)}:{\\"buildId\\":\\"${r.base62(21)}\\",\\"assetPrefix\\":\\"\\"}"])\n`,
  webpack: (r) =>
    `"static/chunks/main-${r.hex(16)}.js": { "contenthash": "${r.hex(20)}", "integrity": "sha384-${r.base64(48)}" }\n`,
  bazel: (r) =>
    `http_archive(\n    name = "rules_auth",\n    sha256 = "${r.hex(64)}",\n    urls = ["https://github.com/a/b/archive/${r.hex(40)}.tar.gz"],\n)\n`,
  nix: (r) => `src = fetchFromGitHub {\n  rev = "${r.hex(40)}";\n  hash = "sha256-${r.base64(32)}";\n};\n`,
  gradleWrapper: (r) =>
    `distributionSha256Sum=${r.hex(64)}\ndistributionUrl=https\\://services.gradle.org/distributions/gradle-8.9-bin.zip\n`,
  vue: () =>
    `<el-input v-model="form.password" type="password" placeholder="请输入密码" show-password />\n<el-form-item label="令牌" prop="accessToken" />\n`,
  mybatis: () =>
    `<select id="findByToken">SELECT id, password, salt FROM t_user WHERE token = #{token} AND pwd = #{password}</select>\n`,
  lombok: () =>
    `@NotBlank(message = "密码不能为空")\n@Size(min = 8, max = 20, message = "密码长度必须在8-20之间")\nprivate String password;\n`,
  iam: () =>
    `{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","kms:Decrypt"],"Resource":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf"}\n`,
  eslint: () =>
    `"no-secrets/no-secrets": ["error", { "tolerance": 4.5 }],\n"sonarjs/no-hardcoded-passwords": "off",\n"tokenize/keyword-spacing": 2\n`,
  grammar: () =>
    `token: /[A-Za-z_][A-Za-z0-9_]*/\nKeyToken : 'key' ;\nSECRET = "secret" ;\nPASSWORD: P A S S W O R D;\n`,
  timing: (r) => `auth.token.ttl=${r.digits(4)}ms password.attempts=5 secret.rotation=P90D key.size=2048\n`,
  protoDump: (r) =>
    `00000000  1f 8b 08 00 ${r.hex(2)} ${r.hex(2)}  |........token...|\n00000010  6b 65 79 3d ${r.hex(2)}  |key=............|\n`,
  ethereum: (r) => `const USDT = "0x${r.hex(40)}";\nconst tx = "0x${r.hex(64)}";\n`,
  chineseDocs: () =>
    `## 登录\n\n调用 \`/login\` 获取令牌，密码需使用 RSA 公钥加密；密钥由管理员分配，长度 32 位。\n\n| 参数 | 说明 |\n|---|---|\n| password | 登录密码，8-20 位 |\n| token | 访问令牌 |\n`,
  phones: () => `客服热线 400-820-8820，传真 021-58881234，报警 110\nport 13306, size 15000000000 bytes\n`,
  dataUri: (r) =>
    `background: url("data:image/svg+xml;base64,${base64(`<svg xmlns="http://www.w3.org/2000/svg" width="${r.number(99)}"><path d="M0 0h24v24H0z"/></svg>`)}");\n`,
  tests: () =>
    `expect(() => parseToken("not-a-token")).toThrow();\nconst PASSWORD = "password123";\nuserEvent.type(passwordInput, "hunter2");\n`,
  ansible: () =>
    `- name: set password\n  user:\n    name: app\n    password: "{{ app_password | password_hash('sha512') }}"\n  no_log: true\n`,
  lockDeno: (r) => `"jsr:@std/crypto@1.0.3": { "integrity": "${r.hex(64)}", "dependencies": [] },\n`,
  podfile: (r) => `SPEC CHECKSUMS:\n  KeychainAccess: ${r.hex(40)}\nPODFILE CHECKSUM: ${r.hex(40)}\n`,
  swagger: () =>
    `@ApiModelProperty(value = "用户密码", required = true, example = "123456")\nprivate String userPassword;\n`,
  springSecurity: () =>
    `http.formLogin().usernameParameter("username").passwordParameter("password").loginProcessingUrl("/doLogin");\n@PreAuthorize("hasAuthority('token:create')")\n`,
  vueRouter: () =>
    `const tokenKey = 'Admin-Token'\nexport function getToken() { return Cookies.get(tokenKey) }\nexport function setToken(token) { return Cookies.set(tokenKey, token) }\n`,
  i18nDe: () =>
    `password.reset.success=Ihr Passwort wurde zurückgesetzt\ntoken.invalid=Ungültiges Token (Fehler 4012)\nsecret.label=Geheimnis\n`,
  tfModule: () =>
    `module "secrets" {\n  source = "git::https://git.corp.example/modules/secrets.git?ref=v1.4.2"\n  secret_ids = [for s in var.secrets : s.id]\n  kms_key = "projects/p/locations/eu/keyRings/r/cryptoKeys/k1"\n}\n`,
  actionsCache: () =>
    `- uses: actions/cache@v4\n  with:\n    key: \${{ runner.os }}-node-\${{ hashFiles('**/package-lock.json') }}\n    restore-keys: node-\n`,
  k8sToken: () =>
    `spec:\n  automountServiceAccountToken: false\n  volumes:\n    - name: token\n      projected:\n        sources:\n          - serviceAccountToken: { path: token, expirationSeconds: 3600 }\n    - name: tls\n      secret: { secretName: web-tls-2026 }\n`,
  protoc: (r) =>
    `var file_auth_proto_rawDesc = []byte{0x0a, 0x0a, 0x61, 0x75, 0x74, 0x68, 0x2e, 0x${r.hex(2)}}\nfunc (x *Token) GetPassword() string { return x.Password }\n`,
  wasm: (r) => `const wasm = "AGFzbQEAAAABBgFgAX8Bf${r.base62(400)}==";\n`,
  colours: (r) =>
    `$token-secret: #${r.hex(6)};\n--auth-key-width: ${r.number(99)}px;\ntoken.color = rgba(${r.number(255)}, 12, 33, 0.5)\n`,
  sqlSchema: () =>
    `ALTER TABLE sys_user ADD COLUMN password_salt varchar(64) DEFAULT NULL COMMENT '盐';\nSELECT * FROM oauth_token WHERE expires_at < now() AND token_type = 'refresh_token_v2';\n`,
  gitlabCi: () =>
    `variables:\n  DOCKER_AUTH_CONFIG: $DOCKER_AUTH\n  SONAR_TOKEN: \${SONAR_TOKEN}\nscript:\n  - docker login -u "$CI_REGISTRY_USER" -p "$CI_REGISTRY_PASSWORD" $CI_REGISTRY\n`,
  pythonTypes: () =>
    `@dataclass\nclass Settings:\n    secret_key: SecretStr\n    access_token: str | None = None\n    password: str = field(repr=False, default_factory=lambda: getpass("Password: "))\n`,
  cSharpTests: () =>
    `Assert.Throws<ArgumentException>(() => new Credentials(user: "u", password: ""));\n[InlineData("short", false)]\n[InlineData("LongEnough", true)]\npublic void Password_is_validated(string password, bool ok)\n`,
  apiDoc: () =>
    `| 字段 | 类型 | 示例 |\n|---|---|---|\n| appSecret | string | xxxxxxxxxxxxxxxx |\n| accessToken | string | 由 /token 接口返回 |\n| mobile | string | 13800138000 |\n| idCard | string | 11010119900101XXXX |\n`,
  jstack: (r) =>
    `"http-nio-8080-exec-${r.number(99)}" #${r.number(300)} daemon prio=5 os_prio=0 tid=0x00007f${r.hex(10)} nid=0x${r.hex(4)} waiting on condition [0x00007f${r.hex(10)}]\n`,
  amounts: (r) =>
    `order_id,amount,ts\n6${r.digits(17)},1${r.digits(3)}.50,17${r.digits(8)}\nbatch 20260311${r.digits(8)} total 1${r.digits(10)}.00\n`,
  puzzle: () =>
    `The password must contain at least 8 characters, one digit (0-9) and one of !@#$%. The key is to keep the token short-lived.\n`,
  rollup: (r) =>
    `import{a as t,b as r}from"./token-${r.base62(8)}.js";const e="password",n=t(r(e));export{n as secretKey};\n`,
  composerLock: (r) =>
    `"name": "lcobucci/jwt", "reference": "${r.hex(40)}", "shasum": "", "content-hash": "${r.hex(32)}"\n`,
  pubspec: (r) =>
    `  flutter_secure_storage:\n    description:\n      sha256: "${r.hex(64)}"\n    version: "9.2.2"\n`,
  junit: (r) =>
    `<testcase name="rejects expired token" classname="com.corp.AuthTest" time="0.${r.digits(3)}"/>\n<property name="password.policy" value="strict-v2"/>\n`,
  nginxLog: (r) =>
    `10.1.2.${r.number(255)} - - [11/Mar/2026:10:00:00 +0800] "GET /static/js/token.${r.hex(8)}.js HTTP/1.1" 304 0 "-" "Mozilla/5.0"\n`,
  react: () =>
    `const [password, setPassword] = useState("");\n<Input.Password value={password} onChange={(e) => setPassword(e.target.value)} key="password1" />\n`,
  redux: () =>
    `export const SET_TOKEN = "user/SET_TOKEN_V2";\nexport const selectToken = (s: RootState) => s.auth.token;\n`,
  k8sRbac: () =>
    `rules:\n- apiGroups: [""]\n  resources: ["secrets", "serviceaccounts/token"]\n  verbs: ["get", "create"]\n  resourceNames: ["app-secret-2026"]\n`,
  dockerCompose: () =>
    `secrets:\n  db_password:\n    file: ./secrets/db_password.txt\nservices:\n  db:\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/db_password\n`,
  cveText: (r) =>
    `CVE-2026-${r.digits(5)}: a crafted token lets an attacker bypass password checks in versions before 3.2.${r.number(9)}.\n`,
  ethAbi: (r) =>
    `{"name":"tokenURI","type":"function","selector":"0x${r.hex(8)}","address":"0x${r.hex(40)}"}\n`,
  gpgSignature: (r) =>
    `-----BEGIN PGP SIGNATURE-----\n\niQIzBAABCAAdFiEE${r.base62(44)}\n${r.base62(64)}\n=${r.base62(4)}\n-----END PGP SIGNATURE-----\n`,
  tensor: (r) => `loss 0.${r.digits(17)} lr 1e-05 tokens 1${r.digits(10)} grad_norm 0.${r.digits(16)}\n`,
  envDocs: () =>
    `| 变量 | 默认 | 说明 |\n|---|---|---|\n| DB_PASSWORD | 无 | 数据库密码 |\n| JWT_SECRET | 随机 | 启动时生成 |\n`,
  elixir: () =>
    `config :app, AppWeb.Endpoint, secret_key_base: System.fetch_env!("SECRET_KEY_BASE")\ndefp token(conn), do: get_req_header(conn, "authorization")\n`,
  haskell: () =>
    `data Token = TIdent String | TKey Int deriving (Show)\npassword :: Parser Text\npassword = lexeme (takeWhile1P (Just "password") isAlphaNum)\n`,
};
