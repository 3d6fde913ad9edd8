/** The flags of a run on permissions, and the command `cloister permissions`. */
import { parseArgs } from "node:util";
import { messageOf } from "@cloister/base";
import { parsePermissionMode, permissionModes, type PermissionMode } from "@cloister/policy/modes";
import { usage } from "../option-values.ts";
import type { CallFlags } from "./read-permissions.ts";

export interface PermissionFlags {
  /** `--permission-mode`; undefined: as the settings say. */
  readonly mode: PermissionMode | undefined;
  /** `--permission-prompt-tool stdio`: questions go to the program at the other end. */
  readonly asksByLines: boolean;
}

export interface PermissionsArguments {
  readonly command: "permissions-list" | "permissions-why";
  /** `Bash(git push)`. */
  readonly call: string;
  readonly mode: PermissionMode | undefined;
  readonly calls: CallFlags;
  readonly json: boolean;
}

export const permissionOptions = {
  "permission-mode": { type: "string" },
  "permission-prompt-tool": { type: "string" },
} as const;

interface Values {
  readonly "permission-mode"?: string | undefined;
  readonly "permission-prompt-tool"?: string | undefined;
  readonly "input-format"?: string | undefined;
  readonly "output-format"?: string | undefined;
}

/** @throws CloisterError `usage` */
export function toPermissionFlags(values: Values): PermissionFlags {
  const tool = values["permission-prompt-tool"];
  const speaksLines = values["input-format"] === "stream-json" && values["output-format"] === "stream-json";
  if (tool !== undefined && (tool !== "stdio" || !speaksLines)) {
    throw usage(
      "--permission-prompt-tool asks over stdin and stdout only",
      "--input-format stream-json --output-format stream-json --permission-prompt-tool stdio",
    );
  }
  return { mode: toMode(values["permission-mode"]), asksByLines: tool !== undefined };
}

function toMode(text: string | undefined): PermissionMode | undefined {
  const mode = text === undefined ? undefined : parsePermissionMode(text);
  if (text === undefined || mode !== undefined) return mode;
  throw usage(`--permission-mode cannot be "${text}"`, `it is one of ${permissionModes.join(", ")}`);
}

/** @param argv what follows `permissions`. @throws CloisterError `usage` */
export function parsePermissionsArguments(argv: readonly string[]): PermissionsArguments {
  const example = "cloister permissions list | why 'Bash(git push)'";
  const { values, positionals } = read(argv, example);
  const [sub = "list", call = "", ...rest] = positionals;
  const isWhy = sub === "why";
  if ((sub !== "list" && !isWhy) || isWhy !== (call !== "") || rest.length > 0) {
    throw usage("say what to do with permissions", example);
  }
  return {
    command: isWhy ? "permissions-why" : "permissions-list",
    call,
    mode: toMode(values["permission-mode"]),
    calls: { allow: values.allow ?? [], deny: values.deny ?? [] },
    json: values.json === true,
  };
}

const options = {
  "permission-mode": permissionOptions["permission-mode"],
  allow: { type: "string", multiple: true },
  deny: { type: "string", multiple: true },
  json: { type: "boolean" },
} as const;
export const permissionsOptionNames: readonly string[] = Object.keys(options);

function read(
  argv: readonly string[],
  example: string,
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw usage(messageOf(error), example);
  }
}
