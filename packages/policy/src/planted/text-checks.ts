/** What a single added line can show by itself. */
import { excerptOf, isProse, unseen, type AddedLine, type CodeFinding } from "./edit.ts";

interface Check {
  readonly kind: CodeFinding["kind"];
  readonly pattern: RegExp;
  readonly why: string;
}

// Longer lines are looked at up to here; the payload check covers the rest by its length.
const LINE_CHARS_MAX = 20_000;

/** TLS without its checks, in the words of the common languages and tools. */
const tls = [
  String.raw`rejectUnauthorized["']?\s*[:=]\s*(false|0)\b`,
  String.raw`NODE_TLS_REJECT_UNAUTHORIZED\s*["']?\]?\s*[:=]\s*["']?0`,
  String.raw`\bverify\s*=\s*False\b`,
  String.raw`\bverify_mode\s*=\s*(ssl\.)?CERT_NONE|_create_unverified_context|check_hostname\s*=\s*False`,
  String.raw`InsecureSkipVerify\s*:\s*true`,
  String.raw`danger_accept_invalid_(certs|hostnames)\s*\(\s*true`,
  String.raw`SSL_VERIFY_NONE|VERIFY_NONE\b`,
  String.raw`CURLOPT_SSL_VERIFY(PEER|HOST)\s*,\s*(0|false)`,
  String.raw`ServerCertificateValidationCallback\s*[+=]|DangerousAcceptAnyServerCertificateValidator`,
  String.raw`TrustAllCerts|ALLOW_ALL_HOSTNAME_VERIFIER|NoopHostnameVerifier|setHostnameVerifier\s*\(\s*\(?\w*,?\s*\w*\)?\s*->\s*true`,
  String.raw`\bcurl\b[^|;&]*\s(-k|--insecure)\b|\bwget\b[^|;&]*--no-check-certificate`,
  String.raw`http\.sslVerify["']?\s*[=\s]\s*["']?false|GIT_SSL_NO_VERIFY\s*=`,
  String.raw`strict-ssl\s*[=\s]\s*false|PYTHONHTTPSVERIFY\s*=\s*["']?0|trusted-host\s*=`,
  String.raw`StrictHostKeyChecking\s*[=\s]\s*["']?(no|off)\b`,
];

const execution = [
  String.raw`\b(eval|exec|Function|execSync|spawn|system|popen|compile|setTimeout)\s*\(\s*(atob|Buffer\.from|base64|zlib|codecs|bytes\.fromhex|String\.fromCharCode|unescape|decodeURIComponent|__import__\(["']base64)`,
  String.raw`\b(eval|exec)\s*\(\s*\w*(decode|decompress|unhexlify|fromhex|gunzip|inflate)\w*`,
  String.raw`\bnew\s+Function\s*\(\s*(atob|Buffer|String\.fromCharCode|decode)`,
  String.raw`base64\s+(-d|-D|--decode)\b[^|]*\|\s*(sudo\s+)?(ba|z|da|k)?sh\b`,
  String.raw`\b(curl|wget|fetch)\b[^|;]*\|\s*(sudo\s+)?(ba|z|da|k)?sh\b`,
  String.raw`(ba|z|da)?sh\s+(-c\s+)?["']?(<\(|\$\()\s*(curl|wget)\b|\beval\s+["']?\$\((curl|wget|base64)`,
  String.raw`\b(iex|Invoke-Expression)\b.*(DownloadString|FromBase64String|iwr|Invoke-WebRequest)|-EncodedCommand\b|-enc\s+[A-Za-z0-9+/=]{40}`,
  String.raw`\b(pickle|marshal|dill)\.loads\s*\(\s*(base64|zlib|bytes|codecs|requests|urllib)`,
  String.raw`\b(getattr|globals)\s*\(.{0,40}\)\s*\(.{0,40}(b64decode|fromhex)`,
  String.raw`\brequire\s*\(\s*(atob|Buffer\.from|String\.fromCharCode)|\bimport\s*\(\s*(atob|Buffer\.from)`,
];

