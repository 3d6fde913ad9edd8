/** Files in which a place, not a name, makes a value secret: Kubernetes secrets, Terraform state, `.pgpass`. */

import type { Candidate } from "./finding.ts";
import { isLikelyKey, isLikelyPassword, isStandIn } from "./value.ts";

const MANIFEST_CHARS_MAX = 8192;
const KIND = /kind["']?[ \t]{0,4}:[ \t]{0,4}["']?Secret["']?[ \t]{0,4}(?=[,\r\n}]|$)/y;
/** A block of `data` or `stringData`: its lines are deeper, or its braces hold it. */
const BLOCK = /(?:^|[\n{,])[ \t]*["']?(data|stringData)["']?[ \t]*:[ \t]*(?:\r?\n|\{)/g;
const FIELD =
  /[ \t,{]*["']?([\w.-]{1,128})["']?[ \t]*:[ \t]*["']?([^\s"',}]{1,8000})["']?[ \t]*[,}]?[ \t]*(?:\r?\n|$|(?=["'}]))/y;
const FIELDS_MAX = 200;
const FIELD_NAME_PUBLIC =
  /^(?:user(?:name)?|host|port|database|dbname|ca\.crt|tls\.crt|namespace|region|url)$/i;

/** The values of a Kubernetes manifest of kind Secret, plain or in base64. `at` is where `kind` stands. */
export function findManifestSecrets(text: string, at: number): Candidate[] {
  KIND.lastIndex = at;
  if (!KIND.test(text)) return [];
  const lead = text.slice(Math.max(0, at - MANIFEST_CHARS_MAX), at);
  const own = lead.slice(lead.lastIndexOf("\n---") + 1);
  // One manifest says once what it is. A text of nothing else is read once.
  if (own.includes("Secret\n") || /kind["']?[ \t]{0,4}:[ \t]{0,4}["']?Secret/.test(own)) return [];
  const first = at - own.length;
  const rest = text.slice(at, at + MANIFEST_CHARS_MAX);
  const end = rest.indexOf("\n---");
  const manifest = own + (end < 0 ? rest : rest.slice(0, end));
  const found: Candidate[] = [];
  for (const block of manifest.matchAll(BLOCK)) {
    const isPlain = block[1] === "stringData";
    FIELD.lastIndex = block.index + block[0].length;
    for (let field = 0; field < FIELDS_MAX; field++) {
      const match = FIELD.exec(manifest);
      if (match === null) break;
      const [all, name = "", value = ""] = match;
      // The next key of the manifest itself, at the left margin.
      if (/^\w/.test(all) && !all.includes("{")) break;
      if (!FIELD_NAME_PUBLIC.test(name) && isSecretValue(value, isPlain)) {
        const start = first + match.index + all.lastIndexOf(value);
        found.push({
          start,
          end: start + value.length,
          kind: "named-secret",
          rule: "kubernetes-secret",
          certain: false,
        });
      }
    }
  }
  return found;
}

function isSecretValue(value: string, isPlain: boolean): boolean {
  if (isPlain) return !isStandIn(value) && (isLikelyKey(value) || isLikelyPassword(value));
  if (!/^[A-Za-z0-9+/]{8,}={0,2}$/.test(value)) return false;
  const plain = Buffer.from(value, "base64").toString("latin1");
  return (
    plain.length >= 6 && !isStandIn(plain) && !plain.startsWith("-----BEGIN CERT") && !/^[a-z]+$/.test(plain)
  );
}

const SENSITIVE = /"sensitive"[ \t]{0,4}:[ \t]{0,4}true/y;
const VALUE = /"value"[ \t]{0,4}:[ \t]{0,4}"((?:[^"\\\n]|\\.){6,1024})"/g;
const STATE_CHARS_MAX = 600;

/** A sensitive output of a Terraform state. `at` is where `"sensitive"` stands, on either side of its value. */
export function findSensitiveOutput(text: string, at: number): Candidate | undefined {
  SENSITIVE.lastIndex = at;
  if (!SENSITIVE.test(text)) return undefined;
  const from = Math.max(0, at - STATE_CHARS_MAX);
  const window = text.slice(from, at);
  const object = window.slice(window.lastIndexOf("{") + 1);
  const base = at - object.length;
  const match = [...object.matchAll(VALUE)].at(-1) ?? valueAfter(text.slice(at, at + STATE_CHARS_MAX));
  const value = match?.[1];
  if (match === undefined || value === undefined || isStandIn(value)) return undefined;
  const start = (match.input === object ? base : at) + match.index + match[0].length - 1 - value.length;
  return {
    start,
    end: start + value.length,
    kind: "named-secret",
    rule: "terraform-sensitive",
    certain: false,
  };
}

function valueAfter(text: string): RegExpExecArray | undefined {
  return [...text.slice(0, Math.max(0, text.indexOf("}"))).matchAll(VALUE)][0];
}

const GENERATED =
  /"(?:result|private_key_pem|private_key_openssh|secret|key_material)"[ \t]{0,4}:[ \t]{0,4}"((?:[^"\\\n]|\\.){6,8192})"/g;

