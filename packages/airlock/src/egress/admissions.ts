/** Which command a connection comes from: each command has a credential of its own in its proxy's URL. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { sha256 } from "@cloister/base";
import type { EgressLimits } from "./limits.ts";

/** Bytes that a command and its session have moved. */
export interface Usage {
  up: number;
  down: number;
}

export interface Admission {
  /** The command's index in the ledger; undefined where the way in does not tell. */
  readonly call: number | undefined;
  readonly usage: Usage;
  /** Ended with the command, and with it its connections. */
  readonly ended: AbortSignal;
}

export interface Admissions {
  /** User and password for a command's proxy URL, until `end`. */
  admit(call: number): {
    readonly user: string;
    readonly password: string;
    readonly hasReceived: () => boolean;
    readonly end: () => void;
  };
  find(user: string, password: string): Admission | undefined;
  /** The only command that runs, for ways in that carry no credential; else nobody's. */
  only(): Admission;
  /** False when a budget is spent. */
  spend(admission: Admission, direction: keyof Usage, bytes: number): boolean;
}

export function createAdmissions(limits: EgressLimits): Admissions {
  const running = new Map<string, Admission & { readonly digest: Buffer }>();
  const session: Usage = { up: 0, down: 0 };
  const nobody: Admission = {
    call: undefined,
    usage: { up: 0, down: 0 },
    ended: new AbortController().signal,
  };
  return {
    admit(call) {
      const user = `call-${call}`;
      const password = randomBytes(16).toString("hex");
      const ending = new AbortController();
      const admission = { call, usage: { up: 0, down: 0 }, ended: ending.signal, digest: sha256(password) };
      running.set(user, admission);
      const end = (): void => {
        running.delete(user);
        ending.abort();
      };
      return { user, password, hasReceived: () => admission.usage.down > 0, end };
    },
    find(user, password) {
      const found = running.get(user);
      return found !== undefined && timingSafeEqual(found.digest, sha256(password)) ? found : undefined;
    },
    only() {
      const [one, another] = running.values();
      return one !== undefined && another === undefined ? one : nobody;
    },
    spend(admission, direction, bytes) {
      admission.usage[direction] += bytes;
      session[direction] += bytes;
      return direction === "up"
        ? admission.usage.up <= limits.commandBytesUpMax && session.up <= limits.sessionBytesUpMax
        : admission.usage.down <= limits.commandBytesDownMax && session.down <= limits.sessionBytesDownMax;
    },
  };
}
