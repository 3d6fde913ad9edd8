/** The command line, parsed once into plain values. */
import { parseArgs } from "node:util";
import { CloisterError, messageOf } from "@cloister/base";
import { isLabel, labels, type Label } from "@cloister/policy";

export interface RunArguments {
  readonly command: "run";
  readonly prompt: string;
  readonly endpoint: string | undefined;
  readonly model: string | undefined;
  readonly turnsMax: number;
  readonly format: OutputFormat;
  readonly tier: "bubblewrap" | "none";
  readonly label: Label | undefined;
  readonly clearance: Label | undefined;
  readonly ledger: string | undefined;
}

export type OutputFormat = "text" | "json" | "stream-json";

export type Arguments =
  | RunArguments
  | { readonly command: "tour"; readonly lang: string | undefined; readonly keep: boolean }
  | {
      readonly command: "ledger-verify";
      readonly ledger: string | undefined;
      readonly key: string | undefined;
    }
  | { readonly command: "ledger-show"; readonly ledger: string | undefined; readonly json: boolean }
  | {
      readonly command: "ledger-exposure";
      readonly ledger: string | undefined;
      readonly json: boolean;
      readonly session: string | undefined;
    }
  | {
      readonly command: "airlock";
      readonly endpoints: readonly string[];
      readonly model: string | undefined;
      readonly port: number;
      readonly socket: string | undefined;
      readonly label: Label | undefined;
      readonly clearance: Label | undefined;
      readonly ledger: string | undefined;
      readonly setup: boolean;
    }
  | { readonly command: "rehearse"; readonly script: string; readonly port: number }
  | { readonly command: "agent-process" }
  | { readonly command: "version" }
  | { readonly command: "help" };

const TURNS_MAX_DEFAULT = 100;
const TURNS_MAX_MAX = 10_000;

const options = {
  print: { type: "string", short: "p" },
  endpoint: { type: "string", multiple: true },
  model: { type: "string" },
  "max-turns": { type: "string" },
  "output-format": { type: "string" },
  cell: { type: "string" },
  label: { type: "string" },
  clearance: { type: "string" },
  ledger: { type: "string" },
  key: { type: "string" },
  session: { type: "string" },
  port: { type: "string" },
  listen: { type: "string" },
  socket: { type: "string" },
  setup: { type: "boolean" },
  json: { type: "boolean" },
  keep: { type: "boolean" },
  lang: { type: "string" },
  verbose: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

/** @throws CloisterError `usage` */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  if (values.help === true) return { command: "help" };
  if (values.version === true) return { command: "version" };

  const [command, sub, ...rest] = positionals;
  if (values.print !== undefined) {
    if (command !== undefined) {
      throw usage(`unexpected "${command}" beside -p`, "put the whole prompt in quotes after -p");
    }
    return toRun(values.print, values);
  }
  switch (command) {
    case undefined:
      return { command: "help" };
    case "agent-process":
      return { command };
    case "tour":
      return { command, lang: values.lang, keep: values.keep === true };
    case "rehearse":
      if (sub === undefined) throw usage("no script given", "cloister rehearse SCRIPT.json [--port N]");
      return { command, script: sub, port: wholeNumber("--port", values.port ?? "0", 0, 65_535) };
    case "airlock":
      return toAirlock(values);
    case "ledger":
      return toLedger(sub, rest, values);
    default:
      throw usage(`there is no command "${command}"`, "cloister --help lists them; a task goes after -p");
  }
}

type Values = ReturnType<typeof parse>["values"];

function parse(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw usage(messageOf(error), "cloister --help lists the options");
  }
}

function toRun(prompt: string, values: Values): RunArguments {
  return {
    command: "run",
    prompt,
    endpoint: onlyEndpoint(values.endpoint),
    model: values.model,
    turnsMax: wholeNumber("--max-turns", values["max-turns"] ?? String(TURNS_MAX_DEFAULT), 1, TURNS_MAX_MAX),
    format: oneOf("--output-format", values["output-format"] ?? "text", ["text", "json", "stream-json"]),
    tier: oneOf("--cell", values.cell ?? "bubblewrap", ["bubblewrap", "none"]),
    label: toLabel("--label", values.label),
    clearance: toLabel("--clearance", values.clearance),
    ledger: values.ledger,
  };
}

const PORT_DEFAULT = 8642;

function toAirlock(values: Values): Arguments {
  return {
    command: "airlock",
    endpoints: values.endpoint ?? [],
    model: values.model,
    port: values.listen === undefined ? PORT_DEFAULT : listenPort(values.listen),
    socket: values.socket,
    label: toLabel("--label", values.label),
    clearance: toLabel("--clearance", values.clearance),
    ledger: values.ledger,
    setup: values.setup === true,
  };
}

/** On loopback only: whoever can connect can ask. */
function listenPort(text: string): number {
  const [, host = "127.0.0.1", port = ""] = /^(?:([^:]+):)?(\d+)$/.exec(text) ?? [];
  if (host !== "127.0.0.1" && host !== "localhost") {
    throw usage(
      `--listen cannot be "${text}"`,
      "the airlock of one developer listens on 127.0.0.1:PORT only",
    );
  }
  return wholeNumber("--listen", port, 0, 65_535);
}

function onlyEndpoint(endpoints: readonly string[] | undefined): string | undefined {
  if (endpoints !== undefined && endpoints.length > 1) {
    throw usage("a task has one endpoint", "name one; cloister airlock takes several");
  }
  return endpoints?.[0];
}

function toLedger(sub: string | undefined, rest: readonly string[], values: Values): Arguments {
  if (rest[0] !== undefined) throw usage(`unexpected "${rest[0]}"`, "cloister ledger verify|show|exposure");
  const json = values.json === true;
  switch (sub) {
    case "verify":
      return { command: "ledger-verify", ledger: values.ledger, key: values.key };
    case "show":
      return { command: "ledger-show", ledger: values.ledger, json };
    case "exposure":
      return { command: "ledger-exposure", ledger: values.ledger, json, session: values.session };
    case undefined:
    default:
      throw usage("say what to do with the ledger", "cloister ledger verify|show|exposure");
  }
}

function toLabel(option: string, text: string | undefined): Label | undefined {
  if (text === undefined || isLabel(text)) return text;
  throw usage(`${option} cannot be "${text}"`, `it is one of ${labels.join(", ")}`);
}

function oneOf<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw usage(`${option} cannot be "${text}"`, `it is one of ${allowed.join(", ")}`);
  return found;
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw usage(`${option} cannot be "${text}"`, `it is a whole number from ${min} to ${max}`);
}

function usage(message: string, next: string): CloisterError {
  return new CloisterError(message, { code: "usage", next });
}
