/** What of a project would run or redirect something, for a person to see; and whether it is what they saw. */
import { posix } from "node:path";
import { canonicalJson, sha256 } from "@cloister/base";
import { scriptsRunBy } from "@cloister/policy";
import { isInside, type ExtensionWorld } from "./reader.ts";
import type { Extensions } from "./extensions.ts";
import type { Hook } from "./hooks/definition.ts";

export type TrustKind =
  | "hook"
  | "command"
  | "skill"
  | "MCP server"
  | "environment"
  | "status line"
  | "permission"
  | "folder"
  | "mode"
  | "import"
  | "plugin"
  | "script";

/** One thing, with exactly what it is. */
export interface TrustItem {
  readonly kind: TrustKind;
  readonly name: string;
  /** The file it stands in, absolute. */
  readonly path: string;
  /** What would run, or hold. */
  readonly text: string;
}

/** What a person approved, to be kept outside the workspace where no cell can write. */
export interface TrustRecord {
  readonly workspace: string;
  readonly digest: string;
  /** For showing what changed. */
  readonly items: readonly TrustItem[];
}

export type TrustState =
  /** There is nothing that would need it. */
  | { readonly kind: "nothing" }
  | { readonly kind: "trusted" }
  | { readonly kind: "new"; readonly items: readonly TrustItem[] }
  | { readonly kind: "changed"; readonly changes: readonly TrustChange[] };

export interface TrustChange {
  readonly before: TrustItem | undefined;
  readonly after: TrustItem | undefined;
}

const SCRIPT_BYTES_MAX = 8 * 1024 * 1024;
const SHOWN_CHARS_MAX = 64 * 1024;
const SCRIPTS_MAX = 50;

/**
 * Everything of the project's own that would run or redirect, with the bytes of the scripts of the project that
 * hooks, servers and inserts name. What such a script starts in turn is not seen here: the cell bounds it.
 */
export async function listTrustItems(
  world: ExtensionWorld,
  extensions: Extensions,
): Promise<readonly TrustItem[]> {
  const items: TrustItem[] = [];
  const commands: string[] = [];
  const own = extensions.settings.filter(({ origin }) => origin.scope === "project");
  const addHooks = (hooks: readonly Hook[], path: string): void => {
    for (const hook of hooks) {
      const text = show({ ...hook, origin: undefined, matcher: writtenMatcher(hook.matcher) });
      items.push({ kind: "hook", name: hook.event, path, text });
      if (hook.handler.kind === "command") {
        commands.push([hook.handler.command, ...(hook.handler.args ?? [])].join(" "));
      }
    }
  };
  for (const { origin, hooks, mcpServers, env, statusLine, permissions, enabledPlugins } of own) {
    const { path } = origin;
    const add = (kind: TrustKind, name: string, text: string): number =>
      items.push({ kind, name, path, text });
    addHooks(hooks, path);
    for (const server of mcpServers) {
      add("MCP server", server.name, show({ ...server, origin: undefined }));
      if (server.kind !== "stdio") continue;
      commands.push([server.command, ...server.args].join(" "));
    }
    const variables = Object.entries(env);
    for (const [name, value] of variables) add("environment", name, value);
    if (statusLine !== undefined) {
      add("status line", "statusLine", statusLine);
      commands.push(statusLine);
    }
    for (const rule of permissions.allow) add("permission", "allow", rule);
    for (const folder of permissions.additionalDirectories) add("folder", "additionalDirectories", folder);
    if (permissions.defaultMode !== undefined) add("mode", "defaultMode", permissions.defaultMode);
    for (const name of enabledPlugins) add("plugin", name, name);
  }
  for (const { origin, hooks = [] } of extensions.agents) {
    if (origin.scope === "project") addHooks(hooks, origin.path);
  }
  for (const skill of extensions.skills.filter(({ origin }) => origin.scope === "project")) {
    if (skill.commands.length === 0 && skill.allowedTools.length === 0) continue;
    items.push({ kind: skill.kind, name: skill.name, path: skill.origin.path, text: skill.source });
    commands.push(...skill.commands);
  }
  items.push(...extensions.outside.map(({ by, path }) => toImport(by, path)));
  items.push(...(await scriptsOf(world, commands)));
  return items;
}

