/** The policy's word on what settings and flags ask for: the last one. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { addressOf, type SessionOptions } from "@cloister/airlock";
import { isLoopback } from "@cloister/backend";
import { CloisterError } from "@cloister/base";
import type { Tier } from "@cloister/cell";
import {
  bindSetting,
  decideClient,
  join,
  rateEndpoint,
  type BoundSetting,
  type Label,
  type RuleSource,
  type SettingValue,
} from "@cloister/policy";
import type { CellWishes } from "../cell-arguments.ts";
import { parseEndpoint } from "../endpoint-address.ts";
import type { Environment } from "../environment.ts";
import { loadManagedPolicy, type ManagedPolicy } from "./managed-policy.ts";

export interface Binding {
  readonly managed: ManagedPolicy;
  /** For the sessions of an airlock. */
  readonly session: Required<Pick<SessionOptions, "policy" | "policySha256" | "indexes">>;
  text(name: string, asked: string | undefined): string | undefined;
  flag(name: string, asked: boolean | undefined): boolean | undefined;
  /** @throws CloisterError `forbidden-by-policy`: another confinement than the one that was asked for is no answer */
  tier(asked: Tier | undefined): Tier;
  wishes(asked: CellWishes, workspace: string): CellWishes;
  /** The highest of them and of what the policy has: nobody can lower it. Without a policy the first that is said. */
  label(...asked: readonly (Label | undefined)[]): Label;
  /** Before a server is asked anything. @throws CloisterError `forbidden-by-policy` for one that may be sent nothing */
  checkEndpoint(address: string): void;
  /** @throws CloisterError `forbidden-by-policy` */
  checkDeclassify(texts: readonly string[]): void;
}

/** @throws CloisterError as `loadManagedPolicy`: with a policy that does not count nothing starts */
export async function openBinding(environment: Environment): Promise<Binding> {
  const managed = await loadManagedPolicy(environment.policyPlace);
  const { policy, sha256, indexes } = managed;
  const banned = decideClient(
    policy,
    { name: "cloister", version: environment.version, evidence: "started" },
    environment.clock.now(),
  );
  if (banned !== undefined) throw forbidden(banned.why, banned.source, banned.next);

  const bind = (name: string, asked: SettingValue | undefined): BoundSetting => {
    const bound = bindSetting(policy, name, asked);
    if (bound.overruled) {
      const rule = formatSource(bound.source);
      environment.stderr.write(
        `cloister: ${name} is ${JSON.stringify(bound.value)} here, not ${JSON.stringify(asked)}, by policy ${policy.name} (${rule})\n`,
      );
    }
    return bound;
  };
  const list = (name: string, asked: readonly string[] | undefined): readonly string[] => {
    const { value } = bind(name, asked === undefined || asked.length === 0 ? undefined : asked);
    return Array.isArray(value) ? (value as readonly string[]) : [];
  };

  return {
    managed,
    session: { policy, policySha256: sha256, indexes },
    text(name, asked) {
      const { value } = bind(name, asked);
      return typeof value === "string" ? value : undefined;
    },
    flag(name, asked) {
      const { value } = bind(name, asked);
      return typeof value === "boolean" ? value : undefined;
    },
    tier(asked) {
      const { value = "bubblewrap", overruled, source } = bindSetting(policy, "cell.tier", asked);
      if (overruled && source !== undefined) {
        throw forbidden(
          `the cell must be ${String(value)} here, and ${asked} was asked for`,
          source,
          "do without --cell, --tier and cell.tier in the settings",
        );
      }
      const tier = tiers.find((known) => known === value);
      if (tier !== undefined) return tier;
      throw forbidden(
        `there is no cell "${String(value)}"`,
        source ?? { rule: "settings.cell.tier", line: undefined },
        `have the policy name one of ${tiers.join(", ")}`,
      );
    },
    wishes(asked, workspace) {
      const unix = bind("cell.unix", asked.unix).value;
      const named = asked.hide ?? [];
      return {
        ...asked,
        read: list("cell.read", asked.read),
        write: list("cell.write", asked.write),
        allow: list("cell.allow", asked.allow),
        // A policy names what any workspace may have; a person, what this one has.
        hide: list("cell.hide", asked.hide).filter(
          (path) => named.includes(path) || existsSync(resolve(workspace, path)),
        ),
        ...(unix === "none" || unix === "inside" ? { unix } : {}),
      };
    },
    label(...asked) {
      const said = asked.filter((label) => label !== undefined);
      if (managed.path === undefined) return said[0] ?? policy.labels.default;
      return said.reduce(join, policy.labels.default);
    },
    checkEndpoint(address) {
      const { url } = parseEndpoint(address);
      const facts = {
        id: url.host,
        address: addressOf(url),
        isLoopback: isLoopback(url),
        clearance: { label: "public", compartments: "all" },
      } as const;
      const { clearance, source } = rateEndpoint(policy, facts);
      if (clearance !== undefined) return;
      throw forbidden(
        `no rule of the policy "${policy.name}" names the endpoint ${url.host}`,
        source,
        "use an endpoint that the policy lists, or have it added there",
      );
    },
    checkDeclassify(texts) {
      if (texts.length === 0) return;
      const { value, source } = bindSetting(policy, "declassify", true);
      if (value !== false || source === undefined) return;
      throw forbidden("nobody may declassify here", source, "ask whoever keeps the policy");
    },
  };
}

const tiers: readonly Tier[] = ["bubblewrap", "none"];

function formatSource(source: RuleSource | undefined): string {
  if (source === undefined) return "settings";
  return source.line === undefined ? source.rule : `${source.rule}, line ${source.line}`;
}

function forbidden(why: string, source: RuleSource, next: string): CloisterError {
  return new CloisterError(why, { code: "forbidden-by-policy", rule: formatSource(source), next });
}
