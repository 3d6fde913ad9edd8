/** The command line, parsed once into plain values. */
import { parseArgs } from "node:util";
import { messageOf } from "@cloister/base";
import type { Label } from "@cloister/policy";
import type { AcpArguments } from "./acp/acp-arguments.ts";
import {
  parsePermissionsArguments,
  permissionOptions,
  toPermissionFlags,
  type PermissionsArguments,
} from "./permissions/permission-arguments.ts";
import { windowBounds } from "./agreed-window.ts";
import type { CallFlags } from "./permissions/read-permissions.ts";
import { parseCellArguments, toSessionReview, type CellArguments } from "./cell-arguments.ts";
import {
  parsePluginArguments,
  parseTrustArguments,
  type PluginArguments,
  type TrustArguments,
} from "./extension/extension-arguments.ts";
import { toGoal } from "./goal/goal-arguments.ts";
import { toFallbacks } from "./fallback-names.ts";
import { nextFor, toHelp, type HelpArguments } from "./help-arguments.ts";
import { amount, oneOf, toLabel, usage, wholeNumber } from "./option-values.ts";
import { parsePolicyArguments, type PolicyArguments } from "./policy/policy-arguments.ts";
import type { McpServeArguments } from "./mcp-serve/serve-arguments.ts";
import type { VersusArguments } from "./versus/versus-arguments.ts";
import { parseMcpArguments, type McpArguments } from "./mcp/mcp-arguments.ts";
import type { RunArguments } from "./run-arguments.ts";
import type { QuestArguments, WikiArguments } from "./quest/quest-arguments.ts";
import { parseScanArguments, type ScanArguments } from "./scan-arguments.ts";
import {
  parseSessionsArguments,
  sessionOptions,
  toSessionFlags,
  withBareOptions,
  type SessionsArguments,
} from "./sessions/session-arguments.ts";

/** A person at a terminal. */
export type InteractiveArguments = Omit<RunArguments, "command"> & {
  readonly command: "interactive";
  /** The conversation on a screen of its own. Undefined: as the settings say. */
  readonly isFull?: boolean;
};

export type Arguments =
  | RunArguments
  | InteractiveArguments
  | SessionsArguments
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
      readonly declassify: readonly string[];
      readonly calls: CallFlags;
    }
  | { readonly command: "rehearse"; readonly script: string; readonly port: number }
  | CellArguments
  | PermissionsArguments
  | PolicyArguments
  | ScanArguments
  | McpArguments
  | TrustArguments
  | PluginArguments
  | QuestArguments
  | WikiArguments
  | AcpArguments
  | McpServeArguments
  | VersusArguments
  | { readonly command: "version" }
  | HelpArguments;

const TURNS_MAX_DEFAULT = 100;
const tiers = ["bubblewrap", "none"] as const;
const TURNS_MAX_MAX = 10_000;
const TOKENS_MAX_MAX = 1_000_000_000;
/** What a timer can hold. */
const TIME_SECONDS_MAX_MAX = 2_000_000;

const options = {
  print: { type: "string", short: "p" },
  image: { type: "string", multiple: true },
  endpoint: { type: "string", multiple: true },
  model: { type: "string" },
  fallback: { type: "string" },
  "fallback-model": { type: "string" },
  context: { type: "string" },
  "max-turns": { type: "string" },
  "max-tokens": { type: "string" },
  "max-time": { type: "string" },
  "max-cost": { type: "string" },
  "json-schema": { type: "string" },
  "input-format": { type: "string" },
  "output-format": { type: "string" },
  cell: { type: "string" },
  review: { type: "string" },
  show: { type: "string", multiple: true },
  "allow-host": { type: "string", multiple: true },
  declassify: { type: "string", multiple: true },
  allow: { type: "string", multiple: true },
  deny: { type: "string", multiple: true },
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
  "full-screen": { type: "boolean" },
  lang: { type: "string" },
  verbose: { type: "boolean" },
  yes: { type: "boolean" },
  out: { type: "string" },
  check: { type: "string" },
  until: { type: "string" },
  models: { type: "string" },
  ...sessionOptions,
  ...permissionOptions,
  version: { type: "boolean", short: "v" },
} as const;
/** Of every command that has no table of its own; what help must speak of. */
export const runOptionNames: readonly string[] = Object.keys(options);

