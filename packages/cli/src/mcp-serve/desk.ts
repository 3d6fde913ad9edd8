/** The session behind `cloister mcp serve`: one call after the other, each a piece of work of our agent. */
import type { AgentEvent, Ending } from "@cloister/agent";
import { CloisterError, type JsonObject } from "@cloister/base";
import {
  classify,
  describeClassification,
  isCleared,
  showUnseen,
  type Classification,
  type Label,
} from "@cloister/policy";
import type { AgentHandle } from "../agent-host.ts";
import { run } from "../commands/run.ts";
import type { Environment } from "../environment.ts";
import type { RunArguments } from "../run-arguments.ts";
import { newSession } from "../screen/going-on.ts";
import type { OpenedSession } from "../screen/opened.ts";
import type { AskClient, ClientCall } from "./asking.ts";
import { createCaller, type Asked } from "./caller.ts";
import { isOwnCall } from "./own-call.ts";

export interface Served {
  readonly ok: boolean;
  readonly text: string;
}

export interface ServeDesk {
  call(name: string, args: JsonObject, signal: AbortSignal): Promise<Served>;
  /** A task of our own agent, by its own model, in a session of its own. */
  task(prompt: string, signal: AbortSignal): Promise<Served>;
  /** Resolves when its session is over, whyever. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly args: RunArguments;
  readonly environment: Environment;
  /** Of the client, as it says. */
  readonly client: string;
  /** What the client may be shown. */
  readonly clearance: Label;
  /** Without it nobody can be asked, and what needs a word is refused. */
  readonly ask?: AskClient;
}

const WAITING_MAX = 64;

export async function openServeDesk({
  args,
  environment,
  client,
  clearance,
  ask,
}: ServeOptions): Promise<ServeDesk> {
  const caller = createCaller({ name: client, clearance });
  const begun = Promise.withResolvers<AgentHandle>();
  let waiting: PromiseWithResolvers<Ending> | undefined;
  let opened: OpenedSession | undefined;
  let isOk = true;
  let atWork: ClientCall | undefined;
  const event = (told: AgentEvent): void => {
    if (told.kind === "result") isOk = told.ok;
    if (told.kind === "end") waiting?.resolve(told.ending);
  };
  let interrupt = (): void => {};
  /** What was said to it from here on would be lost. */
  let why: Error | undefined;
  const over = (reason: unknown): void => {
    why = reason instanceof Error ? reason : new Error(String(reason));
    begun.reject(reason);
    waiting?.reject(reason);
  };
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
        onOpen: (session) => {
          opened = session;
        },
      },
      choose: () => ({
        ...{ endpoint: caller.endpoint, model: caller.model, contextTokens: undefined },
        ...{ vision: false, server: "unknown", found: false },
      }),
      drive: begun.resolve,
      ...(ask === undefined
        ? {}
        : {
            // A hook, or an agent that was taken over, has calls judged too: what they say is not for the client.
            approve: async (question, signal) => {
              const own = atWork;
              const isTheirs = own !== undefined && (await isOwnCall(question.call, own));
              return isTheirs ? await ask(question, own, signal) : "no";
            },
          }),
    },
  ).then(
    () => over(new CloisterError("the session has ended", { code: "session-over", next: "call again" })),
    (error: unknown) => over(error),
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
      if (why !== undefined) throw why;
      // A call that could not even be begun has no result that says so.
      isOk = asked.kind === "text";
      waiting = Promise.withResolvers();
      caller.ask(asked);
      atWork = asked.kind === "call" ? { name: asked.name, args: asked.args } : undefined;
      const cancel = (): void => handle.interrupt();
      signal.addEventListener("abort", cancel, { once: true });
      handle.send({ text, delivery: "next" });
      const ending = await waiting.promise.finally(() => {
        signal.removeEventListener("abort", cancel);
        atWork = undefined;
      });
      waiting = undefined;
      const seen = caller.take();
      // What the client may not see never reached it: then there is only the reason.
      if (seen !== undefined) return { ok: isOk, text: seen };
      const { message } = ending.error ?? {};
      if (message !== undefined) environment.stderr.write(`cloister: ${showUnseen(message)}\n`);
      return { ok: false, text: whyNothing(ending, { client, clearance, held: opened?.classification() }) };
    });

  return {
    call: (name, given, signal) => {
      const said = `${client} calls ${name}.`;
      return show({ kind: "call", name, args: given, said }, said, signal);
    },
    async task(prompt, signal) {
      const done = await runTask({ args, environment, prompt: asWords(prompt, `${client} asks`), signal });
      const { held } = done;
      if (!isCleared(held, { label: clearance, compartments: [] })) {
        return {
          ok: false,
          text: `The work is done, but what it is about is ${describeClassification(held)}, and ${client} is cleared for ${clearance}: its report stays here.`,
        };
      }
      // A policy may clear the client for less than that.
      opened?.raise(held);
      const shown = await show({ kind: "text" }, asWords(done.text, "The report"), signal);
      return { ok: shown.ok && done.ok, text: shown.text };
    },
    ended: finished,
    async close() {
      handle.close();
      interrupt();
      await finished;
    },
  };
}

/** A message that begins like a command of the person's is one only when it is the person who says it. */
function asWords(text: string, by: string): string {
  return text.trimStart().startsWith("/") ? `${by}: ${text}` : text;
}

interface Limits {
  readonly client: string;
  readonly clearance: Label;
  /** Undefined: nobody knows. */
  readonly held: Classification | undefined;
}

/** In our own words: those of the agent passed no airlock, and an agent that was taken over may say anything. */
export function whyNothing(
  { outcome }: Pick<Ending, "outcome">,
  { client, clearance, held }: Limits,
): string {
  if (held !== undefined && !isCleared(held, { label: clearance, compartments: [] })) {
    return `what this session holds is ${describeClassification(held)}; client:${client} is cleared for ${clearance} only; whoever answers for the data can start the server with --clearance`;
  }
  const how = outcome === "cancelled" ? "it was cancelled" : "it did not come to an answer";
  return `${how}; the reason is on the standard error of cloister mcp serve`;
}

interface TaskDone extends Served {
  /** Of what the agent came to hold. */
  readonly held: Classification;
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
  // Until it says what it holds, it may be anything.
  let held = classify("core", ["unknown"], "untrusted");
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
          held = opened?.classification() ?? held;
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
  return { ok: isDone, text: `${why}${ending?.text ?? ""}`, held };
}
