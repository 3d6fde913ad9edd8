/** The command line of `cloister policy`. */
import { parseArgs } from "node:util";
import { messageOf } from "@cloister/base";
import type { Label } from "@cloister/policy";
import { toLabel, usage } from "../option-values.ts";

export type PolicyArguments =
  | { readonly command: "policy-check"; readonly file: string | undefined }
  | { readonly command: "policy-show"; readonly file: string | undefined; readonly json: boolean }
  | { readonly command: "policy-schema" }
  | { readonly command: "policy-sign"; readonly file: string; readonly key: string }
  | PolicyExplainArguments
  | PolicyFingerprintArguments;

export interface PolicyExplainArguments {
  readonly command: "policy-explain";
  readonly file: string | undefined;
  readonly path: string | undefined;
  readonly client: string | undefined;
  readonly endpoint: string | undefined;
  readonly shell: string | undefined;
  readonly tool: string | undefined;
  readonly date: string | undefined;
  readonly untrusted: boolean;
  readonly json: boolean;
}

export interface PolicyFingerprintArguments {
  readonly command: "policy-fingerprint";
  readonly repository: string;
  readonly label: Label;
  readonly name: string | undefined;
  readonly compartments: readonly string[];
  readonly except: readonly string[];
  readonly out: string | undefined;
}

export const policyOptions = {
  policy: { type: "string" },
  file: { type: "string" },
  client: { type: "string" },
  endpoint: { type: "string" },
  command: { type: "string" },
  tool: { type: "string" },
  date: { type: "string" },
  untrusted: { type: "boolean" },
  json: { type: "boolean" },
  key: { type: "string" },
  label: { type: "string" },
  name: { type: "string" },
  compartment: { type: "string", multiple: true },
  except: { type: "string", multiple: true },
  out: { type: "string" },
} as const;

const form = "cloister policy check|explain|show|schema|sign|fingerprint";

/** @throws CloisterError `usage` */
export function parsePolicyArguments(argv: readonly string[]): PolicyArguments {
  const { values, positionals } = parse(argv);
  const [sub, first, ...rest] = positionals;
  if (rest[0] !== undefined) throw usage(`unexpected "${rest[0]}"`, form);
  const json = values.json === true;
  switch (sub) {
    case "check":
      return { command: "policy-check", file: first ?? values.policy };
    case "show":
      return { command: "policy-show", file: first ?? values.policy, json };
    case "schema":
      return { command: "policy-schema" };
    case "sign":
      if (first === undefined || values.key === undefined) {
        throw usage("say what to sign and with which key", "cloister policy sign FILE --key KEY.pem");
      }
      return { command: "policy-sign", file: first, key: values.key };
    case "fingerprint":
      return toFingerprint(first, values);
    case "explain":
      return toExplain(first, values);
    case undefined:
    default:
      throw usage("say what to do with the policy", form);
  }
}

type Values = ReturnType<typeof parse>["values"];

function parse(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof policyOptions; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options: policyOptions, allowPositionals: true });
  } catch (error) {
    throw usage(messageOf(error), form);
  }
}

function toExplain(first: string | undefined, values: Values): PolicyExplainArguments {
  const { file, client, endpoint, command, tool, date } = values;
  if ([file, client, endpoint, command, tool].every((value) => value === undefined)) {
    throw usage(
      "say what to explain",
      "cloister policy explain [--policy FILE] [--file PATH] [--client NAME/VERSION] [--endpoint URL] [--command LINE] [--tool NAME] [--date DAY]",
    );
  }
  if (date !== undefined && Number.isNaN(Date.parse(`${date}T00:00:00Z`))) {
    throw usage(`--date cannot be "${date}"`, "it is a day, such as 2026-07-10");
  }
  return {
    command: "policy-explain",
    file: first ?? values.policy,
    path: file,
    client,
    endpoint,
    shell: command,
    tool,
    date,
    untrusted: values.untrusted === true,
    json: values.json === true,
  };
}

function toFingerprint(repository: string | undefined, values: Values): PolicyFingerprintArguments {
  const label = toLabel("--label", values.label);
  if (repository === undefined || label === undefined) {
    throw usage(
      "say what to take fingerprints of, and what it is",
      "cloister policy fingerprint REPO --label restricted [--compartment NAME] [--except DIR] [--out FILE]",
    );
  }
  return {
    command: "policy-fingerprint",
    repository,
    label,
    name: values.name,
    compartments: values.compartment ?? [],
    except: values.except ?? [],
    out: values.out,
  };
}