/** @throws CloisterError `usage` */
export function parseArguments(argv: readonly string[]): Arguments {
  const help = toHelp(argv);
  if (help !== undefined) return help;
  // What follows its `--` is somebody else's command line.
  if (argv[0] === "cell") return parseCellArguments(argv.slice(1));
  if (argv[0] === "policy") return parsePolicyArguments(argv.slice(1));
  if (argv[0] === "permissions") return parsePermissionsArguments(argv.slice(1));
  if (argv[0] === "scan") return parseScanArguments(argv.slice(1));
  if (argv[0] === "mcp" && argv[1] === "serve") return toServe(parse(argv.slice(2)));
  if (argv[0] === "mcp") return parseMcpArguments(argv.slice(1));
  if (argv[0] === "trust") return parseTrustArguments(argv.slice(1));
  if (argv[0] === "plugin") return parsePluginArguments(argv.slice(1));
  if (argv[0] === "sessions" || argv[0] === "worktrees") return parseSessionsArguments(argv);
  const { values, positionals } = parse(withBareOptions(argv));
  if (values.version === true) return { command: "version" };

  const [command, sub, ...rest] = positionals;
  // With messages on stdin no prompt is needed beside them.
  if (values.print !== undefined || values["input-format"] === "stream-json") {
    if (command !== undefined) {
      throw usage(`unexpected "${command}" beside -p`, "put the whole prompt in quotes after -p");
    }
    if (fullOf(values).isFull === true) throw usage("--full-screen is for a terminal", "leave -p out");
    const isAlone = values.models === undefined && values.check !== undefined;
    if (isAlone) throw usage("--check goes with --models", checkUse);
    return values.models === undefined ? toRun(values.print ?? "", values) : toVersus(values.models, values);
  }
  if (values.models !== undefined) throw usage("--models goes with -p", checkUse);
  if (values.until !== undefined) {
    throw usage("--until goes with -p", "on the screen: /goal TEXT --until COMMAND");
  }
  switch (command) {
    case undefined:
      return { ...toRun("", values), command: "interactive", ...fullOf(values) };
    case "tour":
      return { command, lang: values.lang, keep: values.keep === true };
    case "rehearse":
      if (sub === undefined) throw usage("no script given", "cloister rehearse SCRIPT.json [--port N]");
      return { command, script: sub, port: wholeNumber("--port", values.port ?? "0", 0, 65_535) };
    case "quest":
      if (rest.length > 0) throw usage(`unexpected "${rest[0]}"`, 'cloister quest "what to build"');
      return { command, goal: sub ?? "", isYes: values.yes === true, run: toRun("", values) };
    case "wiki":
      if (sub !== undefined) throw usage(`unexpected "${sub}"`, "cloister wiki [--out DIR] [--check]");
      return { command, out: values.out, isCheck: values.check !== undefined, run: toRun("", values) };
    case "acp":
      if (sub !== undefined) throw usage(`unexpected "${sub}"`, "cloister acp, with the options of a task");
      return { command, run: toRun("", values) };
    case "airlock":
      return toAirlock(values);
    case "ledger":
      return toLedger(sub, rest, values);
    default:
      throw usage(`there is no command "${command}"`, nextFor(command));
  }
}

type Values = ReturnType<typeof parse>["values"];

function parse(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw usage(messageOf(error), "cloister help run lists the options");
  }
}

