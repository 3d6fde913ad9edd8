/** Who answers when the endpoint is down at the very beginning of a session. */
import { isDown } from "@cloister/airlock";
import { CloisterError } from "@cloister/base";
import type { ChosenEndpoint, EndpointWishes } from "./endpoint.ts";
import type { EndpointAccess } from "./endpoint-access.ts";
import { namedIn } from "./fallback-names.ts";
import type { EndpointSettings } from "./settings-endpoints.ts";

/** Of a server that is loading, where another one may answer. */
export const LOADING_MS_MAX = 5000;

export interface Start {
  readonly chosen: ChosenEndpoint;
  /** What is left to fall back to. */
  readonly fallbacks: readonly string[];
  readonly access: EndpointAccess;
}

export interface StartOptions {
  readonly wishes: EndpointWishes;
  readonly access: EndpointAccess;
  readonly fallbacks: readonly string[];
  readonly named: readonly EndpointSettings[];
  /** How the named one is reached. @throws CloisterError `forbidden-by-policy` */
  readonly accessTo: (endpoint: EndpointSettings) => EndpointAccess;
  readonly choose: (wishes: EndpointWishes, access: EndpointAccess) => Promise<ChosenEndpoint>;
  readonly tell: (text: string) => void;
}

/**
 * The endpoint that was named, or, where it does not answer, the first fallback that does. A session stays with the one
 * that it began with, and falls back to those after it. Where none does, a first one that is loading is waited for.
 * @throws CloisterError what the first of them threw, when none answers
 */
export async function chooseFirst(options: StartOptions): Promise<Start> {
  const { wishes, access, fallbacks, named, accessTo, choose, tell } = options;
  const others = fallbacks.flatMap((name, at) => {
    const found = namedIn(name, named);
    return found === undefined ? [] : [{ name, at, ...found }];
  });
  const loadingMsMax = others.length === 0 ? undefined : LOADING_MS_MAX;
  try {
    return { chosen: await choose({ ...wishes, loadingMsMax }, access), fallbacks, access };
  } catch (error) {
    if (!isAway(error) || others.length === 0) throw error;
    for (const { name, at, endpoint, model } of others) {
      try {
        const there = accessTo(endpoint);
        const wish = {
          ...wishesAt(endpoint, there, wishes),
          model: model ?? endpoint.models[0],
          loadingMsMax,
        };
        const chosen = await choose(wish, there);
        tell(`${wishes.endpoint ?? "the model"} does not answer (${error.message}): ${name} answers now`);
        // Models of the endpoint that is down have nobody left who serves them.
        const left = fallbacks.slice(at + 1).filter((each) => namedIn(each, named) !== undefined);
        return { chosen, fallbacks: left, access: there };
      } catch (other) {
        // Whatever it is, a policy's word among it: the next one may do.
        if (!(other instanceof CloisterError) || other.code === "cancelled") throw other;
        tell(`${name} does not answer either (${other.message})`);
      }
    }
    if (error.code !== "endpoint-loading") throw error;
    tell(`waiting for ${wishes.endpoint ?? "the model"}, which is loading`);
    return { chosen: await choose(wishes, access), fallbacks, access };
  }
}

/** What was said of the first endpoint, save for the task itself, says nothing of another. */
function wishesAt(
  { url, contextTokens }: EndpointSettings,
  { network, clearance }: EndpointAccess,
  { onProbe, timeoutSeconds }: EndpointWishes,
): EndpointWishes {
  return {
    ...{ endpoint: url, model: undefined, network, contextTokens, timeoutSeconds, onProbe },
    ...{ clearance: undefined, usualClearance: clearance },
  };
}

function isAway(error: unknown): error is CloisterError {
  return isDown(error) || (error instanceof CloisterError && error.code === "no-model-found");
}
