/** The process's surroundings, read here and nowhere else, and handed down as plain values. */
import { readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock, type Clock } from "@cloister/base";
import { hasStyle } from "./print/style.ts";

export interface Environment {
  /** The file this process was started from; the agent's process is started from the same. */
  readonly entry: string;
  readonly node: string;
  readonly architecture: string;
  readonly version: string;
  readonly home: string;
  /** Where short-lived private folders are made. */
  readonly temporary: string;
  readonly directory: string;
  readonly path: readonly string[];
  readonly lang: string;
  /** Locale variables that commands may see. */
  readonly locale: Readonly<Record<string, string>>;
  /** Bearer token for the endpoint; it stays in the keeper. */
  readonly apiKey: string | undefined;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly colour: boolean;
  readonly clock: Clock;
  readonly onInterrupt: (handler: () => void) => () => void;
}

export function readEnvironment(entry: string): Environment {
  const variables = process.env;
  const locale: Record<string, string> = {};
  for (const name of ["LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ"]) {
    const value = variables[name];
    if (value !== undefined) locale[name] = value;
  }
  return {
    entry,
    node: process.execPath,
    architecture: process.arch,
    version: readVersion(entry),
    home: homedir(),
    temporary: tmpdir(),
    directory: process.cwd(),
    path: (variables["PATH"] ?? "").split(":").filter((folder) => folder.startsWith("/")),
    lang: variables["LC_ALL"] ?? variables["LC_MESSAGES"] ?? variables["LANG"] ?? "en",
    locale,
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
  };
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
