/** Credentials in places that have a form of their own: URLs, headers, keys, manifests, the files of tools. */

import { generateKeyPairSync } from "node:crypto";
import { jwt } from "./credentials.ts";
import { mark } from "./mark.ts";
import type { Random } from "./random.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A real key of the test run alone; its bytes differ from run to run, its form does not. */
function pem(type: "pkcs8" | "pkcs1" | "sec1"): string {
  if (type === "sec1") {
    return generateKeyPairSync("ec", { namedCurve: "P-256" })
      .privateKey.export({ format: "pem", type })
      .trim();
  }
  const { privateKey } =
    type === "pkcs8" ? generateKeyPairSync("ed25519") : generateKeyPairSync("rsa", { modulusLength: 1024 });
  return privateKey.export({ format: "pem", type }).trim();
}

function der(): string {
  return generateKeyPairSync("rsa", { modulusLength: 1024 })
    .privateKey.export({ format: "der", type: "pkcs8" })
    .toString("base64");
}

const openssh = (r: Random): string =>
  ["-----BEGIN OPENSSH ", "PRIVATE KEY-----\n"].join("") +
  Array.from({ length: 5 }, () => `${r.base64(52).slice(0, 70)}\n`).join("") +
  ["-----END OPENSSH ", "PRIVATE KEY-----"].join("");

