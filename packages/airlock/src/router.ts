/** Which endpoint has the model that a client asks for: `MODEL`, or `NAME/MODEL` where several have it. */
import { CloisterError } from "@cloister/base";
import type { Protocol } from "@cloister/wire";
import { createRoute, type Route } from "./route.ts";
import type { Endpoint } from "./session.ts";

export interface RoutedEndpoint {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly models: readonly string[];
}

export interface Router {
  /** @throws CloisterError `unknown-model`, with the names there are. */
  find(model: string, door: Protocol): { readonly endpoint: Endpoint; readonly route: Route };
  /** As a client may ask for them. */
  readonly models: readonly string[];
}

export function createRouter(endpoints: readonly RoutedEndpoint[], modelDefault?: string): Router {
  const routes = new Map<string, Route>();
  const several = endpoints.length > 1;
  const models = endpoints.flatMap(({ name, models: own }) =>
    own.map((model) => (several ? `${name}/${model}` : model)),
  );

  return {
    models,
    find(asked, door) {
      const { routed, model } = choose(endpoints, asked, modelDefault);
      // One object for one route: conversations know it again by that.
      const key = `${door.name}\n${routed.name}\n${model}`;
      const route = routes.get(key) ?? createRoute(door, routed.endpoint.protocol, model);
      if (routes.size < ROUTES_MAX) routes.set(key, route);
      return { endpoint: routed.endpoint, route };
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
