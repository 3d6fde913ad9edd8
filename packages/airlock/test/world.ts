/** A whole airlock for a test: real ledger, real HTTP to a rehearsal model, the keeper's real socket. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBackend, type ServerKind } from "@cloister/backend";
import {
  parseRehearsalScript,
  startRehearsal,
  type Rehearsal,
  type RehearsalTurn,
} from "@cloister/backend/rehearsal";
import { systemClock, type Clock, type JsonObject } from "@cloister/base";
import { openCells, type CellView } from "@cloister/cell";
import { openLedger, readEntries, type Ledger } from "@cloister/ledger";
import type { FingerprintIndex, Label, Policy } from "@cloister/policy";
import { chatProtocol, type AnswerEvent, type Protocol } from "@cloister/wire";
import { createKeeperClient, type KeeperClient } from "../src/client.ts";
import {
  createJudgement,
  createOtherModels,
  openKeeper,
  openSession,
  streamOf,
  type AirlockSession,
  type CommandWorld,
  type JudgementOptions,
  type NamedEndpoint,
  type ProcessWorld,
} from "../src/index.ts";

/** A minute of looking: a busy machine is no failure. */
const RECORD_TRIES_MAX = 12_000;

export interface World extends AsyncDisposable {
  readonly client: KeeperClient;
  readonly session: AirlockSession;
  readonly rehearsal: Rehearsal;
  readonly ledgerDirectory: string;
  /** Where commands run. */
  readonly workspace: string;
  readonly view: CellView;
  readonly socketPath: string;
  readonly troubles: readonly unknown[];
  ask(body: JsonObject, signal?: AbortSignal): Promise<AnswerEvent[]>;
  /** What the model server received, request by request. */
  sent(): string[];
  entries(): Promise<JsonObject[]>;
  /** The entries of a type, once there is one: some are written when the client has its answer already. */
  recorded(type: string): Promise<JsonObject[]>;
}

export interface WorldOptions {
  readonly turns?: readonly RehearsalTurn[];
  /** Who asks: our own agent, or somebody who says their name. Default `started`. */
  readonly evidence?: "started" | "claimed";
  readonly label?: Label;
  readonly clearance?: Label;
  /** In the place of the rehearsal model. */
  readonly url?: string;
  /** What is spoken there. Default Chat. */
  readonly protocol?: Protocol;
  /** What the model server was found to be. */
  readonly server?: ServerKind;
  readonly wrapLedger?: (ledger: Ledger) => Ledger;
  readonly warmUp?: JsonObject;
  readonly policy?: Policy;
  readonly indexes?: readonly FingerprintIndex[];
  readonly judgement?: JudgementOptions;
  /** Any folder that is there, unless a test needs files. */
  readonly workspace?: string;
  /** `bubblewrap`: real cells, in a workspace that is empty. Default `none`. */
  readonly tier?: "none" | "bubblewrap";
  readonly processes?: ProcessWorld;
  /** Other models: at the same server, and elsewhere. */
  readonly others?: { readonly own: readonly string[]; readonly named: readonly NamedEndpoint[] };
  /** Those of them that answer when the session's own is down. */
  readonly fallbacks?: readonly string[];
  /** Of the airlock and its way to the model; without it the system's. */
  readonly clock?: Clock;
  /** What the organisation has checked before a command. */
  readonly required?: CommandWorld["required"];
}

/** Any folder that is there: nothing is read from it or written to it. */
export const projectFolder: string = realpathSync(tmpdir());

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "airlock-test-")));
  const { tier = "none" } = options;
  const commandWorkspace = tier === "none" ? base : join(base, "work");
  mkdirSync(commandWorkspace, { recursive: true });
  const ledgerDirectory = join(base, "ledger");
  const turns = options.turns ?? [{ text: "Hello." }];
  const rehearsal = await startRehearsal(parseRehearsalScript({ turns }, "script"));
  const ledger = await openLedger({ directory: ledgerDirectory, clock: systemClock });
  const url = options.url ?? rehearsal.url;
  const clock = options.clock ?? systemClock;
  const backend = createBackend({ baseUrl: url, clock });
  const troubles: unknown[] = [];
  const session = openSession({
    client: { name: "test", version: "1", evidence: options.evidence ?? "started" },
    workspaceLabel: options.label ?? "internal",
    workspace: options.workspace ?? projectFolder,
    ...(options.policy === undefined ? {} : { policy: options.policy }),
    judgement: createJudgement(options.judgement),
    ledger: options.wrapLedger?.(ledger) ?? ledger,
    clock,
    onTrouble: (trouble) => troubles.push(trouble),
    ...(options.indexes === undefined ? {} : { indexes: options.indexes }),
  });
  const cells = await openCells({
    tier,
    streamOf,
    scratch: join(base, "cells"),
    architecture: process.arch,
    user: { uid: 0, gid: 0 },
  });
  const socketPath = join(base, "keeper.sock");
  const home = tier === "none" ? base : "/home/somebody";
  const view = { workspace: commandWorkspace, home, readable: [], sockets: [], system: "whole" } as const;
  const clearance = options.clearance ?? "core";
  const endpoint = {
    ...{
      id: "home",
      url,
      protocol: options.protocol ?? chatProtocol,
      clearance,
      operator: "this machine",
      backend,
    },
    ...(options.server === undefined ? {} : { server: options.server }),
  };
  const { others } = options;
  const models =
    others === undefined
      ? undefined
      : createOtherModels({ own: { name: "home", endpoint, models: others.own }, named: others.named });
  const keeper = await openKeeper({
    session,
    ...(models === undefined ? {} : { others: models }),
    ...(options.fallbacks === undefined ? {} : { fallbacks: options.fallbacks }),
    endpoint,
    model: "m",
    ...(options.warmUp === undefined ? {} : { warmUp: options.warmUp }),
    ...(options.processes === undefined ? {} : { processes: options.processes }),
    socketPath,
    owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    commands: {
      ...{ cells, view, environment: { PATH: "/usr/bin:/bin" } },
      ...(options.required === undefined ? {} : { required: options.required }),
    },
  });
  const client = createKeeperClient(socketPath);
  const entries = async (): Promise<JsonObject[]> =>
    (await Array.fromAsync(readEntries(ledgerDirectory))).map(({ body }) => body);
  return {
    client,
    session,
    rehearsal,
    ledgerDirectory,
    workspace: commandWorkspace,
    view,
    socketPath,
    troubles,
    ask: (body, signal = new AbortController().signal) =>
      Array.fromAsync(client.ask([Buffer.from(JSON.stringify(body))], signal)),
    sent: () => rehearsal.requests.map(({ body }) => Buffer.from(body).toString("utf8")),
    entries,
    recorded: async (type) => {
      for (let tries = 0; tries < RECORD_TRIES_MAX; tries++) {
        const found = (await entries()).filter((entry) => entry["t"] === type);
        if (found.length > 0) return found;
        await systemClock.sleep(5);
      }
      return [];
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await keeper.close();
      await models?.close();
      cells.close();
      await ledger.close();
      await backend.close();
      await rehearsal.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

export function user(content: string): JsonObject {
  return { role: "user", content };
}

export function request(...messages: JsonObject[]): JsonObject {
  return { model: "m", stream: true, tools, messages };
}

const tools = ["Read", "Edit", "Write", "Bash"].map((name) => {
  const required = name === "Bash" ? ["command"] : ["file_path"];
  const names = [...required, "old_string", "new_string", "content"];
  const properties = Object.fromEntries(names.map((argument) => [argument, { type: "string" }]));
  return { type: "function", function: { name, parameters: { type: "object", properties, required } } };
});
