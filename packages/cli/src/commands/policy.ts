/** `cloister policy check | explain | show | schema | sign | fingerprint`. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { addressOf } from "@cloister/airlock";
import { isLoopback } from "@cloister/backend";
import { CloisterError, formatBytes, messageOf } from "@cloister/base";
import {
  encodeIndex,
  policySchema,
  signPolicy,
  type CallText,
  type ClientFacts,
  type EndpointFacts,
  type Policy,
} from "@cloister/policy";
import { isSameEndpoint } from "../endpoint-access.ts";
import { parseEndpoint } from "../endpoint-address.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { explain, type Answer } from "../policy/explain.ts";
import { fingerprintFolder } from "../policy/fingerprint-files.ts";
import { loadManagedPolicy } from "../policy/managed-policy.ts";
import type {
  PolicyArguments,
  PolicyExplainArguments,
  PolicyFingerprintArguments,
} from "../policy/policy-arguments.ts";
import { readPolicyText } from "../policy/read-policy.ts";
import { createPaint, type Paint } from "../print/style.ts";
import { readSettings, type Settings } from "../settings.ts";

export async function policy(args: PolicyArguments, environment: Environment): Promise<number> {
  const { stdout } = environment;
  switch (args.command) {
    case "policy-schema":
      stdout.write(`${JSON.stringify(policySchema, null, 2)}\n`);
      return exit.ok;
    case "policy-check":
      return check(args.file, environment);
    case "policy-show":
      return show(args.file, args.json, environment);
    case "policy-sign":
      return sign(args.file, args.key, environment);
    case "policy-explain":
      return explainQuestion(args, environment);
    case "policy-fingerprint":
      return fingerprint(args, environment);
  }
}

async function check(file: string | undefined, environment: Environment): Promise<number> {
  const paint = createPaint(environment.colour);
  const { policy: found, where } = await openPolicy(file, environment);
  const { bans, tools, endpoints, labels } = found;
  const counts = `${labels.paths.length} path rules, ${endpoints.rules.length} endpoints, ${bans.length} bans, ${tools.length} tool rules`;
  environment.stdout.write(`${paint("green", "VALID")}: ${where}, "${found.name}": ${counts}\n`);
  return exit.ok;
}

async function show(file: string | undefined, json: boolean, environment: Environment): Promise<number> {
  const { policy: found, where } = await openPolicy(file, environment);
  // Expressions are how rules are matched, not what they say.
  const plain = JSON.stringify(
    found,
    (_name, value: unknown) => (value instanceof RegExp ? undefined : value),
    2,
  );
  environment.stdout.write(json ? `${plain}\n` : `${where}\n${plain}\n`);
  return exit.ok;
}

interface OpenedPolicy {
  readonly policy: Policy;
  readonly where: string;
}

/** A named file is only read and checked: it is not the policy of this machine, and need not be root's. */
async function openPolicy(file: string | undefined, environment: Environment): Promise<OpenedPolicy> {
  if (file !== undefined) return { policy: await readPolicyText(readText(file), file), where: file };
  const managed = await loadManagedPolicy(environment.policyPlace);
  const signed = managed.signed ? "signed" : "not signed";
  return {
    policy: managed.policy,
    where: managed.path === undefined ? "no policy file: what is built in" : `${managed.path} (${signed})`,
  };
}

function sign(file: string, keyFile: string, environment: Environment): number {
  let signature: string;
  try {
    signature = signPolicy(readFileSync(file), readText(keyFile));
  } catch (cause) {
    if (cause instanceof CloisterError) throw cause;
    throw new CloisterError(`${file} cannot be signed: ${messageOf(cause)}`, {
      code: "bad-key",
      next: "the key is an Ed25519 private key in PEM: openssl genpkey -algorithm ed25519 -out policy-key.pem",
      cause,
    });
  }
  writeFileSync(`${file}.sig`, signature, { mode: 0o644 });
  const [, publicKey = ""] = signature.split(" ");
  environment.stdout.write(`${file}.sig\n`);
  environment.stderr.write(
    `cloister: machines that trust this key have this line in policy.keys:\n${publicKey}\n`,
  );
  return exit.ok;
}

