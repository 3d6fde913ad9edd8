/** `cloister airlock`: the same door for the other programs on this machine that talk to models. */
import { randomBytes } from "node:crypto";
import {
  clearanceOf,
  createJudgement,
  createRouter,
  maySee,
  openAirlockServer,
  recordContact,
  recordDeclassified,
  type RoutedEndpoint,
  type VolatilePolicy,
} from "@cloister/airlock";
import { createBackend, isLoopback, type Backend, type Probe, type ServerKind } from "@cloister/backend";
import { CloisterError, formatError } from "@cloister/base";
import { openLedger } from "@cloister/ledger";
import { classify, type Label } from "@cloister/policy";
import { createSeals } from "@cloister/secrets";
import { chatProtocol, messagesProtocol, responsesProtocol, type Protocol } from "@cloister/wire";
import type { Arguments } from "../arguments.ts";
import { isModelFile, openModelFile } from "../embedded-model.ts";
import { chooseEndpoint } from "../endpoint.ts";
import { parseEndpoint } from "../endpoint-address.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openModelServer, type ServerAccess } from "../model-server.ts";
import { flagJudgement } from "../permissions/session-permissions.ts";
import { openBinding, type Binding } from "../policy/binding.ts";
import { personHere, readDeclassified } from "../policy/declassified.ts";
import { findKnownSecrets } from "../known-secrets.ts";
import { readSettings } from "../settings.ts";
import { bridgeLines, setupLines } from "../setup-lines.ts";
import { ledgerDirectory } from "./run.ts";

export type AirlockArguments = Extract<Arguments, { command: "airlock" }>;

