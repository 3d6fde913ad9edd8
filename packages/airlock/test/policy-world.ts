/** Confidential code that the policy knows by its fingerprints, and two servers: one at home, one that may not see it. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import type { JsonObject } from "@cloister/base";
import { createIndexBuilder, parsePolicy, type FingerprintIndex, type Policy } from "@cloister/policy";
import { messagesProtocol } from "@cloister/wire";
import type { SessionOptions } from "../src/index.ts";
import { chatAnswer, createServerWorld, messagesAnswer, sendJson, type ServerWorld } from "./server-world.ts";

/** Sixty lines that nobody else wrote. */
export const confidential: string = Array.from({ length: 60 }, (_, at) => {
  const name = `stage${(at * 7919) % 1009}`;
  return `    const ${name} = latch(bank[${at * 37}], phase.${name}Edge, { skew: ${at * 13 + 5}, hold: "w${at}" });`;
}).join("\n");

export function policyOf(value: Readonly<Record<string, unknown>>): Policy {
  const parsed = parsePolicy({ version: 1, name: "house", ...value });
  assert.ok(parsed.kind === "policy", JSON.stringify(parsed));
  return parsed.policy;
}

export const house: Policy = policyOf({
  labels: {
    fingerprints: ["/etc/cloister/chip.prints"],
    paths: [{ glob: "**/restricted/**", label: "restricted" }],
  },
  endpoints: { unlisted: "as-configured" },
});

export function indexOf(text: string = confidential): FingerprintIndex {
  const builder = createIndexBuilder();
  builder.add(text);
  return builder.build({ name: "chip", label: "restricted", compartments: [] });
}

export interface HouseOptions {
  readonly homeIsDown?: boolean;
  readonly withHome?: boolean;
  readonly policy?: Policy;
  readonly session?: Partial<SessionOptions>;
  /** The cloud speaks Messages. */
  readonly cloudMessages?: boolean;
}

/** What is internal may go to the cloud, which is asked first. */
export function createHouse(options: HouseOptions = {}): Promise<ServerWorld> {
  const { policy = house, withHome = true, homeIsDown = false } = options;
  const isMessages = options.cloudMessages === true;
  const cloud = {
    name: "cloud",
    clearance: "internal",
    models: ["m", "small"],
    ...(isMessages ? { protocol: messagesProtocol } : { server: "vllm" as const }),
    play: (_: unknown, response: ServerResponse) =>
      sendJson(response, isMessages ? messagesAnswer("cloud") : chatAnswer("cloud")),
  } as const;
  const home = {
    name: "home",
    clearance: "core",
    isDown: homeIsDown,
    play: ({ path }: { readonly path: string }, response: ServerResponse) =>
      sendJson(response, path.endsWith("/tokenize") ? { count: 7 } : chatAnswer("home")),
  } as const;
  return createServerWorld(withHome ? [cloud, home] : [cloud], {
    modelDefault: "m",
    session: { policy, policySha256: "ab".repeat(32), indexes: [indexOf()], ...options.session },
  });
}

export function chat(...messages: JsonObject[]): JsonObject {
  return { model: "m", messages };
}

export function user(content: string): JsonObject {
  return { role: "user", content };
}
