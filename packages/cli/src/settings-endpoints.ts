/** The part `endpoints` of the user's settings: model servers beside the session's own, by name. */
import type { Price } from "@cloister/agent";
import { isRecord, type CloisterError } from "@cloister/base";
import type { NetworkOptions } from "@cloister/backend";
import { isLabel, labels, type Label } from "@cloister/policy";

export interface EndpointSettings {
  readonly name: string;
  readonly url: string;
  /** Those that a subagent may be told of; without them its server is asked when it is first needed. */
  readonly models: readonly string[];
  readonly clearance?: Label;
  readonly contextTokens?: number;
  /** The name of the environment variable that holds its key. The session's own key is for its own endpoint alone. */
  readonly keyVariable?: string;
  readonly network?: NetworkOptions;
  /** Of its tokens, for a million each. What the session's own endpoint costs says nothing of it. */
  readonly price?: Price;
}

const known = ["url", "models", "clearance", "contextTokens", "keyVariable", "network", "price"];
const ENDPOINTS_MAX = 20;
const MODELS_MAX = 50;
const NAME = /^[\w][\w.-]{0,63}$/u;

export interface EndpointsReader {
  /** Makes the error that names the file. */
  readonly fail: (why: string) => CloisterError;
  readonly readNetwork: (value: unknown) => NetworkOptions;
  readonly readPrice: (value: unknown) => Price;
  readonly contextTokensMin: number;
}

export function readEndpointSettings(value: unknown, reader: EndpointsReader): readonly EndpointSettings[] {
  if (!isRecord(value)) throw reader.fail('"endpoints" must be an object: name → {"url": …}');
  const entries = Object.entries(value);
  if (entries.length > ENDPOINTS_MAX) throw reader.fail(`"endpoints" has more than ${ENDPOINTS_MAX} entries`);
  return entries.map(([name, one]) => readEndpoint(name, one, reader));
}

function readEndpoint(
  name: string,
  value: unknown,
  { fail, readNetwork, readPrice, contextTokensMin }: EndpointsReader,
): EndpointSettings {
  const bad = (why: string): CloisterError => fail(`"${name}" of "endpoints" ${why}`);
  if (!NAME.test(name)) throw bad("is no name: letters, digits, dots and dashes");
  if (!isRecord(value)) throw bad('must be an object with a "url"');
  const other = Object.keys(value).find((field) => !known.includes(field));
  if (other !== undefined) throw bad(`has no "${other}"; it has ${known.join(", ")}`);
  const { url, models = [], clearance, contextTokens, keyVariable, network, price } = value;
  if (typeof url !== "string") throw bad('needs a "url"');
  if (!isListOfNames(models)) throw bad(`must have a list of at most ${MODELS_MAX} names as "models"`);
  if (clearance !== undefined && !(typeof clearance === "string" && isLabel(clearance))) {
    throw bad(`must have one of ${labels.join(", ")} as "clearance"`);
  }
  const isWindow = typeof contextTokens === "number" && Number.isInteger(contextTokens);
  if (contextTokens !== undefined && !(isWindow && contextTokens >= contextTokensMin)) {
    throw bad(`must have a whole number from ${contextTokensMin} as "contextTokens"`);
  }
  if (keyVariable !== undefined && !(typeof keyVariable === "string" && /^\w+$/u.test(keyVariable))) {
    throw bad('must name an environment variable as "keyVariable", and not hold the key itself');
  }
  return {
    ...{ name, url, models },
    ...(clearance === undefined ? {} : { clearance }),
    ...(isWindow ? { contextTokens } : {}),
    ...(keyVariable === undefined ? {} : { keyVariable }),
    ...(network === undefined ? {} : { network: readNetwork(network) }),
    ...(price === undefined ? {} : { price: readPrice(price) }),
  };
}

function isListOfNames(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MODELS_MAX &&
    value.every((item) => typeof item === "string" && item !== "")
  );
}
