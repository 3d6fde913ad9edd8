/** The process's surroundings, read here and nowhere else, and handed down as plain values. */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock, type Clock } from "@cloister/base";
import type { PolicyPlace } from "./policy/managed-policy.ts";
import { hasStyle } from "./print/style.ts";

export interface Environment {
  /** The file this process was started from; the first file of the agent's process is beside it. */
  readonly entry: string;
  readonly node: string;
  /** Compiled code of the agent's program, where the published folder has kept it. */
  readonly agentCode?: () => string | undefined;
  readonly architecture: string;
  readonly version: string;
  readonly home: string;
  /** Not to be moved by a variable or a flag: whoever could move it could do without it. */
  readonly policyPlace: PolicyPlace;
  /** Where short-lived private folders are made. */
  readonly temporary: string;
  readonly directory: string;
  readonly path: readonly string[];
  readonly lang: string;
  /** Locale variables that commands may see. */
  readonly locale: Readonly<Record<string, string>>;
  /** One variable of this process, for a place where the person named it. */
  readonly variable: (name: string) => string | undefined;
  /** Bearer token for the endpoint; it stays in the keeper. */
  readonly apiKey: string | undefined;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly colour: boolean;
  readonly clock: Clock;
  readonly onInterrupt: (handler: () => void) => () => void;
  /** Signals that a person or a supervisor sends to end a command; the handler decides what becomes of them. */
  readonly onSignal: (handler: (signal: NodeJS.Signals) => void) => () => void;
  readonly platform: string;
  /** That this process may use at a time. */
  readonly cores: number;
  /** What kind of place this seems to be, for advice only: nothing is decided by it. */
  readonly surroundings: readonly Surrounding[];
  /** The kind of terminal, when it is a plain name. */
  readonly terminal: string | undefined;
}

export function readEnvironment(entry: string, agentCode?: Environment["agentCode"]): Environment {
  const variables = process.env;
  const locale: Record<string, string> = {};
  for (const name of ["LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ"]) {
    const value = variables[name];
    if (value !== undefined) locale[name] = value;
  }
  return {
    entry,
    node: process.execPath,
    ...(agentCode === undefined ? {} : { agentCode }),
    architecture: process.arch,
    version: readVersion(entry),
    home: homedir(),
    policyPlace: { directory: "/etc/cloister", owner: 0 },
    temporary: tmpdir(),
    directory: process.cwd(),
    path: (variables["PATH"] ?? "").split(":").filter((folder) => folder.startsWith("/")),
    lang: variables["LC_ALL"] ?? variables["LC_MESSAGES"] ?? variables["LANG"] ?? "en",
    locale,
    variable: (name) => variables[name],
    apiKey: variables["CLOISTER_API_KEY"],
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    colour: hasStyle(process.stdout, variables),
    clock: systemClock,
    onInterrupt: (handler) => {
      process.on("SIGINT", handler);
      process.on("SIGTERM", handler);
      return () => {
        process.off("SIGINT", handler);
        process.off("SIGTERM", handler);
      };
    },
    onSignal: (handler) => {
      const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
      for (const signal of signals) process.on(signal, handler);
      return () => {
        for (const signal of signals) process.off(signal, handler);
      };
    },
    platform: process.platform,
    cores: availableParallelism(),
    surroundings: surroundingsOf(variables),
    terminal: /^[\w.+-]{1,64}$/.exec(variables["TERM"] ?? "")?.[0],
  };
}

export type Surrounding = "github-actions" | "gitlab" | "kubernetes" | "container" | "ubuntu";

function surroundingsOf(variables: NodeJS.ProcessEnv): Surrounding[] {
  const found: Surrounding[] = [];
  if (variables["GITHUB_ACTIONS"] === "true") found.push("github-actions");
  if (variables["GITLAB_CI"] === "true") found.push("gitlab");
  if (variables["KUBERNETES_SERVICE_HOST"] !== undefined) found.push("kubernetes");
  else if (existsSync("/.dockerenv") || existsSync("/run/.containerenv")) found.push("container");
  if (existsSync("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")) found.push("ubuntu");
  return found;
}

function readVersion(entry: string): string {
  // src/main.ts in a checkout, cloister.js in the published file: the manifest is beside it or one folder up.
  for (const folder of [dirname(entry), dirname(dirname(entry))]) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version?: string };
      return manifest.version ?? "unknown";
    } catch {
      /* not in this folder */
    }
  }
  return "unknown";
}
