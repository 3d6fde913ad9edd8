/** `cloister scan PATH…`: secrets and personal data in files, found as the airlock finds them. Nothing is sent or changed. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { CloisterError, formatError, messageOf, visible } from "@cloister/base";
import {
  findSecrets,
  importRules,
  type FindOptions,
  type Finding,
  type ForeignRules,
} from "@cloister/secrets";
import { parse } from "smol-toml";
import type { Arguments } from "../arguments.ts";
import type { Environment } from "../environment.ts";
import { createPaint } from "../print/style.ts";
import { FILE_BYTES_MAX, readScannable, readStream, walk, type Scannable } from "../scan-files.ts";

/** As grep(1): 0 nothing found, 1 something found, 2 trouble, so that "clean" is never said of what was not read. */
const CLEAN = 0;
const FOUND = 1;
const TROUBLE = 2;

type ScanArguments = Extract<Arguments, { command: "scan" }>;

export async function scan(args: ScanArguments, environment: Environment): Promise<number> {
  const notice = (text: string): void => void environment.stderr.write(`cloister scan: ${plain(text)}\n`);
  try {
    return await scanAll(args, environment, notice);
  } catch (error) {
    if (!(error instanceof CloisterError)) throw error;
    environment.stderr.write(`cloister scan: ${formatError(error)}\n`);
    return TROUBLE;
  }
}

async function scanAll(
  args: ScanArguments,
  environment: Environment,
  notice: (text: string) => void,
): Promise<number> {
  if (args.paths.length === 0) {
    throw new CloisterError("nothing to scan was named", {
      code: "usage",
      next: "cloister scan [--json] [--rules FILE] [--email] PATH…, or - for the standard input",
    });
  }
  const rules =
    args.rules === undefined
      ? undefined
      : await readRules(resolve(environment.directory, args.rules), notice);
  const options: FindOptions = { email: args.email, ...(rules === undefined ? {} : { rules }) };
  const print = args.json ? printJson : printText;
  let found = 0;
  let files = 0;
  let isTrouble = false;

  for await (const { path, content } of contents(args.paths, environment)) {
    switch (content.kind) {
      case "text": {
        const findings = findSecrets(content.text, options);
        found += findings.length;
        files += 1;
        print(environment, path, content.text, findings);
        break;
      }
      case "binary":
        break;
      case "too-large":
        notice(`${path}: not read, since it is larger than ${FILE_BYTES_MAX >> 20} MiB`);
        break;
      case "unreadable":
        notice(`${path}: ${content.why}`);
        isTrouble = true;
        break;
    }
  }
  if (!args.json && found > 0) environment.stdout.write(`${found} in ${files} files\n`);
  if (isTrouble) return TROUBLE;
  return found > 0 ? FOUND : CLEAN;
}

async function* contents(
  paths: readonly string[],
  environment: Environment,
): AsyncGenerator<{ readonly path: string; readonly content: Scannable }> {
  for (const path of paths) {
    if (path === "-") {
      yield { path, content: await readStream(environment.stdin) };
      continue;
    }
    for await (const file of walk(path, environment.directory)) {
      yield { path: file, content: await readScannable(resolve(environment.directory, file)) };
    }
  }
}

async function readRules(path: string, notice: (text: string) => void): Promise<ForeignRules> {
  let parsed: unknown;
  try {
    parsed = parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new CloisterError(`the rules in ${path} cannot be read: ${messageOf(error).split("\n")[0]}`, {
      code: "rules-unreadable",
      next: "give a TOML file in the form of gitleaks, with [[rules]]",
      cause: error,
    });
  }
  const { rules, problems } = importRules(parsed, { nowMs: () => performance.now() });
  for (const problem of problems) notice(`${path}: ${problem}`);
  return rules;
}

type Print = (environment: Environment, file: string, text: string, findings: readonly Finding[]) => void;

const printJson: Print = ({ stdout }, file, _text, findings) => {
  for (const { start, end, kind, confidence, rule } of findings) {
    stdout.write(`${JSON.stringify({ file, start, end, kind, confidence, rule })}\n`);
  }
};

const printText: Print = ({ stdout, colour }, file, text, findings) => {
  const paint = createPaint(colour);
  let line = 1;
  let lineStart = 0;
  for (const { start, end, kind, confidence } of findings) {
    for (
      let feed = text.indexOf("\n", lineStart);
      feed >= 0 && feed < start;
      feed = text.indexOf("\n", lineStart)
    ) {
      line += 1;
      lineStart = feed + 1;
    }
    const doubt = confidence === "likely" ? " (likely)" : "";
    const place = `${plain(file)}:${line}:${start - lineStart + 1}`;
    stdout.write(`${place}  ${paint("red", kind)}${doubt}  ${masked(text.slice(start, end))}\n`);
  }
};

const SHOWN_CHARS = 3;
const SHOWN_OF_CHARS_MIN = 20;

/** Enough of a long value to recognise its kind, nothing of a short one. */
function masked(value: string): string {
  const shown =
    value.length < SHOWN_OF_CHARS_MIN || value.startsWith("-----") ? "" : value.slice(0, SHOWN_CHARS);
  return `${plain(shown)}… ${value.length} characters`;
}

/** File names may hold anything, control sequences of the terminal too. */
function plain(text: string): string {
  return visible(text.replace(/\p{Cc}/gu, "?"));
}
