/** The command line of `cloister scan`. */
import { parseArgs } from "node:util";
import { messageOf } from "@cloister/base";
import { usage } from "./option-values.ts";

export interface ScanArguments {
  readonly command: "scan";
  /** Files and folders, `-` for the standard input. */
  readonly paths: readonly string[];
  readonly json: boolean;
  readonly rules: string | undefined;
  readonly email: boolean;
}

export const scanOptions = {
  json: { type: "boolean" },
  rules: { type: "string" },
  email: { type: "boolean" },
} as const;

/** @throws CloisterError `usage` */
export function parseScanArguments(argv: readonly string[]): ScanArguments {
  const { values, positionals } = parse(argv);
  return {
    command: "scan",
    paths: positionals,
    json: values.json === true,
    rules: values.rules,
    email: values.email === true,
  };
}

function parse(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof scanOptions; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options: scanOptions, allowPositionals: true });
  } catch (error) {
    throw usage(messageOf(error), "cloister scan [--json] [--rules FILE] [--email] PATH…");
  }
}