export async function airlock(args: AirlockArguments, environment: Environment): Promise<number> {
  const binding = await openBinding(environment);
  const settings = readSettings(environment.home);
  const declassified = readDeclassified(args.declassify, environment);
  binding.checkDeclassify(declassified);
  const { policy } = binding.session;
  const judgement = createJudgement(flagJudgement(args.calls, { policy, home: environment.home }));
  const stopped = new AbortController();
  const stop = environment.onInterrupt(() => stopped.abort());
  await using stack = new AsyncDisposableStack();
  stack.defer(stop);

  const ledger = await openLedger({
    directory: args.ledger ?? ledgerDirectory(environment),
    clock: environment.clock,
  });
  stack.defer(() => ledger.close());
  // To ask a server what it is means to contact it, and that is on record before it happens, like all else.
  const onProbe = (probe: Probe): Promise<void> => recordContact(ledger, probe);
  const access = { network: settings.network, timeoutSeconds: settings.timeoutSeconds, onProbe };
  await recordDeclassified({
    ledger,
    texts: declassified,
    person: personHere(environment),
    seals: createSeals(randomBytes(32)),
  });
  const endpoints = await openEndpoints({ args, access, binding, environment, signal: stopped.signal });
  for (const { endpoint } of endpoints) stack.defer(() => endpoint.backend.close());

  const label = binding.label(args.label, settings.label);
  const volatile = volatileOf(binding.text("volatile", settings.volatile));
  const usesFile = args.endpoints.length === 0 && isModelFile(args.model);
  const router = createRouter(endpoints, usesFile ? endpoints[0]?.models[0] : args.model);
  const server = await openAirlockServer({
    router,
    listen: args.socket === undefined ? { port: args.port } : { path: args.socket },
    session: {
      workspaceLabel: label,
      workspace: undefined,
      ledger,
      clock: environment.clock,
      ...binding.session,
      declassified,
      known: findKnownSecrets(environment),
      ...(volatile === undefined ? {} : { volatile }),
      judgement,
      onTrouble: (trouble) => environment.stderr.write(`cloister: ${formatError(trouble)}\n`),
    },
  });
  stack.defer(() => server.close());

  environment.stdout.write(`${server.address}\n`);
  for (const { name, endpoint, models } of endpoints) {
    environment.stderr.write(
      `cloister: ${name} → ${endpoint.url} (${endpoint.protocol.name}), cleared for ${clearanceOf(policy, endpoint) ?? "nothing"}: ${models.join(", ") || "no models named"}\n`,
    );
  }
  if (args.setup) {
    const model =
      (usesFile ? undefined : args.model) ??
      router.models((one) => maySee(policy, one, classify(label)))[0] ??
      "MODEL";
    environment.stdout.write(
      args.socket === undefined ? setupLines(server.address, model) : bridgeLines(args.socket, model),
    );
  }
  await new Promise<void>((resolve) =>
    stopped.signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  return exit.ok;
}

interface Opening {
  readonly args: AirlockArguments;
  readonly access: ServerAccess & { readonly onProbe: (probe: Probe) => Promise<void> };
  readonly binding: Binding;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

function volatileOf(text: string | undefined): VolatilePolicy | undefined {
  return (["freeze", "remove", "keep"] as const).find((name) => name === text);
}

async function openEndpoints(opening: Opening): Promise<RoutedEndpoint[]> {
  const { args, access, binding, environment, signal } = opening;
  // One that is mandatory is the only one.
  const mandatory = binding.text("endpoint", args.endpoints.length === 1 ? args.endpoints[0] : undefined);
  const isBound = binding.managed.policy.settings["endpoint"]?.mode === "mandatory";
  const wanted = isBound || args.endpoints.length === 0 ? [mandatory ?? []].flat() : args.endpoints;
  if (wanted.length > 0) {
    const opened = await Promise.all(wanted.map((text, index) => openEndpoint(text, index, opening)));
    const names = new Set(opened.map(({ name }) => name));
    if (names.size === opened.length) return opened;
    await Promise.all(opened.map(({ endpoint }) => endpoint.backend.close()));
    throw new CloisterError("two endpoints have one name", {
      code: "usage",
      next: "give each its own: --endpoint home=URL --endpoint lab=URL",
    });
  }
  if (isModelFile(args.model)) {
    const { endpoint, model } = await openModelFile(args.model, args.clearance, environment);
    return [{ name: "local", endpoint, models: [model] }];
  }
  const wishes = {
    endpoint: undefined,
    model: args.model,
    clearance: args.clearance,
    usualClearance: undefined,
    ...access,
  };
  const { endpoint, model } = await chooseEndpoint(wishes, environment, signal);
  return [{ name: "local", endpoint, models: [model] }];
}

async function openEndpoint(text: string, index: number, opening: Opening): Promise<RoutedEndpoint> {
  const { args } = opening;
  const { name = index === 0 ? "main" : `endpoint-${index + 1}`, url, ...said } = parseEndpoint(text);
  opening.binding.checkEndpoint(text);
  const { backend, models, server } = await openListed(url.href, said.protocol, opening);
  const local = isLoopback(url);
  const clearance: Label = args.clearance ?? (local ? "core" : "public");
  const protocol = said.protocol ?? (server === "unknown" ? await detect(backend, opening) : chatProtocol);
  return {
    name,
    models,
    endpoint: {
      id: name,
      url: url.href,
      protocol,
      clearance,
      operator: local ? "this machine" : url.host,
      server,
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
  protocol: Protocol | undefined,
  { args, access, environment, signal }: Opening,
): Promise<{ backend: Backend; models: string[]; server: ServerKind }> {
  const { network } = access;
  try {
    const { backend, description } = await openModelServer(
      address,
      { ...access, protocol },
      environment,
      signal,
    );
    const own = description.models.filter(({ remoteHost }) => remoteHost === undefined).map(({ id }) => id);
    // What runs elsewhere is not had here by naming it.
    const isElsewhere = description.models.some(({ id }) => id === args.model);
    const models = own.length === 0 && args.model !== undefined && !isElsewhere ? [args.model] : own;
    return { backend, models, server: description.server };
  } catch (error) {
    const code = error instanceof CloisterError ? error.code : "";
    if (args.model === undefined || code === "endpoint-unreachable" || code === "cancelled") throw error;
    const apiKey = environment.apiKey === undefined ? {} : { apiKey: environment.apiKey };
    const options = {
      ...{ baseUrl: address, clock: environment.clock, ...apiKey },
      sendsXApiKey: protocol === messagesProtocol,
    };
    return {
      backend: createBackend(network === undefined ? options : { ...options, network }),
      models: [args.model],
      server: "unknown",
    };
  }
}

/** By asking each path for nothing: a server that has it complains about the request, not about the path. */
async function detect(backend: Backend, { access, signal }: Opening): Promise<Protocol> {
  const body = Buffer.from("{}");
  for (const protocol of [chatProtocol, messagesProtocol, responsesProtocol]) {
    const { path } = protocol;
    await access.onProbe({ url: backend.url.href, method: "POST", path: `/v1${path}`, bytes: body.length });
    const answer = await backend.send(path, [body], { signal });
    // What it complains about does not matter; closing the body lets go of the connection.
    await answer.body[Symbol.asyncIterator]().return?.();
    if (answer.status !== 404 && answer.status !== 405) return protocol;
  }
  return chatProtocol;
}
