/** Other models for a session's subagents: of its own endpoint, and of those in the settings, reached when they are needed. */
import { createOtherModels, recordContact, type NamedEndpoint, type OtherModels } from "@cloister/airlock";
import type { ModelChoice } from "@cloister/agent";
import { isLoopback, type ModelDescription } from "@cloister/backend";
import { CloisterError } from "@cloister/base";
import type { Ledger } from "@cloister/ledger";
import { chatProtocol } from "@cloister/wire";
import type { ChosenEndpoint } from "./endpoint.ts";
import { parseEndpoint } from "./endpoint-address.ts";
import type { Environment } from "./environment.ts";
import { LOADING_MS_MAX } from "./endpoint-fallback.ts";
import { checkFallback, namedIn } from "./fallback-names.ts";
import { openModelServer } from "./model-server.ts";
import type { Binding } from "./policy/binding.ts";
import type { EndpointSettings } from "./settings-endpoints.ts";

/** What a session may ask beside its own model. */
export interface OtherModelsPlan {
  readonly named: readonly EndpointSettings[];
  /** Who answers when the session's own endpoint is down, in order. */
  readonly fallbacks: readonly string[];
  /** @throws CloisterError `forbidden-by-policy` */
  readonly check: (address: string) => void;
}

/** Undefined where the policy names the one model. One endpoint that is mandatory is the only one. */
export function planOtherModels(
  named: readonly EndpointSettings[] | undefined,
  binding: Pick<Binding, "managed" | "checkEndpoint">,
  fallbacks: readonly string[] = [],
): OtherModelsPlan | undefined {
  const { settings } = binding.managed.policy;
  if (settings["model"]?.mode === "mandatory") return undefined;
  const isBound = settings["endpoint"]?.mode === "mandatory";
  const all = isBound ? { named: [], fallbacks: [] } : { named: named ?? [], fallbacks };
  return { ...all, check: (address) => binding.checkEndpoint(address) };
}

export interface OpenedModels {
  readonly keeper: OtherModels;
  /** For the agent's job. */
  readonly choices: readonly ModelChoice[];
  /** For the keeper: see `KeeperOptions.fallbacks`. */
  readonly fallbacks: readonly string[];
}

export interface OtherModelsWorld {
  readonly chosen: ChosenEndpoint;
  /** What its tokens cost. */
  readonly price: ModelChoice["price"] | undefined;
  readonly ledger: Ledger;
  readonly environment: Environment;
  readonly onTrouble: (trouble: unknown) => void;
}

/** Undefined where there is no other. @throws CloisterError `unknown-model` for a fallback that is none of them */
export function openOtherModels(
  plan: OtherModelsPlan | undefined,
  world: OtherModelsWorld,
): OpenedModels | undefined {
  const { chosen } = world;
  const own = (chosen.models ?? []).filter(({ id }) => id !== chosen.model);
  if (plan === undefined) return undefined;
  const models = [chosen.model, ...own.map(({ id }) => id)];
  for (const name of plan.fallbacks) checkFallback(name, plan.named, models);
  if (own.length + plan.named.length === 0) return undefined;
  return {
    fallbacks: plan.fallbacks,
    keeper: createOtherModels({
      own: { name: chosen.endpoint.id, endpoint: chosen.endpoint, models },
      named: plan.named.map((settings) => toNamed(settings, plan, world)),
    }),
    choices: [
      ...plan.named.flatMap(toChoices),
      ...own.map(({ id, contextTokens }) => choice(id, contextTokens, world.price)),
    ],
  };
}

function toChoices({ name, models, contextTokens, price }: EndpointSettings): ModelChoice[] {
  return [
    { ...choice(name, contextTokens, price), isEndpoint: true },
    ...models.map((model) => choice(`${name}/${model}`, contextTokens, price)),
  ];
}

function choice(name: string, contextTokens: number | undefined, price: ModelChoice["price"]): ModelChoice {
  return {
    name,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(price === undefined ? {} : { price }),
  };
}

function toNamed(settings: EndpointSettings, plan: OtherModelsPlan, world: OtherModelsWorld): NamedEndpoint {
  const { name } = settings;
  return {
    name,
    models: settings.models,
    async open(signal) {
      try {
        plan.check(settings.url);
        return await open(settings, plan, world, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        world.onTrouble(error);
        const { code = "endpoint-unreachable", rule } = error instanceof CloisterError ? error : {};
        // Where it is, is nothing for a model.
        throw new CloisterError(`the endpoint ${name} cannot be used now`, {
          ...{ code, cause: error, next: "leave the model away, and the session's own does it" },
          ...(rule === undefined ? {} : { rule }),
        });
      }
    },
  };
}

async function open(
  settings: EndpointSettings,
  { fallbacks }: OtherModelsPlan,
  { ledger, environment }: OtherModelsWorld,
  signal: AbortSignal,
): ReturnType<NamedEndpoint["open"]> {
  const { name, url: address, models, clearance, contextTokens, keyVariable, network } = settings;
  const { url, protocol = chatProtocol } = parseEndpoint(address);
  // Whoever waits for a fallback has somebody else to go to.
  const isFallback = fallbacks.some((one) => namedIn(one, [settings]) !== undefined);
  // The session's own key was given to its own endpoint.
  const apiKey = keyVariable === undefined ? undefined : environment.variable(keyVariable);
  const { backend, description } = await openModelServer(
    url.href,
    {
      ...{ network, protocol, contextTokens, onProbe: (probe) => recordContact(ledger, probe) },
      loadingMsMax: isFallback ? LOADING_MS_MAX : undefined,
    },
    { ...environment, apiKey },
    signal,
  );
  // A port on this machine may lead to somebody else's, who are cleared for nothing by that.
  const listed = description.models.filter(({ remoteHost }) => remoteHost === undefined).map(({ id }) => id);
  const isListing = description.models.length > 0 || description.server === "ollama";
  const local = isLoopback(url);
  return {
    name,
    windows: windowsOf(description.models, models, contextTokens),
    models: isListing ? [...models.filter((model) => listed.includes(model)), ...listed] : models,
    endpoint: {
      ...{ id: name, url: url.href, backend, protocol, server: description.server },
      clearance: clearance ?? (local ? "core" : "public"),
      operator: local ? "this machine" : url.host,
    },
  };
}

/** What a person says counts before what the server says. */
function windowsOf(
  served: readonly ModelDescription[],
  models: readonly string[],
  said: number | undefined,
): ReadonlyMap<string, number> {
  const known = served.flatMap(({ id, contextTokens = said }): [string, number][] =>
    contextTokens === undefined ? [] : [[id, said ?? contextTokens]],
  );
  const named = said === undefined ? [] : models.map((model): [string, number] => [model, said]);
  return new Map([...named, ...known]);
}