export const places: Readonly<Record<string, (random: Random) => string>> = {
  postgresUrl: (r) =>
    `DATABASE_URL=postgresql://app:${mark("url-password", r.password().replace("@", "x"))}@db1.internal:5432/pay?sslmode=require\n`,
  mongoUrl: (r) =>
    `uri: "mongodb+srv://svc:${mark("url-password", r.base62(14))}@cluster0.ab1cd.mongodb.net/prod"\n`,
  redisUrl: (r) =>
    `cache = Redis.from_url("redis://:${mark("url-password", r.base62(20))}@10.2.3.4:6379/1")\n`,
  amqpUrl: (r) =>
    `{"broker": "amqps://worker:${mark("url-password", r.password().replace(/[@#]/, "_"))}@mq.corp.example:5671/jobs"}\n`,
  jdbc: (r) =>
    `jdbc:mysql://10.1.1.9:3306/erp?user=root&password=${mark("named-secret url-password", r.base62(13))}&useSSL=false\n`,
  jdbcOracle: (r) =>
    `url=jdbc:oracle:thin:scott/${mark("url-password named-secret", r.password().replace("@", "_"))}@//ora1.internal:1521/ORCL\n`,
  mssql: (r) =>
    `"Default": "Server=sql01;Database=erp;User Id=sa;Password=${mark("named-secret", r.password())};TrustServerCertificate=True"\n`,
  odbc: (r) =>
    `conn = pyodbc.connect("DRIVER={ODBC};SERVER=s1;UID=etl;PWD=${mark("named-secret", r.password())}")\n`,
  gitUrl: (r) =>
    `git clone https://deploy:${mark("url-password", r.base62(20))}@git.corp.example/team/app.git\n`,
  gitCredentials: (r) => `https://liwei:${mark("url-password", r.base62(24))}@gitee.com\n`,
  proxy: (r) => `http_proxy=http://zhang:${mark("url-password", r.base62(9))}@proxy.corp.example:8080\n`,
  netrc: (r) => `machine git.corp.example\n  login ci\n  password ${mark("named-secret", r.password())}\n`,
  pgpass: (r) =>
    `# host:port:db:user:password\ndb1.internal:5432:pay:app:${mark("named-secret", r.base62(15))}\n`,
  npmrc: (r) =>
    `registry=https://npm.corp.example/\n//npm.corp.example/:_authToken=${mark("named-secret", r.uuid())}\nalways-auth=true\n`,
  dockerConfig: (r) =>
    `{"auths":{"hub.corp.example":{"auth":"${mark("auth-header", base64(`ci:${r.password()}`))}"}}}\n`,
  basicHeader: (r) =>
    `GET /v1 HTTP/1.1\nHost: a\nAuthorization: Basic ${mark("auth-header", base64(`svc:${r.password()}`))}\n`,
  bearerHeader: (r) =>
    `fetch(url, { headers: { "Authorization": "Bearer ${mark("auth-header", r.base62(40))}" } });\n`,
  curlBearer: (r) =>
    `curl -H 'Authorization: Bearer ${mark("jwt-token", jwt(r))}' https://api.corp.example/me\n`,
  curlUser: (r) =>
    `curl -u admin:${mark("named-secret url-password", r.password())} https://es.corp.example:9200/_cat/indices\n`,
  curlUserLong: (r) =>
    `curl --silent --user "bot:${mark("named-secret url-password", r.base62(18))}" -X GET https://nexus/api\n`,
  mysqlFlag: (r) => `mysql -h 10.0.0.8 -u root -p${mark("named-secret", r.base62(12))} erp < dump.sql\n`,
  sshpass: (r) => `sshpass -p '${mark("named-secret", r.password())}' ssh root@10.3.2.1 uptime\n`,
  redisCli: (r) => `redis-cli -h cache -a ${mark("named-secret", r.base62(20))} ping\n`,
  cookie: (r) =>
    `Cookie: theme=dark; sessionid=${mark("session-cookie named-secret", r.from("abcdefghijklmnopqrstuvwxyz0123456789", 32))}; lang=zh\n`,
  setCookie: (r) =>
    `< Set-Cookie: JSESSIONID=${mark("session-cookie named-secret", r.hex(32).toUpperCase())}; Path=/; HttpOnly\n`,
  phpCookie: (r) =>
    `curl 'https://oa.corp.example/list' -H 'Cookie: PHPSESSID=${mark("session-cookie", r.from("abcdefghijklmnopqrstuvwxyz0123456789", 26))}'\n`,
  harCookie: (r) =>
    `{"cookies":[{"name":"connect.sid","value":"${mark("session-cookie", `s%3A${r.base62(32)}.${r.base62(43)}`)}","httpOnly":true}]}\n`,
  pemPkcs8: () => `# key\n${mark("private-key", pem("pkcs8"))}\n`,
  pemPkcs1: () => `resource "x" "y" {\n  key = <<EOT\n${mark("private-key", pem("pkcs1"))}\nEOT\n}\n`,
  pemSec1: () =>
    `tls:\n  key: |\n    ${mark("private-key", pem("sec1").replaceAll("\n", "\n    "))}\n  port: 1\n`,
  pemOpenssh: (r) => `${mark("private-key", openssh(r))}\n`,
  headlessPkcs8: () =>
    `alipay.app_private_key=${mark("private-key named-secret", der())}\nalipay.app_id=2021000118\n`,
  headlessJava: () => `String merchantKey = "${mark("private-key named-secret", der())}";\n`,
  putty: (r) =>
    `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: k\nPublic-Lines: 2\n${r.base64(48)}\n${r.base64(30)}\nPrivate-Lines: 1\n${mark("private-key", r.base64(36))}\nPrivate-MAC: ${r.hex(64)}\n`,
  age: (r) =>
    `# public key: age1${r.from("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58)}\n${mark("private-key", "AGE-SECRET-" + "KEY-1" + r.from("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58))}\n`,
  kubernetesSecret: (r) =>
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\ndata:\n  username: YWRtaW4=\n  dsn: ${mark("named-secret url-password", base64(r.password() + r.base62(4)))}\n`,
  kubernetesStrings: (r) =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: api }\nstringData:\n  upstream: "${mark("named-secret", r.base62(24))}"\n`,
  kubeconfig: (r) =>
    `users:\n- name: admin\n  user:\n    client-certificate-data: ${base64("-----BEGIN CERTIFICATE-----\nMIIB")}\n    client-key-data: ${mark("private-key named-secret", base64(pem("sec1")))}\n    token: ${mark("named-secret", r.base62(48))}\n`,
  tfstate: (r) =>
    `{"version":4,"outputs":{"db_password":{"value":"${mark("named-secret", r.password())}","type":"string","sensitive":true}}}\n`,
  tfstatePlain: (r) =>
    `{\n "outputs": {\n  "conn": {\n   "value": "${mark("named-secret", r.base62(28))}",\n   "type": "string",\n   "sensitive": true\n  }\n }\n}\n`,
  serviceAccount: (r) =>
    `{\n  "type": "service_account",\n  "project_id": "p-1",\n  "private_key_id": "${r.hex(40)}",\n  "private_key": "${mark("private-key", pem("pkcs1").replaceAll("\n", "\\n"))}\\n",\n  "client_email": "a@p-1.iam.gserviceaccount.com"\n}\n`,
  azureStorage: (r) =>
    `AZURE=DefaultEndpointsProtocol=https;AccountName=st1;AccountKey=${mark("azure-key", r.base64(64))};EndpointSuffix=core.windows.net\n`,
  azureSas: (r) =>
    `https://st1.blob.core.windows.net/c/f?sv=2022-11-02&se=2027-01-01&sr=b&sp=r&sig=${mark("azure-key", encodeURIComponent(r.base64(32)))}\n`,
  azureClient: (r) =>
    `AZURE_CLIENT_SECRET=${mark("azure-key named-secret", `${r.base62(3)}8Q~${r.base62(34)}`)}\n`,
  slackHook: (r) =>
    `url: https://hooks.slack.com/services/${mark("webhook-url", `T${r.from("ABCDEFGH0123456789", 10)}/B${r.from("ABCDEFGH0123456789", 10)}/${r.base62(24)}`)}\n`,
  dingtalkHook: (r) =>
    `webhook = "https://oapi.dingtalk.com/robot/send?access_token=${mark("webhook-url", r.hex(64))}"\n`,
  dingtalkSign: (r) =>
    `ROBOT_SIGN = "${mark("app-secret named-secret", `SEC${r.hex(64)}`)}"  # 钉钉机器人加签\n`,
  feishuHook: (r) => `POST https://open.feishu.cn/open-apis/bot/v2/hook/${mark("webhook-url", r.uuid())}\n`,
  wecomHook: (r) =>
    `机器人: https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${mark("webhook-url", r.uuid())}\n`,
  discordHook: (r) =>
    `https://discord.com/api/webhooks/${r.digits(18)}/${mark("webhook-url", r.base62(68))}\n`,
  feishuApp: (r) =>
    `lark:\n  app_id: cli_a${r.hex(15)}\n  secret: ${mark("app-secret named-secret", r.base62(32))}\n`,
  feishuBare: (r) => `client = lark.Client("cli_a${r.hex(15)}", "${mark("app-secret", r.base62(32))}")\n`,
  wechatBare: (r) => `WxMaConfig("wx${r.hex(16)}", "${mark("app-secret named-secret", r.hex(32))}")\n`,
  wechatYaml: (r) =>
    `wx:\n  miniapp:\n    appid: wx${r.hex(16)}\n    secret: ${mark("app-secret named-secret", r.hex(32))}\n`,
  aliyunBare: (r) =>
    `config = Config("${mark("aliyun-key", "LT" + "AI5t" + r.base62(18))}", "${mark("aliyun-secret", r.base62(30))}")\n`,
  aliyunOldPair: (r) =>
    `[default]\naliyun_id = ${mark("aliyun-key", "LT" + "AI" + r.base62(12))}\naliyun_sk = ${mark("aliyun-secret named-secret", r.base62(30))}\n`,
  tencentBare: (r) =>
    `cred = credential.Credential(\n  "${mark("tencent-key", "AK" + "ID" + r.base62(32))}",\n  "${mark("tencent-secret", r.base62(32))}")\n`,
  awsBare: (r) =>
    `boto3.client("s3", "cn-north-1",\n  "${mark("aws-key", "AK" + "IA" + r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))}",\n  "${mark("aws-secret", `${r.base62(20)}+${r.base62(19)}`)}")\n`,
  huaweiPair: (r) =>
    `obsClient = ObsClient(access_key_id='${mark("cloud-key named-secret", r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 20))}', secret_access_key='${mark("cloud-key named-secret aws-secret", r.base62(40))}', server='https://obs.cn-north-4.myhuaweicloud.com')\n`,
  qiniuPair: (r) =>
    `q = qiniu.Auth('${mark("cloud-key", r.base62(40))}', '${mark("cloud-key", r.base62(40))}')\n`,
  baiduPair: (r) =>
    `# 百度智能云\nak = "${mark("cloud-key", `ALTAK${r.base62(21)}`)}"\nsk = "${mark("cloud-key named-secret", r.hex(32))}"\n`,
  volcPair: (r) =>
    `ak: ${mark("cloud-key", `AKLT${Buffer.from(r.hex(32)).toString("base64").replace(/=+$/, "")}`)}\nsk: ${mark("cloud-key named-secret", Buffer.from(r.hex(40)).toString("base64"))}\n`,
  chinesePassword: (r) =>
    `# 部署说明\n\n服务器 10.8.0.3，账号 root，密码：${mark("named-secret", r.password())}\n请勿外传。\n`,
  chineseKey: (r) =>
    `接口密钥: ${mark("named-secret", r.base62(32))}\n访问令牌：${mark("named-secret", r.hex(40))}\n`,
  chineseComment: (r) => `const pay = init("mch001", "${mark("named-secret", r.base62(32))}"); // 商户密钥\n`,
  chat: (r) =>
    `Hi, the staging login is admin and the password is ${mark("named-secret", r.password())} - please delete this message.\n`,
  sqlUser: (r) =>
    `CREATE USER 'app'@'%' IDENTIFIED BY '${mark("named-secret", r.password())}';\nGRANT ALL ON pay.* TO 'app'@'%';\n`,
  postgresRole: (r) => `ALTER ROLE app WITH LOGIN PASSWORD '${mark("named-secret", r.password())}';\n`,
  ansibleInventory: (r) =>
    `[web]\n10.0.0.4 ansible_user=root ansible_ssh_pass=${mark("named-secret", r.password())}\n`,
  maven: (r) =>
    `<server>\n  <id>nexus</id>\n  <username>ci</username>\n  <password>${mark("named-secret", r.password())}</password>\n</server>\n`,
  gradle: (r) =>
    `maven {\n  credentials {\n    username = "ci"\n    password = "${mark("named-secret", r.password())}"\n  }\n}\n`,
  wifi: (r) => `network={\n  ssid="corp"\n  psk="${mark("named-secret", r.password())}"\n}\n`,
  wireguard: (r) =>
    `[Interface]\nPrivateKey = ${mark("named-secret private-key", r.base64(32))}\nAddress = 10.0.0.2/32\n\n[Peer]\nPublicKey = ${r.base64(32)}\n`,
  jsEscape: (r) => `{"conf":"\\u0070assword\\u003d\\u0022${mark("named-secret", r.base62(16))}\\u0022"}\n`,
  percent: (r) =>
    `POST /cb?next=%2Fx%3Faccess_token%3D${mark("named-secret", r.base62(32))}%26a%3D1 HTTP/1.1\n`,
  zeroWidth: (r) => `token: ${mark("github-token", `gh\u200bp_${r.base62(18)}\u200b${r.base62(18)}`)}\n`,
  fullWidth: (r) => `密码：${mark("named-secret", `Ａｄｍｉｎ＠${r.digits(4)}!x`)}\n`,
  htmlEntities: (r) =>
    `<code>&quot;api_key&quot;: &quot;${mark("named-secret", r.base62(32))}&quot;</code>\n`,
  base64Blob: (r) =>
    `APP_CONFIG_B64=${mark("named-secret aws-secret url-password", base64(`{"db":{"host":"db1","password":"${r.password()}"},"debug":false}`))}\n`,
  base64Twice: (r) =>
    `payload: ${mark("aws-key github-token", base64(base64(`export T=gh\u0070_${r.base62(36)}\n`)))}\n`,
  splitPem: () => `key := "${mark("private-key", pem("pkcs8").replaceAll("\n", '\\n" +\n\t"'))}\\n"\n`,
  jwtBare: (r) => `ws.connect("wss://x/?t=${mark("jwt-token", jwt(r))}")\n`,
  tuple: (r) => `auth=("svc_user", "${mark("named-secret", r.password())}")\n`,
  hostsTable: (r) =>
    `| host | user | password |\n|---|---|---|\n| db1 | root | ${mark("named-secret", r.password())} |\n`,
};

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const AREAS = ["110105", "310115", "440305", "510107", "330106", "420111"];

