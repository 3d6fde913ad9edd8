import { CloisterError, messageOf } from "@cloister/base";

/** The codes of this package, each with the next step for a person. Codes are stable and never reused. */
const nextSteps = {
  "ledger-busy": "another process holds the ledger; end it if it hangs, then try again",
  "ledger-broken":
    "run `cloister ledger verify`; keep the directory as evidence and start a new log elsewhere",
  "ledger-shortened":
    "entries that were signed are gone: keep the directory as evidence, restore the newest copy, and find out why",
  "ledger-write-failed": "make room on the disk or repair it; nothing was acknowledged that is not stored",
  "ledger-read-failed": "check the disk and the rights to the files, then try again",
  "ledger-open-failed": "check the disk and the rights to the directory, then try again",
  "ledger-closed": "open the ledger again",
  "ledger-overloaded": "append fewer entries at a time, or await them",
  "ledger-key-missing": "restore the file `key` of this ledger from a backup, or start a new log elsewhere",
  "ledger-key-mismatch": "restore `key` and `log/key.pub` of the same ledger",
  "ledger-origin-mismatch": "open the ledger under its own origin, or start a new log elsewhere",
  "bad-origin": "use a name without blanks, plus signs or control characters, such as example.org/agent/1",
  "bad-verifier-key": "give the verifier key as printed in `log/key.pub`: name+hash+base64",
  "entry-too-large": "split the entry, or move content from its fields to attachments",
  "entry-not-canonical": "use strings, booleans, null and integers below 2^53 only",
  "entry-field-reserved": "rename the field",
  "entry-unreadable": "run `cloister ledger verify` to learn what is wrong with the log",
  "side-key-missing": "restore the file `side.key` of this ledger from a backup",
  "side-write-failed": "make room on the disk or repair it; the entry was not recorded",
} as const;

export type LedgerCode = keyof typeof nextSteps;

/** A full disk and one that is read-only want different things of a person: the message says what its cause says. */
export function ledgerError(code: LedgerCode, message: string, cause?: unknown): CloisterError {
  const whole = cause === undefined ? message : `${message}: ${messageOf(cause)}`;
  return new CloisterError(whole, {
    code,
    next: nextSteps[code],
    ...(cause === undefined ? {} : { cause }),
  });
}
