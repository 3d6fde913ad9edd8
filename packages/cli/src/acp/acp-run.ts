/** One run of an editor's session: as at the screen, told and asked in the editor's protocol. */
import type { AgentEvent, AskAnswer, Ending, Mode } from "@cloister/agent";
import type { McpServer } from "@cloister/agent/extensions";
import { CloisterError, type JsonObject } from "@cloister/base";
import type { AgentHandle } from "../agent-host.ts";
import { hasDied } from "../agent-death.ts";
import { run } from "../commands/run.ts";
import type { ChosenEndpoint } from "../endpoint.ts";
import type { Environment } from "../environment.ts";
import type { OpenedExtensions } from "../extension/open.ts";
import type { RunArguments } from "../run-arguments.ts";
import { createHearing } from "../screen/hearing.ts";
import { titleOf } from "../sessions/story.ts";
import { askPerson, createApprove, type ToEditor } from "./asking.ts";
import { createLiveOutput } from "./live-output.ts";
import type { SaidBlocks } from "./prompt-blocks.ts";
import { updatesOf } from "./updates.ts";

export interface AcpRunOptions extends ToEditor {
  readonly args: RunArguments;
  /** Its directory is the session's workspace. */
  readonly environment: Environment;
  /** Of the editor, those that the person approved. */
  readonly servers: readonly McpServer[];
  /** Its mode is another one now. */
  readonly onMode: () => void;
  /** The editor has left: also what is only beginning ends. */
  readonly gone: AbortSignal;
}

export interface AcpRun {
  readonly mode: Mode;
  readonly chosen: ChosenEndpoint | undefined;
  /** What a project brings, as it was when the run began. */
  readonly extensions: OpenedExtensions | undefined;
  /** Whether anything was said in it. */
  readonly hasMessages: boolean;
  /** Why nothing more can be said in it; undefined while it can. */
  readonly over: unknown;
  /** Resolves when what was said is worked off. Rejects with `over`. */
  say(said: SaidBlocks): Promise<Ending>;
  cancel(): void;
  /** @throws CloisterError as the policy forbids it */
  setMode(mode: Mode): void;
  /** Resolves when nothing of it is left. */
  close(): Promise<void>;
}

/** Resolves when it can be spoken to. Rejects as a run does when it cannot begin. */
export async function openAcpRun(options: AcpRunOptions): Promise<AcpRun> {
  const { environment, servers, gone, choose, update } = options;
  const workspace = environment.directory;
  const begun = Promise.withResolvers<AgentHandle>();
  const over = new AbortController();
  let asking = new AbortController();
  const { mode: wished } = options.args.permissions;
  let mode: Mode = wished ?? "default";
  let chosen: ChosenEndpoint | undefined;
  let extensions: OpenedExtensions | undefined;
  let hasMessages = false;
  let waiting: PromiseWithResolvers<Ending> | undefined;
  let agent: AgentHandle | undefined;
  let interrupt = (): void => {};

  // The words before a question come first, as on the screen.
  const hearing = createHearing(environment.clock);
  const approve = createApprove(choose, workspace);
  const live = createLiveOutput(environment.clock);

  const finishWork = (ending: Ending): void => {
    // What was asked belongs to what has ended.
    asking.abort(new Error("it has ended"));
    asking = new AbortController();
    waiting?.resolve(ending);
    waiting = undefined;
  };
  const become = (now: Mode): void => {
    if (mode === now) return;
    mode = now;
    options.onMode();
  };
  const event = (told: AgentEvent): void => {
    for (const each of updatesOf(told, workspace)) update(each);
    const output = live(told);
    if (output !== undefined) update(output);
    hearing.heard(told);
    if (told.kind === "start") become(told.mode ?? "default");
    if (told.kind === "mode") become(told.mode);
    if (told.kind === "user") {
      const isFirst = options.args.session.from === "new" && !hasMessages;
      if (isFirst) update({ sessionUpdate: "session_info_update", title: titleOf([told]) });
      hasMessages = true;
    }
    if (told.kind === "question") {
      const { id, ask } = told;
      // What is no question of the agent's must not end the sessions beside this one.
      void askPerson(id, ask, choose, asking.signal)
        .catch((): AskAnswer => ({ kind: "declined" }))
        .then((answer) => agent?.answer(id, answer));
    }
    if (told.kind === "end") finishWork(told.ending);
  };
  const ended = run(
    options.args,
    {
      ...environment,
      onInterrupt: (handler) => {
        interrupt = handler;
        gone.addEventListener("abort", handler, { once: true });
        if (gone.aborted) handler();
        return () => gone.removeEventListener("abort", handler);
      },
    },
    {
      printer: {
        event,
        end: ({ ending }) => {
          if (hasDied(ending)) over.abort(diedOf(ending));
          // Any other end was told before, and is of an earlier message than one that still waits.
          if (hasDied(ending) || ending.outcome === "cancelled") finishWork(ending);
        },
      },
      approve: async (asked, signal) => {
        await hearing.toldBefore(asked.call.id, signal);
        return approve(asked, signal);
      },
      drive: (handle) => {
        agent = handle;
        begun.resolve(handle);
      },
      begin: (endpoint) => {
        chosen = endpoint;
      },
      onOpen: () => {},
      goesOn: ({ mode: kept }) => {
        mode = wished ?? kept ?? mode;
        return Promise.resolve();
      },
      servers,
      bring: (brought) => {
        extensions = brought;
        update(commandsOf(brought));
        return Promise.resolve(false);
      },
    },
  );
  const finish = async (): Promise<void> => {
    const why: unknown = await ended.then(
      () => new CloisterError("the session is over", { code: "session-over" }),
      (error: unknown) => error,
    );
    over.abort(why);
    asking.abort(why);
    begun.reject(why);
    waiting?.reject(why);
  };
  const finished = finish();
  const handle = await begun.promise;

  return {
    get mode() {
      return mode;
    },
    get chosen() {
      return chosen;
    },
    get extensions() {
      return extensions;
    },
    get hasMessages() {
      return hasMessages;
    },
    get over(): unknown {
      return over.signal.aborted ? (over.signal.reason as unknown) : undefined;
    },
    say(said) {
      if (over.signal.aborted) return Promise.reject(over.signal.reason as Error);
      waiting = Promise.withResolvers();
      handle.send({ ...said, delivery: "next" });
      return waiting.promise;
    },
    cancel: () => handle.interrupt(),
    setMode(wanted) {
      const why = handle.whyNotMode?.(wanted);
      if (why !== undefined) throw why;
      mode = wanted;
      handle.setMode(wanted);
    },
    async close() {
      handle.close();
      interrupt();
      await finished;
    },
  };
}

function commandsOf({ chosen }: OpenedExtensions): JsonObject {
  const availableCommands = chosen.skills
    .filter(({ isForPerson }) => isForPerson)
    .map(({ name, description }) => ({ name, description, input: { hint: "" } }));
  return { sessionUpdate: "available_commands_update", availableCommands };
}

function diedOf({ error }: Ending): CloisterError {
  const { code = "session-over", message = "the session is over", next } = error ?? {};
  return new CloisterError(message, { code, ...(next === undefined ? {} : { next }) });
}
