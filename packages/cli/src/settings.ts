/** What the user set once for all sessions: `~/.cloister/settings.json`. A project cannot change any of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, isRecord, parseJson, systemCodeOf } from "@cloister/base";
import type { Price } from "@cloister/agent";
import type { VolatilePolicy } from "@cloister/airlock";
import { fallbacksMax } from "@cloister/airlock/fallbacks-max";
import type { NetworkOptions } from "@cloister/backend";
import { isLabel, labels, type Label } from "@cloister/policy";
import { placeInJson } from "./json-place.ts";
import { readOwnPermissions, type OwnPermissionSettings } from "./permissions/read-permissions.ts";
import { windowBounds } from "./agreed-window.ts";
import { readTerminalSettings, type TerminalSettings } from "./screen/terminal-settings.ts";
import { readCellSettings, type CellSettings } from "./settings-cell.ts";
import { readEndpointSettings, type EndpointSettings } from "./settings-endpoints.ts";

export interface Settings {
  readonly endpoint?: string;
  /** Others, for subagents whose definition or caller names one of their models. */
  readonly endpoints?: readonly EndpointSettings[];
  /** Those of `endpoints`, and models of the endpoint itself, that answer in order when it is down. */
  readonly fallbacks?: readonly string[];
  readonly model?: string;
  readonly clearance?: Label;
  readonly label?: Label;
  /** How to reach endpoints that are not on this machine. Certificates and keys are named by their files. */
  readonly network?: NetworkOptions;
  /** The window that is reckoned with. A server that has less is not worked with; one that does not say is believed to have it. */
  readonly contextTokens?: number;
  /** How long a request to a model may take, its answer included. Without it as long as it needs. */
  readonly timeoutSeconds?: number;
  /** What the endpoint's tokens cost, for a million each; for `--max-cost` and the reports. */
  readonly price?: Price;
  /** Whether the model takes pictures, where its server does not say, or says it wrongly. */
  readonly vision?: boolean;
  /** Whether a server is shown the fixed beginning of prompts before the first one, so that its cache is warm. */
  readonly warmUp?: boolean;
  /** Whether language servers that are on this machine are used. Default: yes. */
  readonly lsp?: boolean;
  /** What `cloister airlock` does about dates and telemetry marks at the head of other clients' prompts. */
  readonly volatile?: VolatilePolicy;
  /** How long saved sessions are kept. */
  readonly sessions?: { readonly keepDays?: number };
  /** For the cells of the agent's commands, and of `cloister cell`. */
  readonly cell?: CellSettings;
  /** Rules on calls, and how much is asked. */
  readonly permissions?: OwnPermissionSettings;
  /** How the screen looks. */
  readonly terminal?: TerminalSettings;
}

/** What a timer can hold. */
const TIMEOUT_SECONDS_MAX = 2_000_000;
const words = ["endpoint", "model", "clearance", "label"];
/** Whole numbers, and what they may be. */
const numbers: Readonly<Record<string, readonly [min: number, max: number]>> = {
  contextTokens: windowBounds,
  timeoutSeconds: [1, TIMEOUT_SECONDS_MAX],
};
/** What a person can set here, by its names. */
export const settingNames: readonly string[] = [
  ...words,
  ...Object.keys(numbers),
  "endpoints",
  "fallbacks",
  "network",
  "price",
  "vision",
  "warmUp",
  "lsp",
  "volatile",
  "cell",
  "permissions",
  "sessions",
  "terminal",
];
/** Read with what other agents' settings bring, in their words: see `extension/open.ts`. */
const brought = [
  ...["hooks", "disableAllHooks", "mcpServers", "disabledMcpjsonServers", "env", "outputStyle", "language"],
  ...["statusLine", "claudeMdExcludes", "enabledPlugins"],
];

/** @throws CloisterError `bad-settings` naming the field: a setting that is misread in silence protects nobody. */
export function readSettings(home: string): Settings {
  const path = join(home, ".cloister", "settings.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return {};
    throw bad(path, "it cannot be read", error);
  }
  const value = parseSettings(text, path);
  if (!isRecord(value)) throw bad(path, "it must hold an object");
  for (const [name, setting] of Object.entries(value)) {
    if (!settingNames.includes(name) && !brought.includes(name)) {
      const all = [...settingNames, ...brought].join(", ");
      throw bad(path, `there is no setting "${name}"; there are ${all}`);
    }
    if (words.includes(name) && typeof setting !== "string") throw bad(path, `"${name}" must be a string`);
    const [min, max] = numbers[name] ?? [];
    const isWhole = typeof setting === "number" && Number.isInteger(setting);
    if (min !== undefined && max !== undefined && !(isWhole && setting >= min && setting <= max)) {
      throw bad(path, `"${name}" must be a whole number from ${min} to ${max}`);
    }
    if ((name === "clearance" || name === "label") && !isLabel(String(setting))) {
      throw bad(path, `"${name}" must be one of ${labels.join(", ")}`);
    }
  }
  const {
    network,
    cell,
    endpoints,
    fallbacks,
    permissions,
    sessions,
    price,
    vision,
    warmUp,
    lsp,
    volatile,
    terminal,
    ...rest
  } = value;
  if (lsp !== undefined && typeof lsp !== "boolean") throw bad(path, '"lsp" must be true or false');
  if (warmUp !== undefined && typeof warmUp !== "boolean") throw bad(path, '"warmUp" must be true or false');
  if (vision !== undefined && typeof vision !== "boolean") throw bad(path, '"vision" must be true or false');
  const policy = volatilePolicies.find((name) => name === volatile);
  if (volatile !== undefined && policy === undefined) {
    throw bad(path, `"volatile" must be one of ${volatilePolicies.join(", ")}`);
  }
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([name]) => words.includes(name) || name in numbers)),
    ...(vision === undefined ? {} : { vision }),
    ...(warmUp === undefined ? {} : { warmUp }),
    ...(lsp === undefined ? {} : { lsp }),
    ...(policy === undefined ? {} : { volatile: policy }),
    ...(sessions === undefined ? {} : { sessions: readSessions(sessions, path) }),
    ...(price === undefined ? {} : { price: readPrice(price, path) }),
    ...(network === undefined ? {} : { network: readNetwork(network, path) }),
    ...(endpoints === undefined ? {} : { endpoints: readOthers(endpoints, path) }),
    ...(fallbacks === undefined ? {} : { fallbacks: readFallbacks(fallbacks, path) }),
    ...(permissions === undefined ? {} : { permissions: ownPermissions(permissions, path) }),
    ...(terminal === undefined ? {} : { terminal: readTerminalSettings(terminal, (why) => bad(path, why)) }),
    ...(cell === undefined ? {} : { cell: readCellSettings(cell, (why) => bad(path, why)) }),
  };
}

