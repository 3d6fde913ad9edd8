/** The command lines of `cloister trust` and `cloister plugin`. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { messageOf } from "@cloister/base";
import { usage } from "../option-values.ts";

export interface TrustArguments {
  readonly command: "trust";
  readonly do: "ask" | "allow" | "show" | "forget";
}

export type PluginArguments =
  | { readonly command: "plugin"; readonly do: "add"; readonly source: string }
  | { readonly command: "plugin"; readonly do: "list"; readonly source?: string }
  | { readonly command: "plugin"; readonly do: "remove"; readonly name: string };

export const trustOptions = {
  yes: { type: "boolean" },
  show: { type: "boolean" },
  forget: { type: "boolean" },
} as const;

/** @throws CloisterError `usage` */
export function parseTrustArguments(argv: readonly string[]): TrustArguments {
  const next = "cloister trust [--yes | --show | --forget]";
  const flags = ["yes", "show", "forget"] as const;
  const { values, positionals } = parse(argv, trustOptions, next);
  const given = flags.filter((flag) => values[flag] === true);
  if (positionals.length > 0 || given.length > 1) throw usage("that is more than one thing to do", next);
  const [wanted = "ask"] = given;
  return { command: "trust", do: wanted === "yes" ? "allow" : wanted };
}

/** @throws CloisterError `usage` */
export function parsePluginArguments(argv: readonly string[]): PluginArguments {
  const next = "cloister plugin add SOURCE | list [SOURCE] | remove NAME";
  const { positionals } = parse(argv, {}, next);
  const [what, subject, ...more] = positionals;
  if (more.length > 0) throw usage(`unexpected "${more[0]}"`, next);
  if (what === "list") {
    return { command: "plugin", do: "list", ...(subject === undefined ? {} : { source: subject }) };
  }
  if (what === "add" && subject !== undefined) return { command: "plugin", do: "add", source: subject };
  if (what === "remove" && subject !== undefined) return { command: "plugin", do: "remove", name: subject };
  throw usage("say what to do with plugins", next);
}

function parse(
  argv: readonly string[],
  options: NonNullable<ParseArgsConfig["options"]>,
  next: string,
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw usage(messageOf(error), next);
  }
}
