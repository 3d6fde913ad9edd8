/** Why there can be no screen here, for whoever typed `cloister` alone. */
import { CloisterError } from "@cloister/base";
import type { Environment } from "../environment.ts";

type Surroundings = Pick<Environment, "terminal"> & {
  readonly stdin: Pick<NodeJS.ReadStream, "isTTY">;
  readonly stdout: Pick<NodeJS.WriteStream, "isTTY">;
};

/** Undefined: there can be one. */
export function whyNoScreen({ stdin, stdout, terminal }: Surroundings): CloisterError | undefined {
  const next = 'cloister -p "what to do"; cloister --help lists the rest';
  if (!stdin.isTTY || !stdout.isTTY) {
    return new CloisterError("there is no terminal here to talk at", { code: "usage", next });
  }
  if (terminal !== "dumb") return undefined;
  // An editor's own shell, mostly: it would show each movement of the cursor as letters.
  return new CloisterError("this terminal cannot move its cursor (TERM=dumb)", {
    code: "usage",
    next: `${next}; or set TERM to what the terminal is`,
  });
}
