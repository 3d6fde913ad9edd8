/** `cloister airlock`: the same door for the other programs on this machine that talk to models. */
import { createRouter, openAirlockServer, type RoutedEndpoint } from "@cloister/airlock";
import {
  createBackend,
  isLoopback,
  parseEndpointUrl,
  type Backend,
  type NetworkOptions,
} from "@cloister/backend";
import { CloisterError, formatError } from "@cloister/base";
import { openLedger } from "@cloister/ledger";
import type { Label } from "@cloister/policy";
import { chatProtocol, messagesProtocol, responsesProtocol, type Protocol } from "@cloister/wire";
import type { Arguments } from "../arguments.ts";
import { chooseEndpoint } from "../endpoint.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openModelServer } from "../model-server.ts";
import { readSettings } from "../settings.ts";
import { setupLines } from "../setup-lines.ts";
import { ledgerDirectory } from "./run.ts";

export type AirlockArguments = Extract<Arguments, { command: "airlock" }>;

export async function airlock(args: AirlockArguments, environment: Environment): Promise<number> {
  const settings = readSettings(environment.home);
  const stopped = new AbortController();
  const stop = environment.onInterrupt(() => stopped.abort());
  await using stack = new AsyncDisposableStack();
  stack.defer(stop);

  const endpoints = await openEndpoints({
    args,
    network: settings.network,
    environment,
    signal: stopped.signal,
  });
  for (const { endpoint } of endpoints) stack.defer(() => endpoint.backend.close());
  const ledger = await openLedger({
    directory: args.ledger ?? ledgerDirectory(environment),
    clock: environment.clock,
  });
  stack.defer(() => ledger.close());

  const router = createRouter(endpoints, args.model);
  const server = await openAirlockServer({
    router,
    listen: args.socket === undefined ? { port: args.port } : { path: args.socket },
    session: {
      workspaceLabel: args.label ?? settings.label ?? "internal",
      workspace: undefined,
      ledger,
      clock: environment.clock,
      onTrouble: (trouble) => environment.stderr.write(`cloister: ${formatError(trouble)}\n`),
    },
  });
  stack.defer(() => server.close());

  environment.stdout.write(`${server.address}\n`);
  for (const { name, endpoint, models } of endpoints) {
    environment.stderr.write(
      `cloister: ${name} → ${endpoint.url} (${endpoint.protocol.name}), cleared for ${endpoint.clearance}: ${models.join(", ") || "no models named"}\n`,
    );
  }
  if (args.setup) {
    environment.stdout.write(setupLines(server.address, router.models[0] ?? args.model ?? "MODEL"));
  }
  await new Promise<void>((resolve) =>
    stopped.signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  return exit.ok;
}

interface Opening {
  readonly args: AirlockArguments;
  readonly network: NetworkOptions | undefined;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

async function openEndpoints(opening: Opening): Promise<RoutedEndpoint[]> {
  const { args, network, environment, signal } = opening;
  if (args.endpoints.length > 0) {
    return Promise.all(args.endpoints.map((text, index) => openEndpoint(text, index, opening)));
  }
  const wishes = {
    endpoint: undefined,
    model: args.model,
    clearance: args.clearance,
    usualClearance: undefined,
    network,
  };
  const { endpoint, model } = await chooseEndpoint(wishes, environment, signal);
  return [{ name: "local", endpoint, models: [model] }];
}

const protocols: Readonly<Record<string, Protocol>> = {
  chat: chatProtocol,
  messages: messagesProtocol,
  responses: responsesProtocol,
};

/** `[NAME=][chat+|responses+|messages+]URL` */
async function openEndpoint(text: string, index: number, opening: Opening): Promise<RoutedEndpoint> {
  const { args, signal } = opening;
  const [, name = index === 0 ? "main" : `endpoint-${index + 1}`, shape, address = ""] =
    /^(?:([\w.-]+)=)?(?:(chat|messages|responses)\+)?(https?:.*)$/.exec(text) ?? [];
  if (address === "") {
    throw new CloisterError(`--endpoint cannot be "${text}"`, {
      code: "usage",
      next: "[NAME=][chat+|responses+|messages+]URL, such as home=http://127.0.0.1:8080",
    });
  }
  const url = parseEndpointUrl(address);
  const { backend, models } = await openListed(url.href, opening);
  const local = isLoopback(url);
  const clearance: Label = args.clearance ?? (local ? "core" : "public");
  const protocol = shape === undefined ? await detect(backend, signal) : (protocols[shape] ?? chatProtocol);
  return {
    name,
    models,
    endpoint: {
      id: name,
      url: url.href,
      protocol,
      clearance,
      operator: local ? "this machine" : url.host,
      backend,
    },
  };
}

/**
 * A server that does not list its models is asked for the one that was named. Cloud models behind a local port are not
 * ours to offer.
 */
async function openListed(
  address: string,
  { args, network, environment, signal }: Opening,
): Promise<{ backend: Backend; models: string[] }> {
  try {
    const { backend, description } = await openModelServer(address, network, environment, signal);
    const own = description.models.filter(({ remoteHost }) => remoteHost === undefined).map(({ id }) => id);
    return { backend, models: own.length === 0 && args.model !== undefined ? [args.model] : own };
  } catch (error) {
    const code = error instanceof CloisterError ? error.code : "";
    if (args.model === undefined || code === "endpoint-unreachable" || code === "cancelled") throw error;
    const apiKey = environment.apiKey === undefined ? {} : { apiKey: environment.apiKey };
    const options = { baseUrl: address, clock: environment.clock, ...apiKey };
    return {
      backend: createBackend(network === undefined ? options : { ...options, network }),
      models: [args.model],
    };
  }
}

/** By asking each path for nothing: a server that has it complains about the request, not about the path. */
async function detect(backend: Backend, signal: AbortSignal): Promise<Protocol> {
  for (const protocol of [chatProtocol, messagesProtocol, responsesProtocol]) {
    const answer = await backend.send(protocol.path, [Buffer.from("{}")], { signal });
    // What it complains about does not matter; closing the body lets go of the connection.
    await answer.body[Symbol.asyncIterator]().return?.();
    if (answer.status !== 404 && answer.status !== 405) return protocol;
  }
  return chatProtocol;
}