const KEEP_DAYS_MAX = 3650;

function readSessions(value: unknown, path: string): NonNullable<Settings["sessions"]> {
  const { keepDays, ...rest } = isRecord(value) ? value : { value };
  const [other] = Object.keys(rest);
  if (other !== undefined) throw bad(path, '"sessions" must be an object, and has "keepDays" only');
  if (keepDays === undefined) return {};
  if (typeof keepDays === "number" && keepDays > 0 && keepDays <= KEEP_DAYS_MAX) return { keepDays };
  throw bad(path, `"keepDays" of "sessions" must be a number of days up to ${KEEP_DAYS_MAX}`);
}

function ownPermissions(value: unknown, path: string): OwnPermissionSettings {
  const { problems, ...settings } = readOwnPermissions(value, path);
  const [problem] = problems;
  if (problem !== undefined) throw bad(path, `"permissions": ${problem.text}: ${problem.why}`);
  return { ...settings, problems };
}

const volatilePolicies: readonly VolatilePolicy[] = ["freeze", "remove", "keep"];

function readOthers(value: unknown, path: string): readonly EndpointSettings[] {
  return readEndpointSettings(value, {
    fail: (why) => bad(path, why),
    readNetwork: (network) => readNetwork(network, path),
    readPrice: (price) => readPrice(price, path),
    contextTokensMin: windowBounds[0],
  });
}

function readFallbacks(value: unknown, path: string): readonly string[] {
  const isList = isListOfText(value) && value.length <= fallbacksMax && value.every((name) => name !== "");
  if (isList) return value;
  throw bad(
    path,
    `"fallbacks" must be a list of at most ${fallbacksMax} names: NAME or NAME/MODEL of "endpoints"`,
  );
}

const networkFields = ["extraCa", "clientCertificate", "proxy", "noProxy"];

function readNetwork(value: unknown, path: string): NetworkOptions {
  if (!isRecord(value)) throw bad(path, '"network" must be an object');
  for (const name of Object.keys(value)) {
    if (!networkFields.includes(name)) {
      throw bad(path, `"network" has no "${name}"; it has ${networkFields.join(", ")}`);
    }
  }
  const { extraCa, clientCertificate: certificate, proxy, noProxy } = value;
  if (proxy !== undefined && typeof proxy !== "string") throw bad(path, '"proxy" must be a URL');
  if (noProxy !== undefined && !isListOfText(noProxy)) throw bad(path, '"noProxy" must be a list of hosts');
  return {
    ...(extraCa === undefined ? {} : { extraCa: readNamed(extraCa, "extraCa", path) }),
    ...(certificate === undefined ? {} : { clientCertificate: readCertificate(certificate, path) }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
  };
}

function readCertificate(value: unknown, path: string): NonNullable<NetworkOptions["clientCertificate"]> {
  if (!isRecord(value)) throw bad(path, '"clientCertificate" must name the files "cert" and "key"');
  return { cert: readNamed(value["cert"], "cert", path), key: readNamed(value["key"], "key", path) };
}

function readNamed(file: unknown, name: string, path: string): string {
  if (typeof file !== "string") throw bad(path, `"${name}" must name a file`);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw bad(path, `the file of "${name}" cannot be read: ${file}`, error);
  }
}

function isListOfText(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function readPrice(value: unknown, path: string): Price {
  const names = isRecord(value) ? Object.keys(value) : [];
  const isPrice =
    isRecord(value) &&
    names.every((name) => ["prompt", "cached", "completion"].includes(name)) &&
    Object.values(value).every((each) => typeof each === "number" && each >= 0) &&
    names.includes("prompt") &&
    names.includes("completion");
  if (!isPrice) {
    throw bad(path, '"price" must hold the numbers "prompt" and "completion", and may hold "cached"');
  }
  return value as unknown as Price;
}

function parseSettings(text: string, path: string): unknown {
  try {
    return parseJson(text, path);
  } catch (error) {
    throw bad(path, `it is not valid JSON${placeInJson(error)}`, error);
  }
}

function bad(path: string, why: string, cause?: unknown): CloisterError {
  return new CloisterError(`${path}: ${why}`, {
    code: "bad-settings",
    next: "mend the file, or remove it",
    cause,
  });
}
