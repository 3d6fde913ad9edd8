/** The cell's side of `guarded-file.ts`. */
import { isRecord } from "@cloister/base";

export interface GuardedFile {
  /** From the workspace, links followed. */
  readonly path: string;
  readonly text: string;
  /** Permission bits of a new file. */
  readonly mode: number | undefined;
}

export type GuardedFileAnswer =
  | { readonly kind: "saved" }
  /** The keeper has nothing to do with it. */
  | { readonly kind: "not-guarded" }
  | { readonly kind: "refused"; readonly why: string };

export function readGuardedFileAnswer(value: unknown): GuardedFileAnswer {
  const { kind, why } = isRecord(value) ? value : {};
  if (kind === "saved" || kind === "not-guarded") return { kind };
  return { kind: "refused", why: typeof why === "string" ? why : "the keeper gave no answer" };
}
