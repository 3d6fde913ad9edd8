/**
 * Hooks that the keeper runs itself, where their word counts for more than the agent's good will: an agent that was taken
 * over could leave them out, or make their answer up.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  createHooks,
  hooksOf,
  type BroughtExtensions,
  type Hook,
  type HookDecision,
  type HookRun,
  type HookRunOptions,
  type Occasion,
} from "@cloister/agent/extensions";
import {
  runOnce,
  type AirlockSession,
  type Consult,
  type ConsultedCall,
  type HookDefinition,
  type OnceOutcome,
  type Opinion,
} from "@cloister/airlock";
import type { Cells } from "@cloister/cell";
import type { HookPosts } from "./http-hooks.ts";
import type { KeptRuns } from "./kept-runs.ts";

export interface KeeperHooksWorld {
  readonly session: AirlockSession;
  readonly cells: Cells;
  readonly definitions: ReadonlyMap<string, HookDefinition>;
  readonly posts: HookPosts;
  /** For the agent, which is to ask them the same. */
  readonly kept?: KeptHookRuns;
}

export interface KeptHookRuns {
  readonly programs: KeptRuns<OnceOutcome>;
  readonly posts: KeptRuns<HookRun>;
}

export interface KeeperHooks {
  has(occasion: Occasion): boolean;
  /** @throws what the signal was aborted with, and what the ledger throws */
  on(occasion: Occasion, signal: AbortSignal): Promise<HookDecision>;
}

/** Of the hooks brought, those that `isWanted`; undefined where there are none. */
export function openKeeperHooks(
  brought: BroughtExtensions,
  isWanted: (hook: Hook & { readonly id: string }) => boolean,
  { session, cells, definitions, posts, kept }: KeeperHooksWorld,
): KeeperHooks | undefined {
  const ids = new Map<Hook, string>(
    hooksOf(brought)
      .filter(isWanted)
      .map((hook) => [hook, hook.id]),
  );
  if (ids.size === 0) return undefined;
  const run = async (hook: Hook, options: HookRunOptions): Promise<HookRun> => {
    const id = ids.get(hook) ?? "";
    const { input, timeoutMs, signal } = options;
    const post = posts.get(id);
    // The others the agent does not ask.
    const isKept = (): boolean => hook.event === "PreToolUse" && !signal.aborted;
    if (post !== undefined) {
      const answer = await post(input, signal);
      if (isKept()) kept?.posts.keep(id, input, answer);
      return answer;
    }
    const definition = definitions.get(id);
    if (definition === undefined || "bridge" in definition) {
      return { kind: "failed", why: "the keeper runs programs and asks servers; it asks no model" };
    }
    if ((await definition.isApproved?.()) === false) {
      return { kind: "failed", why: "a script of it changed since it was approved" };
    }
    const outcome = await runOnce(session, cells, definition, { name: id, input, timeoutMs }, signal);
    if (isKept()) kept?.programs.keep(id, input, outcome);
    return toRun(outcome);
  };
  const { workspace } = brought.places;
  return createHooks([...ids.keys()], {
    session: {
      ...{ sessionId: brought.sessionId, transcriptPath: "", cwd: workspace },
      get permissionMode() {
        const { mode } = session.judgement;
        return mode === "bypass" ? "bypassPermissions" : mode;
      },
    },
    places: brought.places,
    run,
  });
}

/**
 * The hooks that have a say where a person would be asked. Those of `PreToolUse` are asked where their yes would spare
 * the question; the agent, which asks them before each call, is given what they said. Undefined without such hooks.
 */