function toImport(by: string, path: string): TrustItem {
  return { kind: "import", name: path, path: by, text: path };
}

async function scriptsOf(world: ExtensionWorld, commands: readonly string[]): Promise<TrustItem[]> {
  const { workspace } = world.places;
  const found = new Map<string, TrustItem>();
  for (const shell of commands) {
    const plain = shell.replaceAll(
      /"?\$(?:CLAUDE_PROJECT_DIR\b|\{CLAUDE_PROJECT_DIR\})"?/gu,
      () => workspace,
    );
    // Any word may be a script to the program before it: `env node x.js`, `npx tsx x.ts`.
    const words = plain
      .split(/[\s;|&()<>"'`=]+/u)
      .filter((word) => word.includes("/") || /\.\w+$/u.test(word));
    for (const written of new Set([...scriptsRunBy(plain), ...words])) {
      const path = posix.resolve(workspace, written);
      if (!isInside(workspace, path) || found.has(path)) continue;
      const file = await world.files.read(path, SCRIPT_BYTES_MAX);
      if (file === undefined) continue;
      const name = posix.relative(workspace, path);
      const isCovered = found.size < SCRIPTS_MAX && !file.isCut;
      const text = isCovered
        ? shownScript(file.text)
        : "too many or too large: changes of it are not noticed";
      found.set(path, { kind: "script", name, path, text });
    }
  }
  return [...found.values()];
}

/** A long one by its beginning and the hash of all of it. */
function shownScript(text: string): string {
  if (text.length <= SHOWN_CHARS_MAX) return text;
  return `${text.slice(0, SHOWN_CHARS_MAX)}\n… SHA-256 of the whole: ${sha256(text).toString("hex")}`;
}

/** SHA-256 (hex) over the canonical JSON of all items, in an order of their own. */
export function trustDigest(items: readonly TrustItem[]): string {
  return sha256(canonicalJson({ v: 1, items: items.map(keyOf).sort() })).toString("hex");
}

export function compareTrust(items: readonly TrustItem[], record: TrustRecord | undefined): TrustState {
  if (items.length === 0) return { kind: "nothing" };
  if (record === undefined) return { kind: "new", items };
  if (record.digest === trustDigest(items)) return { kind: "trusted" };
  const before = new Map(record.items.map((item) => [keyOf(item), item]));
  const after = new Map(items.map((item) => [keyOf(item), item]));
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, item]) => item);
  const come = [...after].filter(([key]) => !before.has(key)).map(([, item]) => item);
  const changes = come.map((item): TrustChange => {
    const at = gone.findIndex(
      (old) => old.kind === item.kind && old.name === item.name && old.path === item.path,
    );
    return { before: at < 0 ? undefined : gone.splice(at, 1)[0], after: item };
  });
  return {
    kind: "changed",
    changes: [...changes, ...gone.map((item) => ({ before: item, after: undefined }))],
  };
}

/** What a lone surrogate stands for is nobody's text; as its escape it is one that can be hashed. */
function keyOf({ kind, name, path, text }: TrustItem): string {
  return JSON.stringify([kind, name, path, text]);
}

function show(value: object): string {
  return JSON.stringify(value, undefined, 2);
}

function writtenMatcher(matcher: { readonly kind: string; readonly written?: string }): string {
  return matcher.written ?? "*";
}

/** `2 hooks, 1 MCP server`, for the line that says what was skipped. */
export function countItems(items: readonly TrustItem[]): string {
  const counts = Map.groupBy(
    items.filter(({ kind }) => kind !== "script"),
    ({ kind }) => kind,
  );
  return [...counts].map(([kind, { length }]) => `${length} ${kind}${length === 1 ? "" : "s"}`).join(", ");
}
