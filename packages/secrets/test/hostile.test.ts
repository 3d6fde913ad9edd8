import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { CLOUD_TOKEN_RULES } from "../src/cloud-tokens.ts";
import { createSeals, findSecrets } from "../src/index.ts";
import { SERVICE_TOKEN_RULES } from "../src/service-tokens.ts";
import { TOKEN_RULES } from "../src/tokens.ts";

/** In pieces, so that no scanner takes this file for a leak. */
const BEGIN = ["-----BEGIN RSA", "PRIVATE KEY-----"].join(" ");

test("a megabyte of hostile text is searched and sealed to its end, where a quadratic search would take minutes", () => {
  const hostile = [
    "a".repeat(1_000_000),
    "1".repeat(1_000_000),
    '"'.repeat(1_000_000),
    "\\".repeat(1_000_000),
    " ".repeat(1_000_000),
    "password".repeat(125_000),
    "password=".repeat(111_000),
    "password: \n ".repeat(83_000),
    `password="${"\\".repeat(1_000_000)}`,
    'token="'.repeat(143_000),
    '\\"secret\\":'.repeat(100_000),
    "token     ".repeat(100_000),
    "密码：".repeat(333_000),
    `${"password=".repeat(50)}\n`.repeat(2_200),
    `${"token: ".repeat(700)}\n`.repeat(200),
    "eyJ".repeat(333_000),
    "eyJ.".repeat(250_000),
    ".eyJaaaaaaaa".repeat(83_000),
    "-eyJ-eyJ".repeat(125_000),
    "\\nsk-ant-".repeat(110_000),
    `sk-${"a1".repeat(40)}-`.repeat(12_000),
    `${BEGIN}\n`.repeat(31_000),
    `${BEGIN}\nMIIEvQIBADANBgkq `.repeat(20_000),
    "-----END RSA PRIVATE KEY".repeat(40_000),
    `${BEGIN}\nMIIEvQIBADANBgkq -----END`.repeat(18_000),
    "://".repeat(333_000),
    "://a:b@".repeat(142_000),
    `://${"a:".repeat(500_000)}`,
    `${["AK", "IAQWERTY7UIOPASDFG"].join("")} `.repeat(47_000),
    `LTAIQWERTY7UIOPASDFG${"x".repeat(30)} `.repeat(19_000),
    "authorization: ".repeat(66_000),
    `authorization: ${"bearer ".repeat(140_000)}`,
    "CLS_".repeat(250_000),
    `CLS_${"A".repeat(1_000_000)}`,
  ];
  const seals = createSeals(new Uint8Array(32));
  for (const text of hostile) {
    neverHangs(text, () => findSecrets(text));
    neverHangs(text, () => seals.seal(text));
  }
});

/** Of each rule and each place there are a hundred; a quadratic search of so much takes more than the limit all the same. */
const RULE_CHARS = 300_000;

test("no rule is slow on its own keyword, alone or before what it might go on with", () => {
  const fillers = ["", "a1B2c3D4"];
  for (const { rule, keywords } of [...TOKEN_RULES, ...SERVICE_TOKEN_RULES, ...CLOUD_TOKEN_RULES]) {
    const [keyword = ""] = keywords;
    for (const filler of fillers) {
      const text = (keyword + filler.repeat(8)).repeat(
        Math.ceil(RULE_CHARS / (keyword.length + filler.length * 8)),
      );
      neverHangs(`${rule} and "${filler}"`, () => findSecrets(text));
    }
  }
});

test("no place takes the square of the length of what it looks for", () => {
  const probes = [
    ...[
      "Cookie: ",
      "Cookie: a=b;",
      "Set-Cookie: sessionid=",
      "JSESSIONID=",
      "curl -u a:",
      "mysql -p",
      "mysql -u root -p",
    ],
    ...[
      "kind: Secret\n",
      "kind: Secret\ndata:\n  a: YWJjZGVmZ2g=\n",
      "data:\n",
      '"sensitive": true, "value": "',
      ":5432:a:b:",
      "@tcp(",
    ],
    ...[
      "oracle:thin:a/b",
      'auth=("a", "',
      "IDENTIFIED BY '",
      "connect(",
      'connect("a", ',
      "login('a','b",
      'auth("',
      "requirepass ",
    ],
    ...[
      "MII",
      "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
      "Private-Lines: 9\n",
      "wx0123456789abcdef ",
      "cli_a1b2c3d4e5f6a7b8c9 ",
      "qiniu ",
    ],
    ...[
      "| password |\n",
      "password,a\n",
      "user,password\n1,2\n",
      "密码是",
      "密码 ",
      "password is ",
      "</name><value>",
      "Password</name><value>",
    ],
    ...[
      "\\u0061",
      "%41",
      "&quot;",
      "&#65;",
      "\u200b",
      "ａ",
      "cGFzc3dvcmQ9",
      "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4 ",
      "ZXlKaGJHY2lPaUpJVXpJ",
    ],
    ...[
      "138 1234 5678 ",
      "138-1234-",
      "6222 0200 1234 ",
      "110101199001011234 ",
      "1",
      "12345678",
      "护照E1234567",
      "a@b.c",
      "@",
      'root", "',
    ],
    ...[
      "sk = ",
      "key=",
      "&key=",
      '"a" + "b',
      "'a' .. 'b",
      '"random_password"',
      '"random_password","result":"a',
      "pwd As String = ",
      "password[1",
      "secret 0 ",
      "--token=a1",
      "110101 1990 0101 ",
      "台胞证 12345678",
      "百度'a1B2c3D4",
      "mongo -p ",
      "htpasswd -b a ",
      "mc alias set a b ",
      "snmp-server user a auth sha ",
      '<property name="password">',
      "api_key ",
      "token = x(",
      'variable "a_token" { default',
      'secret="{\\"value',
      "?=",
      "=>",
    ],
  ];
  for (const probe of probes) {
    const text = probe.repeat(Math.ceil(RULE_CHARS / probe.length));
    neverHangs(probe, () => findSecrets(text, { email: true }));
  }
});

test("many known values that begin alike do not slow the search down", () => {
  const seals = createSeals(new Uint8Array(32));
  const values = Array.from(
    { length: 10_000 },
    (_, at) => `ghp_${"Zz9".repeat(8)}${String(at).padStart(12, "0")}`,
  );
  const text = values.join("\n");
  seals.seal(text);
  const { sealed } = neverHangs("values that begin alike", () => seals.seal(`${text}\n`.repeat(5)));
  assert.equal(sealed.length, values.length);
});
