/** The command line of `cloister mcp`. */
import { parseArgs } from "node:util";
import { messageOf, type Json, type JsonObject } from "@cloister/base";
import { usage } from "../option-values.ts";

export type McpArguments =
  | { readonly command: "mcp"; readonly action: "list"; readonly json: boolean }
  | { readonly command: "mcp"; readonly action: "add"; readonly name: string; readonly entry: JsonObject }
  | {
      readonly command: "mcp";
      readonly action: "remove" | "test" | "login" | "logout";
      readonly name: string;
      readonly ledger: string | undefined;
    };

export const mcpOptions = {
  env: { type: "string", multiple: true },
  header: { type: "string", multiple: true },
  allow: { type: "string", multiple: true },
  read: { type: "string", multiple: true },
  write: { type: "boolean" },
  private: { type: "boolean" },
  type: { type: "string" },
  clearance: { type: "string" },
  timeout: { type: "string" },
  "client-id": { type: "string" },
  ledger: { type: "string" },
  json: { type: "boolean" },
} as const;

/** @throws CloisterError `usage` */
export function parseMcpArguments(argv: readonly string[]): McpArguments {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const program = end < 0 ? [] : argv.slice(end + 1);
  const { values, positionals } = parse(own);
  const [action, name, ...rest] = positionals;
  if (action === undefined || action === "list") {
    return { command: "mcp", action: "list", json: values.json === true };
  }
  if (name === undefined) throw usage("which server?", `cloister mcp ${action} NAME`);
  switch (action) {
    case "add":
      return { command: "mcp", action, name, entry: toEntry([...rest, ...program], values) };
    case "remove":
    case "test":
    case "login":
    case "logout":
      if (rest.length > 0) throw usage(`unexpected "${rest[0]}"`, `cloister mcp ${action} NAME`);
      return { command: "mcp", action, name, ledger: values.ledger };
    default:
      throw usage(`there is no "cloister mcp ${action}"`, "cloister mcp list|add|remove|test|login|logout");
  }
}

type Values = ReturnType<typeof parse>["values"];

function parse(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof mcpOptions; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options: mcpOptions, allowPositionals: true });
  } catch (error) {
    throw usage(
      messageOf(error),
      "cloister mcp add NAME [--write] [--allow HOST] [--env NAME=VALUE] -- COMMAND…",
    );
  }
}

/** As `~/.cloister/mcp.json` holds it. Whether it makes sense, the reader of that file says. */
function toEntry(words: readonly string[], values: Values): JsonObject {
  const [first, ...rest] = words;
  if (first === undefined) {
    throw usage(
      "a server is a command or an address",
      "cloister mcp add NAME -- COMMAND…, or: cloister mcp add NAME https://…",
    );
  }
  const isAddress = /^https?:\/\//i.test(first);
  if (isAddress && rest.length > 0) {
    throw usage(`unexpected "${rest[0]}" after the address`, "give the address alone");
  }
  const what: JsonObject = isAddress
    ? { type: values.type ?? "http", url: first, ...pairs("headers", values.header, ":") }
    : { command: first, args: rest, ...pairs("env", values.env, "=") };
  return {
    ...what,
    ...(values.write === true ? { write: true } : {}),
    ...(values.private === true ? { private: true } : {}),
    ...(values.allow === undefined ? {} : { allow: values.allow }),
    ...(values.read === undefined ? {} : { read: values.read }),
    ...(values.clearance === undefined ? {} : { clearance: values.clearance }),
    ...(values.timeout === undefined ? {} : { timeout: Number(values.timeout) * 1000 }),
    ...(values["client-id"] === undefined ? {} : { oauth: { clientId: values["client-id"] } }),
  };
}

function pairs(field: string, given: readonly string[] | undefined, mark: string): Record<string, Json> {
  if (given === undefined) return {};
  const entries = given.map((text): [string, string] => {
    const at = text.indexOf(mark);
    if (at <= 0) {
      throw usage(
        `"${text}" is not NAME${mark}VALUE`,
        `--${field === "env" ? "env NAME=VALUE" : 'header "NAME: VALUE"'}`,
      );
    }
    return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  });
  return { [field]: Object.fromEntries(entries) };
}
