/** One change of an overlay, as it is shown, decided on and made. */

export interface Change {
  /** From the workspace. */
  readonly path: string;
  readonly kind: "created" | "changed" | "deleted";
  readonly before?: Version;
  readonly after?: Version;
  /** Why a person must say so by name before it is promoted: it runs code outside, or leads out of the workspace. */
  readonly caution?: string;
  /** Why it is never promoted. */
  readonly refused?: string;
}

export interface Version {
  readonly type: "file" | "directory" | "link" | "special";
  /** The nine permission bits, and those above them. */
  readonly mode: number;
  readonly bytes: number;
  /** Of a link. */
  readonly target?: string;
  /** Tells whether it is still the same when the change is promoted. */
  readonly stamp: string;
}
