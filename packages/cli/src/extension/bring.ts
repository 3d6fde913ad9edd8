/** Puts what was opened into a session: what its agent is told, which hooks the keeper starts, what cells show of it. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { AgentDefinition } from "@cloister/agent";
import { hooksOf, toAgents, toBrought, type BroughtExtensions, type Hook } from "@cloister/agent/extensions";
import type { AirlockSession, Consult, HookDefinition, HookPost } from "@cloister/airlock";
import type { Cells, CellView } from "@cloister/cell";
import { createApproval } from "./approval.ts";
import type { OpenedExtensions } from "./open.ts";
import { openHookPosts, toBridges } from "./http-hooks.ts";
import { createConsult, type KeptHookRuns } from "./keeper-hooks.ts";
import { createKeptRuns } from "./kept-runs.ts";
import { createRequiredChecks, type RequiredChecks } from "./required-checks.ts";

export interface BroughtToSession {
  /** For the agent's job. */
  readonly job: { readonly brought: BroughtExtensions; readonly agents?: readonly AgentDefinition[] };
  /** By the ids that the agent knows them by. */
  readonly hooks: ReadonlyMap<string, HookDefinition>;
  /** For the keeper's own look at commands, where the organisation has such hooks. */
  readonly required?: RequiredChecks;
  /** For the keeper's questions, where hooks may answer some. */
  readonly consult?: Consult;
}

export interface CommandSurroundings {
  readonly session: AirlockSession;
  readonly cells: Cells;
  /** What commands see; hooks see the same. */
  readonly view: CellView;
  readonly environment: Readonly<Record<string, string>>;
  readonly post: HookPost;
  /** Of the person's environment. */
  readonly variable: (name: string) => string | undefined;
}

export function bringToSession(
  own: OpenedExtensions,
  { session, cells, view, environment, ...sending }: CommandSurroundings,
): BroughtToSession {
  const { extensions, chosen, world } = own;
  const { places } = world;
  const brought = toBrought(extensions, chosen, {
    places,
    sessionId: session.id,
    opened: foldersToShow(own),
  });
  const agents = toAgents(chosen);
  const isApproved = createApproval(own);
  const kept: KeptHookRuns = { programs: createKeptRuns(), posts: createKeptRuns() };
  const programs = hooksOf(brought).map(
    (hook) =>
      [
        hook.id,
        {
          argv: argvOf(hook, places.workspace),
          environment: { ...environment, ...variablesOf(hook, places.workspace) },
          view,
          ...(hook.origin.scope === "project" ? { isApproved } : {}),
          kept: (input: string) => kept.programs.take(hook.id, input),
        },
      ] as const,
  );
  const posts = openHookPosts(brought, sending);
  const definitions = new Map<string, HookDefinition>([
    ...programs.filter(([, { argv }]) => argv.length > 0),
    ...toBridges(posts, kept.posts),
  ]);
  const asked = { session, cells, definitions, posts };
  const required = createRequiredChecks(brought, asked);
  const consult = createConsult(brought, { ...asked, kept });
  return {
    job: { brought, ...(agents.length === 0 ? {} : { agents }) },
    hooks: definitions,
    ...(required === undefined ? {} : { required }),
    ...(consult === undefined ? {} : { consult }),
  };
}

/** A hook of another kind than a command is nothing to start. */
function argvOf({ handler, origin }: Hook, workspace: string): readonly string[] {
  if (handler.kind !== "command") return [];
  const { command, args } = handler;
  if (args === undefined) return [existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh", "-c", command];
  const values: Readonly<Record<string, string | undefined>> = {
    CLAUDE_PROJECT_DIR: workspace,
    CLAUDE_PLUGIN_ROOT: origin.plugin?.folder,
  };
  // Without a shell nobody else would put them in.
  return [command, ...args].map((each) =>
    each.replaceAll(
      /\$\{(CLAUDE_PROJECT_DIR|CLAUDE_PLUGIN_ROOT)\}/gu,
      (all, name: string) => values[name] ?? all,
    ),
  );
}

function variablesOf({ origin }: Hook, workspace: string): Readonly<Record<string, string>> {
  const plugin = origin.plugin?.folder;
  return { CLAUDE_PROJECT_DIR: workspace, ...(plugin === undefined ? {} : { CLAUDE_PLUGIN_ROOT: plugin }) };
}

const FOLDERS_MAX = 200;

/**
 * What cells have to show, read-only, for it to work: folders that trusted settings open, skills with files of their own,
 * plugins, and the scripts of hooks and of the status line that lie outside the workspace. Real paths.
 */
export function foldersToShow({ chosen, extensions, world }: OpenedExtensions): readonly string[] {
  const { workspace, home = "/" } = world.places;
  const opened = chosen.permissions
    .filter(({ isTrusted }) => isTrusted)
    .flatMap(({ settings, origin }) =>
      settings.permissions.additionalDirectories.map((path) => placeOf(path, home, origin.root ?? workspace)),
    );
  const skills = chosen.skills
    .filter(({ kind }) => kind === "skill")
    .map(({ origin }) => dirname(origin.path));
  const scripts = chosen.hooks.flatMap(({ handler, origin }) =>
    handler.kind === "command"
      ? scriptsIn([handler.command, ...(handler.args ?? [])].join(" "), home, dirname(origin.path))
      : [],
  );
  // Of the person's own line below the screen; what a project's would name in the home is not shown.
  const lines = extensions.settings
    .filter(({ origin, statusLine }) => origin.scope !== "project" && statusLine === chosen.statusLine)
    .flatMap(({ origin, statusLine = "" }) => scriptsIn(statusLine, home, dirname(origin.path)));
  const plugins = extensions.plugins.map(({ folder }) => folder);
  const found = [...opened, ...skills, ...scripts, ...lines, ...plugins].flatMap((path) => realOf(path));
  const outside = found.filter(
    (path) => path !== home && !isInside(workspace, path) && !isInside(path, workspace),
  );
  return [...new Set(outside)].slice(0, FOLDERS_MAX);
}

function placeOf(path: string, home: string, root: string): string {
  if (path === "~" || path.startsWith("~/")) return join(home, path.slice(1));
  return isAbsolute(path) ? path : resolve(root, path);
}

/** Files that a hook's line names in the home or beside its settings. What the system holds is in sight anyway. */
function scriptsIn(command: string, home: string, beside: string): string[] {
  const plain = command.replaceAll(/\$HOME\b|\$\{HOME\}|(?<![^\s"'=])~(?=\/)/gu, () => home);
  return plain
    .split(/[\s;|&()<>"'`=]+/u)
    .filter((word) => isAbsolute(word) && (isInside(home, word) || isInside(beside, word)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

function realOf(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return []; // not there: nothing to show
  }
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}
