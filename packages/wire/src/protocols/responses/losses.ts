import { CloisterError } from "@cloister/base";
import type { Loss } from "../../turn.ts";

/** A hostile body can hold millions of fields that nobody knows; the list says that there were more. */
const LOSSES_MAX = 500;

/** What a request could not carry over, in the order in which it was found. */
export class LossList {
  readonly #losses: Loss[] = [];

  semantic(path: string, reason: string): void {
    this.#add({ path, reason, severity: "semantic" });
  }

  cosmetic(path: string, reason: string): void {
    this.#add({ path, reason, severity: "cosmetic" });
  }

  list(): readonly Loss[] {
    return this.#losses;
  }

  #add(loss: Loss): void {
    if (this.#losses.length < LOSSES_MAX) {
      this.#losses.push(loss);
    } else if (this.#losses.length === LOSSES_MAX) {
      // Semantic, because one of those that are not listed may be.
      this.#losses.push({ path: "", reason: `more than ${LOSSES_MAX} losses`, severity: "semantic" });
    }
  }
}

export function badRequest(field: string, problem: string, next?: string): CloisterError {
  return new CloisterError(`\`${field}\` ${problem}`, {
    code: "bad-request",
    next: next ?? `correct \`${field}\` and send the request again`,
  });
}
