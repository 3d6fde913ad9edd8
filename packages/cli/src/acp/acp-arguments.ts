import type { RunArguments } from "../run-arguments.ts";

export interface AcpArguments {
  readonly command: "acp";
  /** How its sessions are run. */
  readonly run: RunArguments;
}