const payload = [
  // Ten or more escapes in a row: nobody writes a word like that.
  String.raw`(\\x[0-9a-fA-F]{2}){10}|(\\u00[0-9a-fA-F]{2}){10}|(\\[0-7]{3}){10}`,
  String.raw`fromCharCode\s*\(\s*(0x[0-9a-f]+|\d+)(\s*,\s*(0x[0-9a-f]+|\d+)){7}`,
  String.raw`\bchr\(\d+\)(\s*[.+]\s*chr\(\d+\)){5}`,
  String.raw`\[\s*(0x[0-9a-f]{2}\s*,\s*){24}`,
  String.raw`\b_0x[0-9a-f]{4,6}\b.*\b_0x[0-9a-f]{4,6}\b`,
];

const checks: readonly Check[] = [
  { kind: "tls-checks-off", pattern: anyOf(tls), why: "it turns off the check of the other side's identity" },
  { kind: "decode-and-execute", pattern: anyOf(execution), why: "it runs what cannot be read here" },
  { kind: "obfuscated-payload", pattern: anyOf(payload), why: "it is written so that nobody can read it" },
];

function anyOf(patterns: readonly string[]): RegExp {
  return new RegExp(patterns.join("|"), "u");
}

export function checkLine(path: string, { text, line }: AddedLine): CodeFinding[] {
  const found: CodeFinding[] = [];
  const hidden = findUnseen(text, line);
  if (hidden !== undefined) {
    found.push({ kind: "invisible-characters", line, excerpt: excerptOf(text), why: hidden });
  }
  const mixed = findMixedScript(text);
  if (mixed !== undefined && !isProse(path)) {
    found.push({
      kind: "invisible-characters",
      line,
      excerpt: excerptOf(mixed),
      why: "letters of two scripts in one name look like another name",
    });
  }
  if (isProse(path)) return found;
  const seen = text.slice(0, LINE_CHARS_MAX);
  for (const { kind, pattern, why } of checks) {
    const match = pattern.exec(seen);
    if (match !== null) found.push({ kind, line, excerpt: excerptOf(seen.slice(match.index)), why });
  }
  const blob = findBlob(seen);
  if (blob !== undefined && !isData(path)) {
    found.push({
      kind: "obfuscated-payload",
      line,
      excerpt: excerptOf(blob),
      why: `a text of ${blob.length} characters that nobody can read`,
    });
  }
  return found;
}

const reordering = /[\u202a-\u202e\u2066-\u2069\u061c\u200e\u200f]/u;

function findUnseen(text: string, line: number): string | undefined {
  const first = line === 1 ? text.replace(/^\ufeff/, "") : text;
  // Joiners belong into emoji and into scripts such as Persian and Hindi: between two characters that they join.
  const joined = first.replaceAll(
    /(?<=[\p{Extended_Pictographic}\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\ufe0f])[\u200c\u200d](?=[\p{Extended_Pictographic}\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}])/gu,
    "",
  );
  const match = joined.match(unseen);
  if (match === null) return undefined;
  return reordering.test(match.join(""))
    ? "it is shown in another order than it is run in"
    : `${match.length} characters that cannot be seen`;
}

const names = /[\p{L}_$][\p{L}\p{N}_$]*/gu;

/** A name of Latin letters with a Cyrillic or Greek one that looks the same. */
function findMixedScript(text: string): string | undefined {
  if (!/[\u0370-\u03ff\u0400-\u052f]/.test(text)) return undefined;
  return text
    .match(names)
    ?.find(
      (name) => /[A-Za-z]{2}/.test(name) && /[\u0391-\u03c9\u0400-\u052f]/.test(name) && lookalike.test(name),
    );
}

const lookalike = /[аеорсухіѕјԁһԛԝАВЕКМНОРСТХІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρ]/u;

const BLOB_CHARS_MIN = 240;
const blobs = /[A-Za-z0-9+/=_-]{240,}|(?:[0-9a-fA-F]{2}[\s,]?){160,}/u;

function findBlob(text: string): string | undefined {
  const blob = blobs.exec(text)?.[0];
  if (blob === undefined || blob.length < BLOB_CHARS_MIN) return undefined;
  // One letter over and over is a ruler or a picture, not a program.
  return new Set(blob.slice(0, 400)).size < 12 ? undefined : blob;
}

const dataFiles =
  /\.(lock|sum|pem|crt|cer|pub|map|json|ya?ml|toml|xml|csv|snap|svg|css|ipynb|plist|asc|sig|min\.js)$|(^|\/)(package-lock\.json|fixtures?|testdata|__snapshots__)(\/|$)/i;

function isData(path: string): boolean {
  return dataFiles.test(path);
}
