/** Passwords among the arguments of calls that sign in somewhere. */

import type { Candidate } from "./finding.ts";
import { isLikelyKey, isLikelyPassword, isRandom } from "./value.ts";

const ARGUMENT = /[^"'`(){};\n]{0,120}?\n?[^"'`(){};\n]{0,80}?(["'])((?:[^"'\\\n]|\\.){0,256})\1/y;
const ARGUMENTS_MAX = 5;

/** Names of calls that take a user and a password, with their bracket; the first argument is where, or who. */
export const SIGN_IN_CALLS: readonly string[] = [
  "connect(",
  "getconnection(",
  "createconnection(",
  "pdo(",
  "mysqli(",
  "sequelize(",
  "usernamepasswordcredentials(",
  "usernamepasswordauthenticationtoken(",
  "plainauth(",
  "networkcredential(",
  "passwordauthentication(",
  "basicauth(",
  "basic_auth(",
  "httpbasicauth(",
  "setbasicauth(",
  "login(",
];

/** The first argument after the first that is too strong for a word. `at` is where the call's name stands. */
export function findCallPassword(text: string, at: number): Candidate | undefined {
  ARGUMENT.lastIndex = text.indexOf("(", at) + 1;
  for (let argument = 0; argument < ARGUMENTS_MAX; argument++) {
    const match = ARGUMENT.exec(text);
    const value = match?.[2];
    if (match === null || value === undefined) return undefined;
    const end = ARGUMENT.lastIndex - 1;
    if (argument > 0 && isStrongPassword(value)) return likely(end - value.length, end, "call-argument");
  }
  return undefined;
}

const SINGLE =
  /(?:\bauth\(|ConvertTo-SecureString[ \t]{1,4}(?:-String[ \t]{1,4})?|requirepass[ \t]{1,4}|masterauth[ \t]{1,4})[ \t]{0,4}(["']?)([^\s"']{8,256})\1/iy;

/** Calls and directives whose only argument is the password: `auth("…")`, `requirepass …`. */
export const PASSWORD_CALLS: readonly string[] = [
  'auth("',
  "auth('",
  "ConvertTo-SecureString ",
  "requirepass ",
  "masterauth ",
];

export function findSingleArgument(text: string, at: number): Candidate | undefined {
  SINGLE.lastIndex = at;
  const match = SINGLE.exec(text);
  const value = match?.[2];
  if (match === null || value === undefined || !isStrongPassword(value)) return undefined;
  const end = at + match[0].length - (match[1]?.length ?? 0);
  return likely(end - value.length, end, "password-argument");
}

/** Letters and digits, and either no pattern of words or marks that names and addresses do not have. */
function isStrongPassword(value: string): boolean {
  if (!isLikelyKey(value) && !isLikelyPassword(value)) return false;
  if (/^[\w-]+(?:\.[\w-]+)+$|[/\\:]|\s/.test(value)) return false;
  return (
    isRandom(value) ||
    (/\d/.test(value) && /[A-Za-z]/.test(value) && /[^\w.-]|\d{3}|[A-Z].*[-_].*\d/.test(value))
  );
}

function likely(start: number, end: number, rule: string): Candidate {
  return { start, end, kind: "named-secret", rule, certain: false };
}
