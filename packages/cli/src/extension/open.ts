/** What an organisation, a person and a project bring to a session, read, compared with what was approved, and chosen from. */
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError } from "@cloister/base";
import {
  chooseExtensions,
  compareTrust,
  countItems,
  listTrustItems,
  lossesOf,
  noPermissions,
  readExtensions,
  type ChosenExtensions,
  type Extensions,
  type ExtensionWorld,
  type Loss,
  type Origin,
  type TrustItem,
  type TrustState,
} from "@cloister/agent/extensions";
import type { Environment } from "../environment.ts";
import { createExtensionWorld } from "./reader.ts";
import { openTrustFile } from "./trust-file.ts";

export interface OpenedExtensions {
  /** All that was found, whoever trusts it. */
  readonly extensions: Extensions;
  /** What counts now. */
  readonly chosen: ChosenExtensions;
  /** Whether the project's own hooks, servers and rules count. */
  readonly isTrusted: boolean;
  readonly trust: TrustState;
  /** Everything of the project that needs a person's word. */
  readonly items: readonly TrustItem[];
  readonly losses: readonly Loss[];
  /** For the person, in one line: what was left out for want of trust. */
  readonly skippedLine?: string;
  readonly world: ExtensionWorld;
}

export type ExtensionEnvironment = Pick<Environment, "home" | "policyPlace" | "user">;

export interface OpenOptions {
  /** Patterns of files that a rule would hide and a person shows. */
  readonly show?: readonly string[];
  /** False where the policy lets only the organisation's own hooks run. */
  readonly allowsHooks?: boolean;
}

/**
 * `workspace` is a real path. Nothing that is read here is run. @throws CloisterError for managed files that cannot
 * count (`unsafe-policy`, `managed-unreadable`, `bad-managed-settings`) and for a broken record of trust (`unsafe-trust`,
 * `bad-trust`)
 */
export async function openExtensions(
  environment: ExtensionEnvironment,
  workspace: string,
  { show, allowsHooks = true }: OpenOptions = {},
): Promise<OpenedExtensions> {
  const { home, policyPlace, user } = environment;
  const owners = new Set([user.uid, statSync(workspace).uid]);
  const repository = repositoryOf(workspace, home, owners);
  const world = createExtensionWorld({
    places: {
      workspace,
      home,
      managed: [policyPlace.directory],
      plugins: pluginFolders(home),
      ...(repository === undefined ? {} : { repository }),
    },
    managed: policyPlace,
    owners,
    ...(show === undefined ? {} : { show }),
  });
  const record = openTrustFile(home, user).read(workspace);
  const approved = (record?.items ?? []).filter(({ kind }) => kind === "import").map(({ text }) => text);
  let extensions = await readExtensions(world, { trustedImports: approved });
  const items = await listTrustItems(world, extensions);
  const trust = compareTrust(items, record);
  const isTrusted = trust.kind === "trusted";
  // What was approved beside something that changed since is not approved as it now stands.
  if (!isTrusted && approved.length > 0) extensions = await readExtensions(world);
  refuseBrokenManaged(extensions);
  extensions = { ...extensions, ...withoutOwn(extensions, home) };
  const skippedLine = lineFor(trust, items);
  const found = chooseExtensions(extensions, { isTrusted });
  const chosen = allowsHooks
    ? found
    : { ...found, hooks: found.hooks.filter(isManaged), statusLine: undefined };
  return {
    extensions,
    chosen,
    isTrusted,
    trust,
    items,
    losses: [...extensions.losses, ...lossesOf(chosen)],
    world,
    ...(skippedLine === undefined ? {} : { skippedLine }),
  };
}

function isManaged({ origin }: { readonly origin: Origin }): boolean {
  return origin.scope === "managed";
}

/** What a person is told at the start of a session, a line each. */
export function noticesOf({ skippedLine, losses }: OpenedExtensions): readonly string[] {
  // What is another agent's alone, such as its model, nobody relies on here.
  const lost = losses.filter(({ why }) => why !== "it is not taken over").length;
  return [
    ...(skippedLine === undefined ? [] : [skippedLine]),
    ...(lost === 0 ? [] : [`not taken over: ${lost} of your settings; to see which: cloister trust --show`]),
  ];
}

function lineFor(trust: TrustState, items: readonly TrustItem[]): string | undefined {
  switch (trust.kind) {
    case "nothing":
    case "trusted":
      return undefined;
    case "new":
      return `skipped: ${countItems(items)}; to allow: cloister trust`;
    case "changed":
      return `skipped, for it changed since you allowed it: ${countItems(items)}; to see and allow: cloister trust`;
  }
}

/** What `readSettings` reads of our own file is neither lost nor to be counted twice. */
function withoutOwn({ settings, losses }: Extensions, home: string): Pick<Extensions, "settings" | "losses"> {
  const path = join(home, ".cloister", "settings.json");
  return {
    settings: settings.map((each) =>
      each.origin.path === path ? { ...each, permissions: noPermissions, losses: [] } : each,
    ),
    losses: losses.filter((loss) => loss.path !== path || loss.subject.includes(".")),
  };
}

/** A rule of the organisation that is lost in silence protects nobody. */
function refuseBrokenManaged({ settings }: Extensions): void {
  const broken = settings.flatMap(({ origin, losses }) =>
    origin.scope === "managed" ? losses.filter(({ subject }) => subject === "file") : [],
  );
  const [first] = broken;
  if (first === undefined) return;
  throw new CloisterError(`${first.path} belongs to this machine's rules and cannot be read: ${first.why}`, {
    code: "bad-managed-settings",
    next: "have root mend it; until then nothing is started",
  });
}

const FOLDERS_UP_MAX = 64;

/** The checkout around the workspace. A home folder kept in git is no project, nor is what somebody else put above. */
function repositoryOf(workspace: string, home: string, owners: ReadonlySet<number>): string | undefined {
  let folder = workspace;
  for (let up = 0; up < FOLDERS_UP_MAX && folder !== home && folder !== "/"; up++) {
    const stats = statSync(join(folder, ".git"), { throwIfNoEntry: false });
    if (stats !== undefined) return owners.has(stats.uid) || stats.uid === 0 ? folder : undefined;
    folder = dirname(folder);
  }
  return undefined;
}

const PLUGINS_MAX = 100;

/** Where `cloister plugin add` puts copies. */
export function pluginsFolder(home: string): string {
  return join(home, ".cloister", "plugins");
}

export function pluginFolders(home: string): readonly string[] {
  const folder = pluginsFolder(home);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => join(folder, name))
    .sort()
    .slice(0, PLUGINS_MAX);
}