function toRun(prompt: string, values: Values): RunArguments {
  return {
    command: "run",
    ...toGoal(prompt, values.until),
    images: imagesOf(values),
    endpoint: onlyEndpoint(values.endpoint),
    model: values.model,
    ...toFallbacks(values),
    contextTokens: optional(values.context, (text) => wholeNumber("--context", text, ...windowBounds)),
    turnsMax: wholeNumber("--max-turns", values["max-turns"] ?? String(TURNS_MAX_DEFAULT), 1, TURNS_MAX_MAX),
    tokensMax: optional(values["max-tokens"], (text) => wholeNumber("--max-tokens", text, 1, TOKENS_MAX_MAX)),
    timeMsMax: optional(
      values["max-time"],
      (text) => wholeNumber("--max-time", text, 1, TIME_SECONDS_MAX_MAX) * 1000,
    ),
    costMax: optional(values["max-cost"], (text) => amount("--max-cost", text)),
    jsonSchema: values["json-schema"],
    inputFormat: oneOf("--input-format", values["input-format"] ?? "text", ["text", "stream-json"]),
    format: oneOf("--output-format", values["output-format"] ?? "text", ["text", "json", "stream-json"]),
    tier: values.cell === undefined ? undefined : oneOf("--cell", values.cell, tiers),
    label: toLabel("--label", values.label),
    clearance: toLabel("--clearance", values.clearance),
    ledger: values.ledger,
    review: optional(values.review, toSessionReview),
    show: values.show ?? [],
    allowHosts: values["allow-host"] ?? [],
    declassify: values.declassify ?? [],
    calls: { allow: values.allow ?? [], deny: values.deny ?? [] },
    permissions: toPermissionFlags(values),
    session: toSessionFlags(values),
  };
}

function imagesOf({ image = [], print }: Values): readonly string[] {
  if (image.length === 0 || print !== undefined) return image;
  throw usage(
    "--image goes with -p",
    "on the screen a picture is dragged in, pasted with ctrl-v, or named after @",
  );
}

function fullOf(values: Values): { readonly isFull?: boolean } {
  return values["full-screen"] === undefined ? {} : { isFull: values["full-screen"] };
}

function optional<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text);
}

const MODELS_MAX = 8;
const checkUse = 'cloister -p "…" --models a,b --check "npm test"';

function toVersus(list: string, values: Values): Arguments {
  if (values.continue === true || values.resume !== undefined) {
    throw usage("--models begins new sessions", "leave --continue and --resume out");
  }
  if (values.worktree !== undefined || values["session-id"] !== undefined) {
    throw usage(
      "with --models each has a worktree and a session of its own",
      "leave --worktree and --session-id out",
    );
  }
  const models = list.split(",").map((model) => model.trim());
  const isWhole = models.every((model) => model !== "") && new Set(models).size === models.length;
  if (!isWhole || models.length < 2 || models.length > MODELS_MAX) {
    throw usage(`--models cannot be "${list}"`, `two to ${MODELS_MAX} different ones: --models a,b,lab/c`);
  }
  if ((values.print ?? "").trim() === "" || values["input-format"] === "stream-json") {
    throw usage("--models needs one task", 'cloister -p "what to do" --models a,b');
  }
  if (values.until !== undefined) throw usage("--until is for one model", "with --models: --check COMMAND");
  if (values.check === "") throw usage("--check needs a command", '--check "npm test"');
  return { command: "versus", run: toRun(values.print ?? "", values), models, check: values.check };
}

/** `--clearance` is that of the client: what it is shown goes to a model that nobody here knows. */
function toServe({ values, positionals }: ReturnType<typeof parse>): Arguments {
  const [other] = positionals;
  if (other !== undefined) throw usage(`unexpected "${other}"`, "cloister mcp serve --clearance L");
  const clientClearance = toLabel("--clearance", values.clearance) ?? "public";
  return { command: "mcp-serve", run: { ...toRun("", values), clearance: undefined }, clientClearance };
}

const PORT_DEFAULT = 8642;

function toAirlock(values: Values): Arguments {
  if (values.socket !== undefined && values.listen !== undefined) {
    throw usage(
      "--listen and --socket do not go together",
      "give one of them; --socket is for its owner alone",
    );
  }
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
    declassify: values.declassify ?? [],
    calls: { allow: values.allow ?? [], deny: values.deny ?? [] },
  };
}

/** On loopback only: whoever can connect can ask. */
function listenPort(text: string): number {
  const [, host = "127.0.0.1", port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || (host !== "127.0.0.1" && host !== "localhost")) {
    throw usage(
      `--listen cannot be "${text}"`,
      "the airlock of one developer listens on 127.0.0.1:PORT only, since whoever can connect can ask",
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
