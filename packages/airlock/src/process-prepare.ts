/** From a wish to something that can be started: looked up, judged, on record. */
import { CloisterError } from "@cloister/base";
import { inTerminal, type CellView, type Launch } from "@cloister/cell";
import {
  beginCommand,
  recordStart,
  shellArgv,
  type ProcessResult,
  type Started,
  withoutStartFiles,
} from "./command-begin.ts";
import type { OnceOutcome } from "./process-again.ts";
import type { Bridge } from "./process-bridge.ts";
import type { ProcessesOptions, ServerDefinition } from "./process-definition.ts";
import type { LineGate } from "./process-lines.ts";
import { changedSince } from "./process-refusals.ts";
import type { ProcessRequest } from "./process-request.ts";

/** On record, and ready to be started. */
export interface Prepared {
  readonly launch:
    | { readonly view: CellView; readonly launch: Launch }
    | { readonly bridge: Bridge }
    | { readonly said: OnceOutcome };
  readonly timeoutMs: number | undefined;
  readonly input?: string;
  readonly beforeOutput: () => void;
  readonly finish: (result: ProcessResult) => string | undefined;
  readonly gate?: LineGate | undefined;
}

/** @throws CloisterError `unknown-process`, `denied`, `no-terminal`, and what the ledger throws */
export async function prepare(options: ProcessesOptions, request: ProcessRequest): Promise<Prepared> {
  const { processes } = options;
  switch (request.kind) {
    case "command":
      return prepareCommand(options, request);
    case "server":
      return prepareDefined(options, processes?.servers.get(request.name), {
        ...{ kind: "server", name: request.name, environment: {}, timeoutMs: undefined },
      });
    case "hook": {
      const { id, environment, timeoutMs, input } = request;
      const definition = processes?.hooks.get(id);
      const isProgram = definition !== undefined && !("bridge" in definition);
      const said = isProgram ? definition.kept?.(input) : undefined;
      if (said !== undefined) return alreadyRun(said);
      return {
        ...(await prepareDefined(options, definition, { kind: "hook", name: id, environment, timeoutMs })),
        input,
      };
    }
  }
}

/** Its start and its end are on record since the keeper ran it. */
function alreadyRun(said: OnceOutcome): Prepared {
  return {
    launch: { said },
    timeoutMs: undefined,
    beforeOutput: () => {
      /* nothing new comes out of a cell */
    },
    finish: () => undefined,
  };
}

async function prepareCommand(
  { session, commands }: ProcessesOptions,
  { shell, terminal, timeoutMs }: Extract<ProcessRequest, { kind: "command" }>,
): Promise<Prepared> {
  const plain = withoutStartFiles(shellArgv(shell, commands));
  // Before it is recorded: a terminal that cannot be had is no start.
  const argv = terminal === undefined ? plain : inTerminal(plain, terminal);
  const fields = { kind: terminal === undefined ? "background" : "terminal" };
  const begun = await beginCommand(session, commands, shell, { fields, isShell: true, isLong: true });
  const environment =
    terminal === undefined
      ? begun.environment
      : { ...begun.environment, SHELL: plain[0] ?? "/bin/sh", TERM: "xterm" };
  return {
    launch: { view: begun.view, launch: { argv, directory: begun.view.workspace, environment } },
    timeoutMs,
    beforeOutput: begun.beforeOutput,
    finish: begun.finish,
  };
}

interface Named {
  readonly kind: "server" | "hook";
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
}

async function prepareDefined(
  { session, commands }: ProcessesOptions,
  definition: ServerDefinition | undefined,
  { kind, name, environment, timeoutMs }: Named,
): Promise<Prepared> {
  if (definition === undefined) {
    throw new CloisterError(`no ${kind} is registered as "${name}"`, {
      code: "unknown-process",
      next: "the agent starts only what was registered when the session began",
    });
  }
  const isBridge = "bridge" in definition;
  if (!isBridge && (await definition.isApproved?.()) === false) throw changedSince(kind, name);
  const start: Started = {
    text: isBridge ? name : JSON.stringify(definition.argv),
    fields: { kind, name },
    egress: isBridge ? undefined : definition.egress,
  };
  const {
    finish,
    beforeOutput,
    networkNamespace,
    environment: proxy,
  } = await recordStart(session, commands, start);
  return {
    launch: isBridge
      ? { bridge: definition.bridge }
      : {
          view: networkNamespace === undefined ? definition.view : { ...definition.view, networkNamespace },
          launch: {
            argv: definition.argv,
            directory: definition.directory ?? definition.view.workspace,
            environment: { ...environment, ...definition.environment, ...proxy },
          },
        },
    ...{ timeoutMs, beforeOutput, gate: isBridge ? undefined : definition.gate },
    finish: (result) => {
      finish(result);
      return undefined;
    },
  };
}
