/** What came back in an answer, and what did not. */

export interface Restore {
  readonly file: string;
  readonly kind: string;
  readonly placeholder: string;
}

/** Filled while the answer passes. */
export interface Restoring {
  readonly restores: Restore[];
  /** Placeholders that stayed: of another file's secrets, and of nothing that was sealed here. */
  readonly withheld: Set<string>;
  readonly unknown: Set<string>;
}