export function createConsult(brought: BroughtExtensions, world: KeeperHooksWorld): Consult | undefined {
  const { workspace } = brought.places;
  const asked = hooksOf(brought).filter((hook) => isAsked(hook, ["PreToolUse", "PermissionRequest"]));
  const able = asked.filter((hook) => canVouch(hook, workspace));
  const ids = new Set(able.map(({ id }) => id));
  const vouching = openKeeperHooks(brought, ({ id }) => ids.has(id), world);
  const others = openKeeperHooks(
    brought,
    (hook) => isAsked(hook, ["PermissionRequest"]) && !ids.has(hook.id),
    world,
  );
  if (vouching === undefined && others === undefined) return undefined;
  return async (call, signal) => {
    const ask = async (
      hooks: KeeperHooks | undefined,
      event: "PreToolUse" | "PermissionRequest",
    ): Promise<Opinion> => {
      const occasion = { event, tool: call.name, input: call.args, callId: call.id } as const;
      if (hooks?.has(occasion) !== true) return { kind: "nothing" };
      const opinion = opinionOf(await hooks.on(occasion, signal), call, event);
      // What it names may have come into the workspace since.
      const isWord = opinion.kind !== "allow" || able.every((hook) => canVouch(hook, workspace));
      return isWord ? opinion : { kind: "nothing" };
    };
    // The others may say no, and their yes is nobody's.
    const objection = await ask(others, "PermissionRequest");
    if (objection.kind === "deny") return objection;
    if (call.isSparable) {
      const opinion = await ask(vouching, "PreToolUse");
      if (opinion.kind !== "nothing") return opinion;
    }
    return ask(vouching, "PermissionRequest");
  };
}

function isAsked({ event, handler, isAsync }: Hook, events: readonly string[]): boolean {
  return events.includes(event) && (handler.kind === "command" || handler.kind === "http") && !isAsync;
}

/** They run what the workspace says, or whatever they are given there. */
const runners =
  /(?:^|[\s;|&(])(?:npm|npx|pnpm|yarn|bun|bunx|make|just|task|cargo|go|gradle|gradlew|mvn|rake|bundle|composer|poetry|uv|pre-commit|tox|nox|python[\d.]*\s+-m)(?=$|[\s;|&)])/u;

/** Ways to say where the workspace is, without a word that leads there. */
const whereIsWorkspace = /CLAUDE_PROJECT_DIR|\$\{?PWD\b|\bpwd\b|--show-(?:toplevel|cdup)/u;

/**
 * Whether a yes of it is the word of whoever set it. A project's scripts are compared with what a person approved before
 * each start; a hook of the person's that runs something in the workspace runs what any edit could have made of it.
 */
export function canVouch({ handler, origin }: Pick<Hook, "handler" | "origin">, workspace: string): boolean {
  if (handler.kind === "http") return true;
  if (handler.kind !== "command") return false;
  const text = [handler.command, ...(handler.args ?? [])].join(" ");
  if (runners.test(text)) return false;
  if (origin.scope === "project") return true;
  if (whereIsWorkspace.test(text)) return false;
  const words = text.split(/[\s;|&()<>"'`=]+/u).filter((word) => word !== "" && !word.startsWith("~"));
  return !words.some((word) => {
    const path = resolve(workspace, word);
    if (path === workspace) return true;
    const isRelative = word.includes("/") && !word.startsWith("/");
    return path.startsWith(`${workspace}/`) && (isRelative || existsSync(path));
  });
}

function opinionOf(
  { stop, permission, updatedInput }: HookDecision,
  { args }: ConsultedCall,
  event: string,
): Opinion {
  const by = `hook ${event}`;
  if (stop !== undefined) return { kind: "deny", by, why: stop };
  if (permission?.verdict === "deny") return { kind: "deny", by, why: permission.reason };
  // Who changes a call has allowed another one than this.
  const isThis = updatedInput === undefined || isDeepStrictEqual(updatedInput, args);
  return permission?.verdict === "allow" && isThis
    ? { kind: "allow", by, why: permission.reason }
    : { kind: "nothing" };
}

function toRun({ exitCode, signal, timedOut, stdout, stderr }: OnceOutcome): HookRun {
  if (timedOut) return { kind: "timed-out" };
  const by = signal ?? "nobody knows what";
  if (exitCode === undefined) return { kind: "failed", why: `it was ended by ${by}` };
  return { kind: "ended", exitCode, stdout, stderr };
}