/** What a Terraform state says its random_password made. `at` is where the type of the resource stands. */
export function findGenerated(text: string, at: number): Candidate[] {
  const rest = text.slice(at, at + MANIFEST_CHARS_MAX);
  // The next resource, or the type again in a text that repeats it: each part is read once.
  const next = rest.slice(1).search(/"mode"|"random_password"/) + 1;
  const resource = next === 0 ? rest : rest.slice(0, next);
  return Array.from(resource.matchAll(GENERATED), (match): Candidate => {
    const end = at + match.index + match[0].length - 1;
    const start = end - (match[1]?.length ?? 0);
    return { start, end, kind: "named-secret", rule: "terraform-generated", certain: false };
  }).filter(({ start, end }) => !isStandIn(text.slice(start, end)));
}

const PGPASS = /:(?:\d{4,5}|\*):[\w*-]{1,64}:[\w.-]{1,64}:((?:[^\s:\\]|\\.){6,128})(?=\r?\n|$)/y;

/** A line of PostgreSQL's `.pgpass`: host:port:database:user:password. `at` is where the port's colon stands. */
export function findPgpass(text: string, at: number): Candidate | undefined {
  PGPASS.lastIndex = at;
  const password = PGPASS.exec(text)?.[1];
  if (
    password === undefined ||
    isStandIn(password) ||
    !(isLikelyKey(password) || isLikelyPassword(password))
  ) {
    return undefined;
  }
  const end = PGPASS.lastIndex;
  return { start: end - password.length, end, kind: "named-secret", rule: "pgpass", certain: false };
}

const ORACLE =
  /(?:oracle:(?:thin|oci):|(?:sqlplus|sqlldr|expdp|impdp|exp|imp)[ \t]{1,4}(?:-[A-Za-z]{1,2}[ \t]{1,4}){0,4}["']?)[\w$#]{1,64}\/([^\s"'@]{4,128})@/iy;

/** Oracle's JDBC URL has user and password before its host: `thin:scott/tiger@//host`. */
export function findOraclePassword(text: string, at: number): Candidate | undefined {
  ORACLE.lastIndex = at;
  const password = ORACLE.exec(text)?.[1];
  if (password === undefined || isStandIn(password)) return undefined;
  const end = ORACLE.lastIndex - 1;
  return { start: end - password.length, end, kind: "url-password", rule: "oracle-url", certain: true };
}

const TUPLE =
  /auth["']?[ \t]{0,4}[=:][ \t]{0,4}[([][ \t]{0,4}(["'])[^"'\n]{1,64}\1,[ \t]{0,4}(["'])([^"'\n]{4,128})\2[ \t]{0,4}[)\]]/y;

/** `auth=("user", "password")`, as HTTP libraries take it. */
export function findAuthPair(text: string, at: number): Candidate | undefined {
  TUPLE.lastIndex = at;
  const password = TUPLE.exec(text)?.[3];
  if (
    password === undefined ||
    isStandIn(password) ||
    !(isLikelyKey(password) || isLikelyPassword(password))
  ) {
    return undefined;
  }
  const end = text.lastIndexOf(password, TUPLE.lastIndex) + password.length;
  return { start: end - password.length, end, kind: "named-secret", rule: "auth-pair", certain: false };
}

const IDENTIFIED =
  /IDENTIFIED(?:[ \t]{1,4}WITH[ \t]{1,4}\w{1,40})?[ \t]{1,4}BY[ \t]{1,4}(?:PASSWORD[ \t]{1,4})?(['"])([^'"\n]{4,128})\1/iy;

/** SQL: `IDENTIFIED BY '…'`. A hash there begins with a star. */
export function findIdentifiedBy(text: string, at: number): Candidate | undefined {
  IDENTIFIED.lastIndex = at;
  const password = IDENTIFIED.exec(text)?.[2];
  if (password === undefined || password.startsWith("*") || isStandIn(password)) return undefined;
  if (!(isLikelyKey(password) || isLikelyPassword(password))) return undefined;
  const end = IDENTIFIED.lastIndex - 1;
  return { start: end - password.length, end, kind: "named-secret", rule: "identified-by", certain: false };
}

const DSN = /@(?:tcp|unix)\(/y;
const DSN_LEAD_CHARS_MAX = 160;

/** Go's MySQL data source names: `user:password@tcp(host:3306)/db`. `at` is where the @ stands. */
export function findGoDsn(text: string, at: number): Candidate | undefined {
  DSN.lastIndex = at;
  if (!DSN.test(text)) return undefined;
  const lead = text.slice(Math.max(0, at - DSN_LEAD_CHARS_MAX), at);
  const password = /(?:^|["'`\s=])[\w.-]{1,64}:([^\s"'`]{4,96})$/.exec(lead)?.[1];
  if (password === undefined || isStandIn(password) || /^[$%{<]|[{}]/.test(password)) return undefined;
  return { start: at - password.length, end: at, kind: "url-password", rule: "go-dsn", certain: true };
}
