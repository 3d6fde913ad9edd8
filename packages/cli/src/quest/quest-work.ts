/** One session of the agent for a part of a longer job: driven from here, and shown in one line for each call. */
import type { AgentEvent } from "@cloister/agent";
import type { RunArguments } from "../run-arguments.ts";
import { run } from "../commands/run.ts";
import type { AgentHandle } from "../agent-host.ts";
import type { Environment } from "../environment.ts";
import { createTextPrinter } from "../print/text.ts";
import type { RunScreen } from "../screen/run-screen.ts";
import type { OpenedSession } from "../screen/opened.ts";
import type { CheckOutcome, Worked, WorkOptions } from "./quest.ts";

export interface SessionWork {
  work(prompt: string, options: WorkOptions): Promise<Worked>;
  /** In a cell of the session that is at work. */
  check(command: string): Promise<CheckOutcome>;
}

export function createSessionWork(args: RunArguments, environment: Environment): SessionWork {
  let opened: OpenedSession | undefined;
  return {
    check: async (command) => {
      if (opened === undefined) return { passed: false, output: "no session is open" };
      const { output, exit } = await opened.run(command, new AbortController().signal);
      return { passed: exit === "0", output };
    },
    work: async (prompt, { isPlanning, answerSchema, after }) => {
      const own: RunArguments = {
        ...args,
        prompt,
        ...(answerSchema === undefined ? {} : { jsonSchema: JSON.stringify(answerSchema) }),
        ...(isPlanning ? { permissions: { ...args.permissions, mode: "plan" } } : {}),
      };
      let worked: Worked | undefined;
      const screen = screenFor({
        prompt,
        after,
        environment,
        onOpen: (session) => {
          opened = session;
        },
        onEnd: (end) => {
          worked = end;
        },
      });
      await run(own, environment, screen);
      opened = undefined;
      return worked ?? { isDone: false, text: "", structured: undefined, why: "the session did not end" };
    },
  };
}

interface ScreenParts {
  readonly prompt: string;
  readonly after: WorkOptions["after"];
  readonly environment: Environment;
  readonly onOpen: RunScreen["onOpen"];
  readonly onEnd: (worked: Worked) => void;
}

/** Nobody is at this screen: what needs a person's word is refused, as in any headless run. */
function screenFor({ prompt, after, environment, onOpen, onEnd }: ScreenParts): RunScreen {
  const lines = createTextPrinter({ ...environment, stdout: environment.stderr });
  let agent: AgentHandle | undefined;
  const goOn = async (): Promise<void> => {
    const more = await after?.();
    if (more === undefined) agent?.close();
    else agent?.send({ text: more });
  };
  const isDone = (event: AgentEvent): boolean => event.kind === "end" && event.ending.outcome === "done";
  return {
    begin: () => {
      /* the quest says itself what comes */
    },
    onOpen,
    drive: (handle) => {
      agent = handle;
      handle.send({ text: prompt });
    },
    printer: {
      event: (event) => {
        lines.event(event);
        if (event.kind !== "end") return;
        if (isDone(event)) void goOn().catch(() => agent?.close());
        else agent?.close();
      },
      end: ({ ending }) => {
        const { outcome, text, structured, error } = ending;
        const why = error === undefined ? outcome : `${error.message}${hint(error.next)}`;
        onEnd({ isDone: outcome === "done", text, structured, why });
      },
    },
  };
}

function hint(next: string | undefined): string {
  return next === undefined ? "" : `\nnext: ${next}`;
}
