/** Documents that look as if they held secrets, and hold none. */

import { luhn, residentId } from "./places.ts";
import type { Random } from "./random.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

export const clean: Readonly<Record<string, (random: Random) => string>> = {
  packageLock: (r) =>
    `{"packages":{"node_modules/js-tokens":{"version":"4.0.${r.number(9)}","resolved":"https://registry.example.org/js-tokens/-/js-tokens-4.0.0.tgz","integrity":"sha512-${r.base64(64)}","dev":true}}}\n`,
  yarnLock: (r) =>
    `"@auth/token-store@^2.1.0":\n  version "2.1.3"\n  resolved "https://registry.example.org/token-store-2.1.3.tgz#${r.hex(40)}"\n  integrity sha512-${r.base64(64)}\n`,
  pnpmLock: (r) =>
    `  /jsonwebtoken@9.0.2:\n    resolution: {integrity: sha512-${r.base64(64)}}\n    engines: {node: '>=12'}\n`,
  cargoLock: (r) =>
    `[[package]]\nname = "secrecy"\nversion = "0.8.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "${r.hex(64)}"\n`,
  goSum: (r) =>
    `golang.org/x/oauth2 v0.21.0 h1:${r.base64(32)}\ngolang.org/x/oauth2 v0.21.0/go.mod h1:${r.base64(32)}\n`,
  poetryLock: (r) =>
    `[[package]]\nname = "keyring"\nfiles = [\n  {file = "keyring-25.2.tar.gz", hash = "sha256:${r.hex(64)}"},\n]\n`,
  sums: (r) =>
    Array.from({ length: 4 }, (_, at) => `${r.hex(64)}  app-secret-tool-${at}.tar.gz`).join("\n") + "\n",
  gitLog: (r) =>
    `commit ${r.hex(40)}\nAuthor: Li Wei <liwei@corp.example>\nDate:   Tue Mar 3 2026\n\n    auth: rotate token cache key, fixes #${r.number(999)}\n`,
  gitDiff: (r) =>
    `diff --git a/token.go b/token.go\nindex ${r.hex(7)}..${r.hex(7)} 100644\n@@ -3,4 +3,4 @@ func NewToken(secret string) *Token {\n-\tpassword := req.Password\n+\tpassword := strings.TrimSpace(req.Password)\n`,
  uuids: (r) =>
    `{"id":"${r.uuid()}","tenantId":"${r.uuid()}","tokenId":"${r.uuid()}","correlation_id":"${r.uuid()}"}\n`,
  traceLog: (r) =>
    `2026-01-02T03:04:05Z INFO traceId=${r.hex(32)} spanId=${r.hex(16)} msg="token refreshed" user=${r.number(9999)}\n`,
  minified: (r) =>
    `!function(e,t){"use strict";var n=t.token,r=e.password;function i(e){return n?e+r:a(e,${r.number(99)})}var key="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=";e.exports={secret:i,token:n||r}}(this,window);\n`,
  certificate: (r) =>
    `-----BEGIN CERTIFICATE-----\n${Array.from({ length: 6 }, () => `MIID${r.base64(45)}`).join("\n")}\n-----END CERTIFICATE-----\n`,
  publicKey: (r) =>
    `-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA${r.base62(20)}\n${r.base62(64)}\n${r.base62(64)}\nIDAQAB\n-----END PUBLIC KEY-----\n`,
  publicKeyField: (r) =>
    `alipay.public_key=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA${r.base62(340)}IDAQAB\n`,
  sshPublic: (r) =>
    `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${r.base62(43)} liwei@laptop\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${r.base62(120)} ci@corp\n`,
  knownHosts: (r) =>
    `git.corp.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${r.base62(43)}\n|1|${r.base64(20)}|${r.base64(20)} ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB${r.base62(60)}\n`,
  envExample: (r) =>
    `# copy to .env\nDB_PASSWORD=changeme\nAPI_KEY=your-api-key-here\nJWT_SECRET=<generate with openssl rand -hex 32>\nSTRIPE_KEY=sk_test_xxxxxxxxxxxxxxxxxxxxxxxx\nPORT=${r.number(9000)}\n`,
  envReferences: () =>
    "DB_PASSWORD=${VAULT_DB_PASSWORD}\nAPI_KEY=$(cat /run/secrets/api_key)\nTOKEN=op://Private/ci/token\nSECRET=vault:secret/data/app#key\nKEY=%(secret_key)s\n",
  workflow: (r) =>
    `jobs:\n  test:\n    env:\n      TOKEN: \${{ secrets.GITHUB_TOKEN }}\n      NPM_TOKEN: \${{ secrets.NPM_TOKEN_${r.number(9)} }}\n    steps:\n      - uses: actions/checkout@${r.hex(40)}\n`,
  helm: () =>
    `env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: db-credentials-v2\n        key: password\n  - name: API_TOKEN\n    value: {{ .Values.api.token | quote }}\n`,
  sops: (r) =>
    `db:\n    password: ENC[AES256_GCM,data:${r.base64(12)},iv:${r.base64(32)},tag:${r.base64(16)},type:str]\nsops:\n    age:\n        - recipient: age1${r.from("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58)}\n          enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n            ${r.base64(48)}\n            -----END AGE ENCRYPTED FILE-----\n    mac: ENC[AES256_GCM,data:${r.base64(64)},iv:${r.base64(32)},type:str]\n`,
  ansibleVault: (r) =>
    `db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  ${r.digits(80)}\n  ${r.digits(80)}\n`,
  jasypt: (r) =>
    `spring.datasource.password=ENC(${r.base64(24)})\nspring.redis.password={cipher}${r.hex(64)}\n`,
  sealedSecret: (r) =>
    `apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  encryptedData:\n    password: AgB${r.base62(220)}\n`,
  bcrypt: (r) =>
    `admin:$2y$10$${r.base62(53)}\npassword_hash: "$argon2id$v=19$m=65536,t=3,p=4$${r.base62(22)}$${r.base62(43)}"\n`,
  hashes: (r) =>
    `md5=${r.hex(32)}\nsha1: ${r.hex(40)}\nimage: app@sha256:${r.hex(64)}\nETag: "${r.hex(32)}"\nContent-MD5: ${r.base64(16)}\n`,
  image: (r) => `<img alt="key" src="data:image/png;base64,iVBORw0KGgo${r.base64(600)}">\n`,
  font: (r) => `@font-face{font-family:"Token";src:url(data:font/woff2;base64,d09GMgAB${r.base64(500)})}\n`,
  css: (r) =>
    `.token.secret{color:#${r.hex(6)}}\n.password-field::after{content:"\\2022";width:${r.number(90)}px}\n:root{--api-key-color:#${r.hex(6)}}\n`,
  locale: () =>
    `{\n  "login.password": "Password",\n  "login.forgotPassword": "Forgot your password?",\n  "token.expired": "Your token has expired, please sign in again",\n  "密码错误": "密码错误，请重新输入",\n  "secretKey": "Secret key (32 characters)"\n}\n`,
  localeChinese: () =>
    `export default {\n  password: '请输入密码',\n  oldPassword: '旧密码',\n  token: '令牌已过期',\n  apiKey: 'API 密钥',\n  secretTip: '密钥长度为 8-20 位',\n}\n`,
  sqlDump: (r) =>
    `CREATE TABLE user (\n  id bigint NOT NULL,\n  password varchar(255) NOT NULL COMMENT '密码',\n  token char(32) DEFAULT NULL,\n  PRIMARY KEY (id)\n) AUTO_INCREMENT=${r.digits(6)};\nINSERT INTO file VALUES (1,'${r.hex(32)}','a.png',${r.digits(8)});\n`,
  openapi: () =>
    `components:\n  schemas:\n    Login:\n      properties:\n        password:\n          type: string\n          format: password\n          minLength: 8\n        access_token: { type: string, example: "eyJhbGciOi..." }\n`,
  typescript: () =>
    `export interface Credentials {\n  readonly password: string;\n  readonly accessToken?: string;\n  apiKey: string | undefined;\n}\nconst token = await client.getToken({ scope });\nthis.secretKey = options.secretKey ?? process.env.SECRET_KEY_V2;\n`,
  python: () =>
    `def login(user: str, password: str = None, token: Optional[str] = None):\n    secret = os.environ["APP_SECRET_2"]\n    api_key = get_secret("prod/api/key1")\n    return hmac.new(secret.encode(), token, hashlib.sha256).hexdigest()\n`,
  java: () =>
    `@Value("\${app.secret-key}")\nprivate String secretKey;\npublic void setPassword(String password) { this.password = passwordEncoder.encode(password); }\nprivate static final String TOKEN_HEADER = "X-Auth-Token";\nprivate static final String PASSWORD_FIELD = "password";\n`,
  go: () =>
    `type Config struct {\n\tPassword string \`json:"password" env:"DB_PASSWORD"\`\n\tToken    string \`yaml:"token"\`\n}\nif cfg.Password == "" {\n\treturn errors.New("password is empty")\n}\ntoken := r.Header.Get("Authorization")\n`,
  rust: () =>
    `pub struct Auth { token: SecretString, api_key: Option<String> }\nlet password = std::env::var("DB_PASSWORD")?;\nlet key = Key::from_slice(&secret[..32]);\n`,
  docs: (r) =>
    `## Authentication\n\nSend \`Authorization: Bearer <your-token>\` with each request. ${r.words(14)}. A key looks like \`sk-...\` and is 51 characters long; a token starts with \`ghp_\`.\n\n\`\`\`\ncurl -u USERNAME:PASSWORD https://api.example.com\n\`\`\`\n`,
  docsUrls: () =>
    `postgres://user:password@localhost:5432/db\nmongodb://<username>:<password>@host/db\nredis://:\${REDIS_PASSWORD}@cache:6379\nhttps://user:pass@example.com/path\nmysql://root:root@127.0.0.1/test\n`,
  awsDocs: () =>
    `[default]\naws_access_key_id = AKIA\u0049OSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY\u0045XAMPLEKEY\n`,
  fixture: () =>
    `it("rejects a wrong password", async () => {\n  await login({ user: "bob", password: "wrong-password" });\n  expect(res.body.token).toBe("fake-token");\n  const secret = "test-secret";\n});\n`,
  mask: () =>
    `password: ********\napi_key=sk-****************abcd\ntoken: [REDACTED]\nsecret = "<hidden>"\nAuthorization: Bearer ***\n`,
  creditCode: (r) =>
    `企业名称：某某科技有限公司\n统一社会信用代码：91310115MA1${r.from("0123456789ABCDEFGH", 7)}\n`,
  badResidentIds: (r) =>
    `order_no=${residentId(r).replace(/.$/, (check) => (check === "5" ? "6" : "5"))}\nserial: 999999${r.digits(12)}\nts: 20260311${r.digits(10)}\n`,
  numbers: (r) =>
    `timestamp: 17${r.digits(11)}\norderId: 2026${r.digits(14)}\nbytes: 1${r.digits(10)}0\npi 3.14159265358979323846\nversion 13800.138.000\nnonce=0x${r.hex(16)}\n`,
  notLuhn: (r) =>
    `flow no: ${luhn(`62${r.digits(16)}`).replace(/\d$/, (digit) => String((Number(digit) + 1) % 10))}\nsku 4${r.digits(9)}\n`,
  sourceMap: (r) =>
    `{"version":3,"sources":["token.ts"],"names":["password","secretKey"],"mappings":"${Array.from({ length: 80 }, () => `A${r.base62(3)}`).join(",")}"}\n`,
  notebookImage: (r) =>
    `{"cells":[{"outputs":[{"data":{"image/png":"iVBORw0KGgoAAAANSUhEUg${r.base64(500)}"}}]}]}\n`,
  model: () =>
    `{"eos_token":"<|endoftext|>","bos_token":"<s>","tokenizer_class":"Qwen2Tokenizer","max_new_tokens":2048,"pad_token_id":151643,"special_tokens_map":{"additional":["<|im_start|>"]}}\n`,
  html: (r) =>
    `<form><input type="password" name="password" id="pwd-${r.number(99)}" autocomplete="current-password"><input name="csrf_token" type="hidden" value=""></form>\n`,
  env: (r) =>
    `AUTH_URL=https://sso.corp.example/oauth2/token\nTOKEN_TTL=3600\nPASSWORD_MIN_LENGTH=12\nSECRET_NAME=prod/db\nKEY_FILE=/etc/ssl/private/app.key\nBUILD=${r.hex(40)}\n`,
  shell: () =>
    `read -s -p "Password: " password\nexport TOKEN=$(vault kv get -field=token secret/app)\necho "$PASSWORD" | docker login -u ci --password-stdin\nmkdir -p /var/lib/app/keys\nPGPASSWORD=$PGPASSWORD psql -U app\ncp -pr a b; ssh -p 2222 host\n`,
  terraform: () =>
    `variable "db_password" {\n  type      = string\n  sensitive = true\n}\nresource "aws_db_instance" "x" {\n  password = var.db_password\n  kms_key_id = aws_kms_key.main.arn\n  secret_arn = data.aws_secretsmanager_secret.db.arn\n}\n`,
  cookies: () =>
    `Set-Cookie: theme=dark; Path=/\nCookie: lang=zh-CN; consent=accepted\nres.cookie("sessionid", session.id, { httpOnly: true });\nSESSION_COOKIE_NAME = "sessionid"\n`,
  kubernetes: (r) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n  uid: ${r.uuid()}\n  resourceVersion: "${r.digits(8)}"\ndata:\n  blob: ${base64("just some ordinary configuration text, nothing else")}\n`,
  csharp: () =>
    `public string Password { get; set; }\npublic const string TokenType = "Bearer";\nvar token = await _tokens.CreateAsync(user, cancellationToken);\n[JsonProperty("client_secret")] public string ClientSecret { get; init; }\n`,
  cpp: () =>
    `#define TOKEN_IDENTIFIER 42\nstatic const char *password_prompt = "Enter password: ";\nToken tok = lexer.next_token();\nEVP_PKEY *private_key = PEM_read_PrivateKey(fp, NULL, NULL, NULL);\n`,
  stackTrace: (r) =>
    `java.lang.IllegalStateException: Token expired\n\tat com.corp.auth.TokenService.verify(TokenService.java:${r.number(400)})\n\tat com.corp.auth.PasswordFilter$$Lambda$${r.digits(4)}/0x${r.hex(16)}.apply(Unknown Source)\n`,
  nginx: () =>
    `location /api {\n  proxy_set_header Authorization $http_authorization;\n  ssl_certificate_key /etc/nginx/ssl/server.key;\n  auth_basic_user_file /etc/nginx/.htpasswd;\n}\n`,
  changelog: (r) =>
    `- auth: drop the token cache (${r.hex(7)})\n- Password policy: at least 12 characters, see RFC-${r.number(9000)}\n- secrets: key rotation every 90 days\n`,
  protobuf: () =>
    `message LoginRequest {\n  string password = 2;\n  bytes secret_key = 3;\n  optional string access_token = 4;\n}\n`,
  graphql: () =>
    `mutation Login($password: String!) {\n  login(password: $password) { accessToken refreshToken expiresIn }\n}\n`,
  cloudIds: (r) =>
    `instance: i-0${r.hex(16)}\nami: ami-0${r.hex(16)}\narn:aws:iam::${r.digits(12)}:role/ci\nvpc-${r.hex(17)}\nappid: wx${r.hex(16)}\nbucket: logs-125${r.digits(7)}\n`,
  doi: (r) =>
    `Token dynamics. doi:10.1145/${r.digits(7)}.${r.digits(7)} ISBN 978-7-${r.digits(4)}-${r.digits(4)}-1\n`,
  snapshot: (r) =>
    `exports[\`renders token\`] = \`<div class="css-${r.base62(6)} MuiBox-root-${r.number(900)}" data-testid="password-${r.number(9)}">\`;\n`,
  svg: (r) =>
    `<svg viewBox="0 0 24 24"><path id="key" d="M12 ${r.number(9)}.5c1.38-.${r.digits(3)} 2.1-1.${r.digits(4)} 3.2.${r.digits(2)}z"/></svg>\n`,
  vectors: (r) =>
    `# RFC test vectors\nplaintext = 00112233445566778899aabbccddeeff\ndigest = ${r.hex(64)}\nsignature: ${r.base64(64)}\n`,
};
