/** The models that subagents may ask for beside the session's own: of its endpoint, and of others that a person named. */
import { CloisterError } from "@cloister/base";
import { chatProtocol } from "@cloister/wire";
import { createConversation } from "./conversation.ts";
import type { Arrival } from "./stages/identify.ts";
import { createRoute } from "./route.ts";
import type { RoutedEndpoint } from "./router.ts";
import type { AirlockSession } from "./session.ts";

/** An endpoint that is contacted when one of its models is first asked for, and not before. */
export interface NamedEndpoint {
  readonly name: string;
  /** Those that are known without asking it; the first is meant where only its name is said. */
  readonly models: readonly string[];
  /** @throws CloisterError as reaching a server does, and `forbidden-by-policy` */
  open(signal: AbortSignal): Promise<RoutedEndpoint>;
}

export interface OtherModelsOptions {
  /** The session's own endpoint, with the models there that may be asked for. */
  readonly own: RoutedEndpoint;
  readonly named: readonly NamedEndpoint[];
}

/** Where a request goes, and what that place was shown before. */
export type Place = Pick<Arrival, "session" | "endpoint" | "route">;

export interface OtherModels {
  /**
   * `MODEL`, `NAME/MODEL`, or `NAME`. Whether the request may go there is for the stages to decide.
   * @throws CloisterError `unknown-model`, with those there are, `too-many-models`, and as opening the endpoint does
   */
  find(asked: string, session: AirlockSession): Promise<Place>;
  close(): Promise<void>;
}

/** Each has a conversation of its own in memory. */
const PLACES_MAX = 50;
const NAMES_SHOWN_MAX = 20;

export function createOtherModels({ own, named }: OtherModelsOptions): OtherModels {
  const opened = new Map<string, Promise<RoutedEndpoint>>();
  const places = new Map<string, Place>();
  const closing = new AbortController();

  const open = (endpoint: NamedEndpoint): Promise<RoutedEndpoint> => {
    const known = opened.get(endpoint.name);
    if (known !== undefined) return known;
    const opening = endpoint.open(closing.signal);
    opened.set(endpoint.name, opening);
    // A server that is down now may be there for the next subagent.
    opening.catch(() => opened.delete(endpoint.name));
    return opening;
  };
  const placeOf = (
    { name, endpoint, windows }: RoutedEndpoint,
    model: string,
    session: AirlockSession,
  ): Place => {
    const key = JSON.stringify([name, model]);
    const known = places.get(key);
    if (known !== undefined) return known;
    if (places.size >= PLACES_MAX) {
      throw new CloisterError(`this session has asked ${PLACES_MAX} models already`, {
        code: "too-many-models",
        next: "go on with one of those",
      });
    }
    // What one model was shown says nothing about another: each has a conversation of its own.
    const conversation = createConversation();
    const place = {
      session: { ...session, conversation },
      endpoint,
      // One object for one route: conversations know it again by that.
      route: createRoute(chatProtocol, endpoint.protocol, model, windows?.get(model)),
    };
    places.set(key, place);
    return place;
  };

  return {
    async find(asked, session) {
      if (own.models.includes(asked)) return placeOf(own, asked, session);
      const [name = "", ...rest] = asked.split("/");
      const endpoint =
        named.find((one) => one.name === name) ?? named.find(({ models }) => models.includes(asked));
      if (endpoint === undefined) throw unknown(asked, namesOf({ own, named }));
      const there = await open(endpoint);
      const model = endpoint.name !== name ? asked : rest.length === 0 ? there.models[0] : rest.join("/");
      const exact = there.models.find((one) => one === model || one === `${model}:latest`);
      // Only what it lists: a port may lead further than to its own machine.
      if (exact === undefined) throw unknown(asked, namesOf({ own, named: [there] }));
      return placeOf(there, exact, session);
    },
    async close() {
      closing.abort(new CloisterError("the session is over", { code: "cancelled" }));
      const all = await Promise.allSettled(opened.values());
      const there = all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      await Promise.all(there.map(({ endpoint }) => endpoint.backend.close()));
    },
  };
}

/** Our agent's requests begin with the name of the model; undefined for what begins otherwise. */
export function modelIn(body: Buffer): string | undefined {
  const [, text] = HEAD.exec(body.toString("utf8", 0, HEAD_BYTES)) ?? [];
  return text === undefined ? undefined : (JSON.parse(text) as string);
}

const HEAD_BYTES = 1024;
const HEAD = /^\{"model":("(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")/u;

function namesOf({
  own,
  named,
}: {
  readonly own: RoutedEndpoint;
  readonly named: readonly Pick<RoutedEndpoint, "name" | "models">[];
}): readonly string[] {
  const theirs = named.flatMap(({ name, models }) =>
    models.length === 0 ? [name] : models.map((model) => `${name}/${model}`),
  );
  return [...own.models, ...theirs];
}

function unknown(asked: string, names: readonly string[]): CloisterError {
  return new CloisterError(`there is no model "${asked}" here`, {
    code: "unknown-model",
    next: `ask for one of ${names.slice(0, NAMES_SHOWN_MAX).join(", ")}, or leave the model away`,
  });
}
