import type { Candidate, SecretKind } from "./finding.ts";

/** The second half of a key pair has no prefix: only its length, and the first half nearby, tell. */
interface Pair {
  readonly id: SecretKind;
  readonly secret: SecretKind;
  readonly pattern: RegExp;
}

const PAIRS: readonly Pair[] = [
  {
    id: "aws-key",
    secret: "aws-secret",
    pattern: /(?<![A-Za-z0-9/+=_-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])/g,
  },
  {
    id: "aliyun-key",
    secret: "aliyun-secret",
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9]{30}(?![A-Za-z0-9_-])/g,
  },
  {
    id: "tencent-key",
    secret: "tencent-secret",
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9]{32}(?![A-Za-z0-9_-])/g,
  },
];

const REACH_CHARS_MAX = 400;

/** Secrets within 400 characters of an access key id. `found` in order of `start`. Each place is searched once. */
export function findPairs(text: string, found: readonly Candidate[]): Candidate[] {
  const secrets: Candidate[] = [];
  for (const pair of PAIRS) {
    let searched = 0;
    for (const id of found) {
      if (id.kind !== pair.id) continue;
      const from = Math.max(searched, id.start - REACH_CHARS_MAX, 0);
      const window = text.slice(from, id.end + REACH_CHARS_MAX);
      for (const match of window.matchAll(pair.pattern)) {
        const value = match[0];
        // Lower-case hexadecimal is a digest; a key of this length has capitals, small letters and digits.
        if (!/[A-Z]/.test(value) || !/[a-z]/.test(value) || !/\d/.test(value) || /EXAMPLE/.test(value)) {
          continue;
        }
        const start = from + match.index;
        const end = start + value.length;
        secrets.push({ start, end, kind: pair.secret, rule: `${pair.secret}-pair`, certain: true });
      }
      // A secret may straddle the border of two windows.
      searched = Math.max(searched, id.end + REACH_CHARS_MAX - 64);
    }
  }
  return secrets;
}