export function residentId(r: Random): string {
  const head = `${r.pick(AREAS)}${1955 + r.number(50)}${String(1 + r.number(12)).padStart(2, "0")}${String(1 + r.number(28)).padStart(2, "0")}${r.digits(3)}`;
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(head.charAt(at)), 0);
  return head + "10X98765432".charAt(sum % 11);
}

export function luhn(head: string): string {
  let sum = 0;
  for (const [index, digit] of head.split("").toReversed().entries()) {
    const twice = index % 2 === 0 ? Number(digit) * 2 : Number(digit);
    sum += twice > 9 ? twice - 9 : twice;
  }
  return head + String((10 - (sum % 10)) % 10);
}

const mobile = (r: Random): string => `1${r.pick(["38", "59", "86", "77", "91"])}${r.digits(8)}`;

export const personal: Readonly<Record<string, (random: Random) => string>> = {
  residentCsv: (r) => `姓名,身份证号,部门\n张三,${mark("resident-id", residentId(r))},风控\n`,
  residentSql: (r) =>
    `INSERT INTO cust VALUES (17, '李四', '${mark("resident-id", residentId(r).replace("X", "x"))}', NOW());\n`,
  residentJson: (r) => `{"idNo":"${mark("resident-id", residentId(r))}","city":"上海"}\n`,
  mobilePlain: (r) => `联系人：王五 ${mark("mobile-number", mobile(r))}\n`,
  mobileCountry: (r) => `phone: +86 ${mark("mobile-number", mobile(r))}\n`,
  mobileGroups: (r) => `Tel ${mark("mobile-number", mobile(r).replace(/^(\d{3})(\d{4})/, "$1-$2-"))} ext 2\n`,
  mobileBlanks: (r) => `手机 ${mark("mobile-number", mobile(r).replace(/^(\d{3})(\d{4})/, "$1 $2 "))}\n`,
  mobileSql: (r) => `UPDATE users SET mobile='${mark("mobile-number", mobile(r))}' WHERE id=3;\n`,
  unionPay: (r) => `银行卡号：${mark("bank-card", luhn(`622202${r.digits(12)}`))}\n`,
  unionPayBlanks: (r) =>
    `card_no: ${mark("bank-card", luhn(`621700${r.digits(12)}`).replace(/(\d{4})(?=\d)/g, "$1 "))}\n`,
  visa: (r) => `{"cardNumber":"${mark("bank-card", luhn(`4${r.digits(14)}`))}","exp":"09/29"}\n`,
  passport: (r) => `护照号码：${mark("travel-document", `E${r.digits(8)}`)}\n`,
  permit: (r) => `港澳通行证 ${mark("travel-document", `C${r.digits(8)}`)} 有效\n`,
};
