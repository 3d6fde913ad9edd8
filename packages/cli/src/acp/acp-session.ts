/** One session of an editor: the same run as at the screen, told and asked in the editor's protocol. */
import type { AgentEvent, AskAnswer, Ending, Mode } from "@cloister/agent";
import { CloisterError, newId, type Json, type JsonObject } from "@cloister/base";
import type { AgentHandle } from "../agent-host.ts";
import { run } from "../commands/run.ts";
import type { Environment } from "../environment.ts";
import type { RunArguments } from "../run-arguments.ts";
import { createHearing } from "../screen/hearing.ts";
import { askPerson, createApprove, type Choose } from "./asking.ts";
import { updatesOf } from "./updates.ts";

export interface AcpSessionOptions {
  readonly args: RunArguments;
  /** Its directory is the session's workspace. */
  readonly environment: Environment;
  readonly update: (update: JsonObject) => void;
  readonly choose: Choose;
}

export interface AcpSession {
  readonly mode: Mode;
  /** Resolves when what was said is worked off. @throws CloisterError `session-busy`, `session-over` */
  prompt(text: string): Promise<Ending>;
  cancel(): void;
  /** @throws CloisterError `bad-mode`, and as the policy forbids it */
  setMode(mode: string): void;
  /** Resolves when nothing of it is left. */
  close(): Promise<void>;
}

/** What a session may be put into by an editor. */
export const acpModes: readonly { readonly id: Mode; readonly name: string; readonly description: string }[] =
  [
    { id: "default", name: "Default", description: "asks before what leaves the cell or steers others" },
    { id: "acceptEdits", name: "Accept edits", description: "edits of the project are not asked about" },
    { id: "plan", name: "Plan", description: "looks around and plans; changes nothing" },
  ];

/** Resolves when the session can be spoken to. Rejects as a run does when it cannot begin. */
export async function openAcpSession(options: AcpSessionOptions): Promise<AcpSession> {
  const { environment } = options;
  const { choose, update } = holdingAsked(options);
  const workspace = environment.directory;
  const begun = Promise.withResolvers<AgentHandle>();
  const over = new AbortController();
  let asking = new AbortController();
  let mode: Mode = "default";
  let waiting: PromiseWithResolvers<Ending> | undefined;

  // The words before a question come first, as on the screen.
  const hearing = createHearing(environment.clock);
  const approve = createApprove(choose, workspace);

  const event = (told: AgentEvent): void => {
    for (const each of updatesOf(told, workspace)) update(each);
    hearing.heard(told);
    if (told.kind === "start") mode = told.mode ?? "default";
    if (told.kind === "mode") mode = told.mode;
    if (told.kind === "question") {
      const { id, ask } = told;
      // What is no question of the agent's must not end the sessions beside this one.
      void askPerson(id, ask, choose, asking.signal)
        .catch((): AskAnswer => ({ kind: "declined" }))
        .then((answer) => agent?.answer(id, answer));
    }
    if (told.kind !== "end") return;
    // What was asked belongs to what has ended.
    asking.abort(new Error("it has ended"));
    asking = new AbortController();
    waiting?.resolve(told.ending);
    waiting = undefined;
  };
  let agent: AgentHandle | undefined;
  let interrupt = (): void => {};
  const ended = run(
    options.args,
    {
      ...environment,
      onInterrupt: (handler) => {
        interrupt = handler;
        return () => {};
      },
    },
    {
      printer: { event, end: ({ ending }) => waiting?.resolve(ending) },
      approve: async (asked, signal) => {
        await hearing.toldBefore(asked.call.id, signal);
        return approve(asked, signal);
      },
      drive: (handle) => {
        agent = handle;
        begun.resolve(handle);
      },
      begin: () => {},
      onOpen: () => {},
      bring: ({ chosen }) => {
        const commands = chosen.skills.filter(({ isForPerson }) => isForPerson);
        update({
          sessionUpdate: "available_commands_update",
          availableCommands: commands.map(({ name, description }) => ({
            name,
            description,
            input: { hint: "" },
          })),
        });
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
    prompt(text) {
      if (over.signal.aborted) return Promise.reject(over.signal.reason as Error);
      if (waiting !== undefined) {
        const busy = new CloisterError("this session is at work already", {
          code: "session-busy",
          next: "wait for it, or send session/cancel",
        });
        return Promise.reject(busy);
      }
      waiting = Promise.withResolvers();
      handle.send({ text, delivery: "next" });
      return waiting.promise;
    },
    cancel: () => handle.interrupt(),
    setMode(wanted) {
      const known = acpModes.find(({ id }) => id === wanted);
      if (known === undefined) {
        throw new CloisterError(`there is no mode "${wanted}"`, {
          code: "bad-mode",
          next: acpModes.map(({ id }) => id).join(", "),
        });
      }
      const why = handle.whyNotMode?.(known.id);
      if (why !== undefined) throw why;
      mode = known.id;
      handle.setMode(known.id);
    },
    async close() {
      handle.close();
      interrupt();
      await finished;
    },
  };
}

type ToEditor = Pick<AcpSessionOptions, "choose" | "update">;

/**
 * While a person is asked about a call, nothing that the agent tells of it reaches the editor, which would show it in
 * the question's place: an agent that was taken over names calls as it likes, and those it has judged anew.
 */
export function holdingAsked({ choose, update }: ToEditor): ToEditor {
  const asked = new Set<Json | undefined>();
  return {
    choose: async (call, options, signal) => {
      const { toolCallId: named } = call;
      const id = asked.has(named) ? newId("ask") : named;
      asked.add(id);
      try {
        return await choose({ ...call, ...(id === undefined ? {} : { toolCallId: id }) }, options, signal);
      } finally {
        asked.delete(id);
      }
    },
    update: (told) => {
      if (!asked.has(told["toolCallId"])) update(told);
    },
  };
}
