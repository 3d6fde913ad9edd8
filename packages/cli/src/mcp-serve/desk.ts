/** The session behind `cloister mcp serve`: one call after the other, each a piece of work of our agent. */
import type { AgentEvent, Ending } from "@cloister/agent";
import { CloisterError, type JsonObject } from "@cloister/base";
import { isWithin, type Label } from "@cloister/policy";
import type { AgentHandle } from "../agent-host.ts";
import { run } from "../commands/run.ts";
import type { Environment } from "../environment.ts";
import type { RunArguments } from "../run-arguments.ts";
import { newSession } from "../screen/going-on.ts";
import type { OpenedSession } from "../screen/opened.ts";
import { createCaller, type Asked } from "./caller.ts";

export interface Served {
  readonly ok: boolean;
  readonly text: string;
}

export interface ServeDesk {
  call(name: string, args: JsonObject, signal: AbortSignal): Promise<Served>;
  /** A task of our own agent, by its own model, in a session of its own. */
  task(prompt: string, signal: AbortSignal): Promise<Served>;
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly args: RunArguments;
  readonly environment: Environment;
  /** Of the client, as it says. */
  readonly client: string;
  /** What the client may be shown. */
  readonly clearance: Label;
}

const WAITING_MAX = 64;

export async function openServeDesk({
  args,
  environment,
  client,
  clearance,
}: ServeOptions): Promise<ServeDesk> {
  const caller = createCaller({ name: client, clearance });
  const begun = Promise.withResolvers<AgentHandle>();
  let waiting: PromiseWithResolvers<Ending> | undefined;
  let isOk = true;
  const event = (told: AgentEvent): void => {
    if (told.kind === "result") isOk = told.ok;
    if (told.kind === "end") waiting?.resolve(told.ending);
  };
  let interrupt = (): void => {};
  const finished = run(
    { ...args, prompt: "", session: { ...newSession({ isSaved: false }) } },
    {
      ...environment,
      onInterrupt: (handler) => {
        interrupt = handler;
        return () => {};
      },
    },
    {
      ...{
        printer: { event, end: ({ ending }) => waiting?.resolve(ending) },
        begin: () => {},
        onOpen: () => {},
      },
      choose: () => ({
        ...{ endpoint: caller.endpoint, model: caller.model, contextTokens: undefined },
        ...{ vision: false, server: "unknown", found: false },
      }),
      drive: begun.resolve,
    },
  ).then(
    () => waiting?.reject(new CloisterError("the session has ended", { code: "session-over" })),
    (error: unknown) => {
      begun.reject(error);
      waiting?.reject(error);
    },
  );
  const handle = await begun.promise;

  let last: Promise<unknown> = Promise.resolve();
  let inLine = 0;
  /** In the order in which they came: a client may send several at once, and each may see what the last one changed. */
  const inTurn = async (work: () => Promise<Served>): Promise<Served> => {
    if (inLine >= WAITING_MAX) return { ok: false, text: `${WAITING_MAX} calls are waiting already` };
    inLine += 1;
    const mine = last.then(work);
    last = mine.catch(() => {
      /* whoever asked is told */
    });
    return await mine.finally(() => (inLine -= 1));
  };
  const show = (asked: Asked, text: string, signal: AbortSignal): Promise<Served> =>
    inTurn(async () => {
      signal.throwIfAborted();
      isOk = true;
      waiting = Promise.withResolvers();
      caller.ask(asked);
      const cancel = (): void => handle.interrupt();
      signal.addEventListener("abort", cancel, { once: true });
      handle.send({ text, delivery: "next" });
      const ending = await waiting.promise.finally(() => signal.removeEventListener("abort", cancel));
      waiting = undefined;
      const seen = caller.take();
      // What the client may not see never reached it: then there is only the reason.
      if (seen !== undefined) return { ok: isOk, text: seen };
      const { message = ending.outcome, next } = ending.error ?? {};
      return { ok: false, text: next === undefined ? message : `${message}; ${next}` };
    });

  return {
    call: (name, given, signal) => {
      const said = `${client} calls ${name}.`;
      return show({ kind: "call", name, args: given, said }, said, signal);
    },
    async task(prompt, signal) {
      const done = await runTask({ args, environment, prompt, signal });
      if (!isWithin(done.label, clearance)) {
        return {
          ok: false,
          text: `The work is done, but what it is about is ${done.label}, and ${client} is cleared for ${clearance}: its report stays here.`,
        };
      }
      const shown = await show({ kind: "text" }, done.text, signal);
      return { ok: shown.ok && done.ok, text: shown.text };
    },
    async close() {
      handle.close();
      interrupt();
      await finished;
    },
  };
}

interface TaskDone extends Served {
  /** Of what the agent came to hold. */
  readonly label: Label;
}

async function runTask({
  args,
  environment,
  prompt,
  signal,
}: Pick<ServeOptions, "args" | "environment"> & {
  readonly prompt: string;
  readonly signal: AbortSignal;
}): Promise<TaskDone> {
  let opened: OpenedSession | undefined;
  let ending: Ending | undefined;
  let label: Label = "core";
  await run(
    { ...args, prompt: "", session: newSession({ isSaved: true }) },
    {
      ...environment,
      onInterrupt: (handler) => {
        signal.addEventListener("abort", handler, { once: true });
        if (signal.aborted) handler();
        return () => signal.removeEventListener("abort", handler);
      },
    },
    {
      printer: {
        event: () => {},
        end: (outcome) => {
          ending = outcome.ending;
          label = opened?.label() ?? label;
        },
      },
      begin: () => {},
      onOpen: (session) => {
        opened = session;
      },
      drive: (agent) => {
        agent.send({ text: prompt });
        agent.close();
      },
    },
  );
  const isDone = ending?.outcome === "done";
  const why = isDone ? "" : `It did not finish: ${ending?.error?.message ?? ending?.outcome ?? "unknown"}. `;
  return { ok: isDone, text: `${why}${ending?.text ?? ""}`, label };
}
