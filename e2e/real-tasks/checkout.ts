/** A package of the npm registry as somebody's repository: unpacked, installed, committed. */
import { execFile } from "node:child_process";
import { createPlace, type Place } from "../harness.ts";

export interface Ended {
  readonly code: number;
  readonly output: string;
}

export interface Checkout extends Disposable {
  readonly place: Place;
  /** Runs on this machine as it is, with the user's own settings of npm. */
  readonly outside: (command: string) => Promise<Ended>;
}

export type Opened =
  | { readonly kind: "opened"; readonly checkout: Checkout }
  | { readonly kind: "unreachable"; readonly why: string };

const COMMAND_MS_MAX = 180_000;
const OUTPUT_BYTES_MAX = 10_000_000;

const identity = "git -c user.name=a -c user.email=a@b.test";
const commit = `git init -q . && git add -A && ${identity} commit -qm "as published"`;

export const install: string = "npm install --ignore-scripts --no-audit --no-fund --loglevel error";

export async function openCheckout(archive: string, prepare: string): Promise<Opened> {
  const place = createPlace();
  const outside = (command: string): Promise<Ended> =>
    new Promise((resolve) => {
      const options = {
        cwd: place.project,
        env: { ...process.env, LANG: "C.UTF-8", npm_config_update_notifier: "false" },
        timeout: COMMAND_MS_MAX,
        maxBuffer: OUTPUT_BYTES_MAX,
      };
      execFile("/bin/bash", ["-c", command], options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, output: stdout + stderr });
      });
    });
  const checkout: Checkout = { place, outside, [Symbol.dispose]: () => place[Symbol.dispose]() };
  const fetched = await outside(
    `npm pack --loglevel error ${archive} && tar xzf *.tgz --strip-components 1 && rm *.tgz && echo node_modules/ > .gitignore`,
  );
  const made = fetched.code === 0 ? await outside(`set -e; ${prepare}\n${commit}`) : fetched;
  if (made.code === 0) return { kind: "opened", checkout };
  checkout[Symbol.dispose]();
  return { kind: "unreachable", why: made.output.trim().split("\n").slice(-8).join("\n") };
}
