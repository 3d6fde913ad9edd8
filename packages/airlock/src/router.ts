/** Which endpoint has the model that a client asks for: `MODEL`, or `NAME/MODEL` where several have it. */
import { CloisterError } from "@cloister/base";
import type { Protocol } from "@cloister/wire";
import type { Destination } from "./destination.ts";
import { createRoute, type Route } from "./route.ts";
import type { Endpoint } from "./endpoint.ts";

export interface RoutedEndpoint {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly models: readonly string[];
  /** In tokens, of those of which it is known. */
  readonly windows?: ReadonlyMap<string, number>;
}

export interface Router {
  /** @throws CloisterError `unknown-model`, with the names there are. */
  find(model: string, door: Protocol): Destination;
  /**
   * Where else a request may be sent to: the other endpoints that have the model, and where there is a default and
   * `anyModel`, those that have another, in the order in which they were given.
   */
  others(than: Destination, options: { readonly anyModel: boolean }): readonly Destination[];
  /** As a client may ask for them, of the endpoints that this is true of. */
  models(isOffered: (endpoint: Endpoint) => boolean): readonly string[];
}

export function createRouter(endpoints: readonly RoutedEndpoint[], modelDefault?: string): Router {
  const routes = new Map<string, Route>();
  const several = endpoints.length > 1;
  // One object for one route: conversations know it again by that.
  const to = ({ name, endpoint }: RoutedEndpoint, model: string, door: Protocol): Destination => {
    const key = `${door.name}\n${name}\n${model}`;
    const route = routes.get(key) ?? createRoute(door, endpoint.protocol, model);
    if (routes.size < ROUTES_MAX) routes.set(key, route);
    return { endpoint, route };
  };

  return {
    models: (isOffered) =>
      endpoints
        .filter(({ endpoint }) => isOffered(endpoint))
        .flatMap(({ name, models: own }) => own.map((model) => (several ? `${name}/${model}` : model))),
    find(asked, door) {
      const { routed, model } = choose(endpoints, asked, modelDefault);
      refuseElsewhere(routed, model);
      return to(routed, model, door);
    },
    others({ endpoint, route }, { anyModel }) {
      const others = endpoints.filter((other) => other.endpoint !== endpoint);
      const same = others.filter(({ models }) => models.includes(route.model));
      const rest =
        anyModel && modelDefault !== undefined ? others.filter((other) => !same.includes(other)) : [];
      return [
        ...same.map((other) => to(other, route.model, route.door)),
        ...rest.flatMap((other) => {
          const [first] = other.models;
          return first === undefined ? [] : [to(other, first, route.door)];
        }),
      ];
    },
  };
}

const ROUTES_MAX = 10_000;

function choose(
  endpoints: readonly RoutedEndpoint[],
  asked: string,
  modelDefault: string | undefined,
): { routed: RoutedEndpoint; model: string } {
  const [name, ...rest] = asked.split("/");
  const named = endpoints.find((candidate) => candidate.name === name);
  if (named !== undefined && rest.length > 0) return { routed: named, model: rest.join("/") };
  const holder = endpoints.find(({ models }) => models.includes(asked));
  if (holder !== undefined) return { routed: holder, model: asked };
  const fallback =
    modelDefault === undefined ? undefined : endpoints.find(({ models }) => models.includes(modelDefault));
  // Clients send names of their vendor's models; with a default, those mean the default.
  if (modelDefault !== undefined) {
    return { routed: fallback ?? (endpoints[0] as RoutedEndpoint), model: modelDefault };
  }
  const known = endpoints.flatMap((endpoint) => endpoint.models.map((model) => `${endpoint.name}/${model}`));
  throw new CloisterError(`there is no model "${asked}" here`, {
    code: "unknown-model",
    next: `ask for one of ${known.slice(0, 20).join(", ")}, or start the airlock with --model`,
  });
}

/**
 * Ollama takes names of models that run at its maker's, too, through its port on this machine. Only what it has itself
 * may be shown what the port may be shown.
 */
function refuseElsewhere({ endpoint, models, name }: RoutedEndpoint, model: string): void {
  if (endpoint.server !== "ollama" || models.includes(model) || models.includes(`${model}:latest`)) return;
  throw new CloisterError(`${name} has no model "${model}" of its own`, {
    code: "unknown-model",
    next: "GET /v1/models lists those that may be used",
  });
}