async function explainQuestion(args: PolicyExplainArguments, environment: Environment): Promise<number> {
  const { policy: found, where } = await openPolicy(args.file, environment);
  // Another policy than the machine's is explained without the machine's settings.
  const settings = args.file === undefined ? readSettings(environment.home) : {};
  const now = args.date === undefined ? environment.clock.now() : Date.parse(`${args.date}T00:00:00Z`);
  const answers = explain(found, {
    path: args.path?.replace(/^\.\//, ""),
    client: args.client === undefined ? undefined : toClient(args.client),
    endpoint: args.endpoint === undefined ? undefined : toEndpoint(args.endpoint, settings),
    label: settings.label,
    call: toCall(args),
    integrity: args.untrusted ? "untrusted" : "workspace",
    now,
  });
  const paint = createPaint(environment.colour);
  environment.stdout.write(
    args.json
      ? `${JSON.stringify({ policy: found.name, answers }, null, 2)}\n`
      : `${paint("dim", `by ${where}`)}\n${answers.map((answer) => formatAnswer(answer, paint)).join("")}`,
  );
  return exit.ok;
}

function toClient(text: string): ClientFacts {
  const [, name = text, version = ""] = /^([^/]+)\/(.*)$/.exec(text) ?? [];
  return { name, version, evidence: "claimed" };
}

/** `--tool Edit --file PATH`, `--tool WebFetch --command ADDRESS`; a command alone is the shell's. */
function toCall({ tool, shell, path }: PolicyExplainArguments): CallText | undefined {
  if (tool === undefined && shell === undefined) return undefined;
  return { tool: tool ?? "Bash", text: shell ?? path ?? "" };
}

/** As it would be set up: with the clearance that the settings give it, else with none said. */
function toEndpoint(text: string, settings: Settings): EndpointFacts {
  const { url } = parseEndpoint(text);
  const loopback = isLoopback(url);
  const said = isSameEndpoint(settings.endpoint, text) ? settings.clearance : undefined;
  return {
    id: url.host,
    address: addressOf(url),
    isLoopback: loopback,
    clearance: { label: said ?? (loopback ? "core" : "public"), compartments: "all" },
  };
}

const good = new Set(["allowed", "sent", "allow"]);
const bad = new Set(["banned", "refused", "not listed", "deny"]);

function formatAnswer({ about, subject, outcome, why, sources }: Answer, paint: Paint): string {
  const style = good.has(outcome) ? "green" : bad.has(outcome) ? "red" : "yellow";
  const rules = sources
    .map(({ rule, line }) => (line === undefined ? rule : `${rule}, line ${line}`))
    .join("; ");
  return `${about.padEnd(9)}${subject}: ${paint(style, outcome)}\n         ${why}\n${rules === "" ? "" : `         ${paint("dim", `rule: ${rules}`)}\n`}`;
}

async function fingerprint(args: PolicyFingerprintArguments, environment: Environment): Promise<number> {
  const repository = resolve(environment.directory, args.repository);
  const out = resolve(environment.directory, args.out ?? `${args.name ?? basename(repository)}.prints`);
  const { index, files, bytes, skipped } = await fingerprintFolder({
    repository,
    label: args.label,
    name: args.name,
    compartments: args.compartments,
    except: args.except.map((folder) => resolve(environment.directory, folder)),
    onFile: (count) => {
      if (environment.stderr.isTTY && count % 500 === 0) {
        environment.stderr.write(`\rcloister: ${count} files `);
      }
    },
  });
  if (environment.stderr.isTTY) environment.stderr.write("\r");
  const file = encodeIndex(index);
  writeFileSync(out, file, { mode: 0o644 });
  environment.stdout.write(
    `${out}: ${index.prints.length} fingerprints (${formatBytes(file.length)}) of ${files} files (${formatBytes(bytes)}), ${index.label}\n`,
  );
  if (skipped.length > 0) {
    environment.stderr.write(
      `cloister: ${skipped.length} files are no text or too long, such as ${skipped[0]}\n`,
    );
  }
  return exit.ok;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CloisterError(`${path} cannot be read: ${messageOf(cause)}`, { code: "no-such-file", cause });
  }
}
