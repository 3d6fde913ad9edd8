/** `cloister` at a terminal: the screen first, then everything else behind it. */
import {
  consoleWords,
  createTerminal,
  openConsole,
  type Console,
  type ConsoleCommand,
} from "@cloister/console";
import { CloisterError } from "@cloister/base";
import type { AgentHandle } from "../agent-host.ts";
import type { InteractiveArguments } from "../arguments.ts";
import type { RunArguments } from "../run-arguments.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openHistory } from "../screen/history-file.ts";
import { editExternally } from "../screen/external-editor.ts";
import { colourDepthOf, themeOf } from "../screen/look.ts";
import type { OpenedSession } from "../screen/opened.ts";
import type { RunScreen } from "../screen/run-screen.ts";
import { toLines } from "../screen/notices.ts";

export async function interactive(args: InteractiveArguments, environment: Environment): Promise<number> {
  const { clock, directory, version, home } = environment;
  const words = consoleWords(environment.lang);
  let agent: AgentHandle | undefined;
  let opened: OpenedSession | undefined;
  let retry = Promise.withResolvers<void>();
  /** Said before there is anybody to hear it. */
  let waiting: ConsoleCommand[] = [];

  const onCommand = (command: ConsoleCommand): void => {
    if (command.do === "retry") retry.resolve();
    else if (agent === undefined) waiting.push(command);
    else obey(command, agent);
  };
  const screen = openConsole({
    terminal: createTerminal(environment),
    ...{ words, clock, directory, version },
    theme: themeOf(environment),
    depth: colourDepthOf(environment),
    history: openHistory(home),
    listFiles: async () =>
      (await import("@cloister/agent")).listFiles(directory, new AbortController().signal),
    shell: async (line, signal) => {
      if (opened === undefined) throw new CloisterError(words.notYet, { code: "not-ready" });
      return await opened.run(line, signal);
    },
    editExternally: (text) => editExternally(text, environment),
    suspend: suspendProcess,
    onCommand,
  });

  let interrupt: (() => void) | undefined;
  const leaving = new AbortController();
  const left = screen.left.then(() => leaving.abort());
  const deaf = environment.onSignal(() => leaving.abort());
  // Whatever ends the process, the terminal is the person's again.
  const restore = (): void => screen.close();
  process.once("exit", restore);
  leaving.signal.addEventListener("abort", () => {
    interrupt?.();
    retry.resolve();
  });
  /** What is printed elsewhere is said on the screen; a signal ends the session as leaving does. */
  const around: Environment = {
    ...environment,
    stderr: toLines((text) => screen.notice(text)),
    onInterrupt: (handler) => {
      interrupt = handler;
      if (leaving.signal.aborted) handler();
      return environment.onInterrupt(handler);
    },
  };
  const front = toScreen(screen, {
    drive: (handle) => {
      agent = handle;
      for (const command of waiting) obey(command, handle);
      waiting = [];
    },
    onOpen: (session) => {
      opened = session;
    },
    facts: () => ({ label: opened?.label(), sealed: opened?.sealed() ?? 0 }),
  });

  try {
    while (!leaving.signal.aborted) {
      const run = (await import("./run.ts")).run;
      try {
        await run(toRun(args), around, front);
      } catch (error) {
        if (!leaving.signal.aborted && isNoModel(error)) screen.offer(words.noModel);
        else if (!leaving.signal.aborted) {
          screen.trouble(error);
          screen.offer([]);
        }
      }
      agent = undefined;
      opened = undefined;
      if (leaving.signal.aborted) break;
      await Promise.race([retry.promise, left]);
      retry = Promise.withResolvers();
    }
  } finally {
    deaf();
    process.off("exit", restore);
    screen.close();
  }
  return exit.ok;
}

function isNoModel(error: unknown): boolean {
  return error instanceof CloisterError && error.code === "no-model-found";
}

function toRun(args: InteractiveArguments): RunArguments {
  return { ...args, command: "run" };
}

function obey(command: ConsoleCommand, agent: AgentHandle): void {
  switch (command.do) {
    case "send":
      agent.send(command.message);
      break;
    case "interrupt":
      agent.interrupt();
      break;
    case "mode":
      agent.setMode(command.mode);
      break;
    case "compact":
      agent.compact(command.hints);
      break;
    case "answer":
      agent.answer(command.id, command.answer);
      break;
    case "retry":
      break;
  }
}

interface Keeping extends Pick<RunScreen, "drive" | "onOpen"> {
  readonly facts: () => { readonly label: string | undefined; readonly sealed: number };
}

function toScreen(screen: Console, { drive, onOpen, facts }: Keeping): RunScreen {
  let hasEnded = true;
  return {
    drive,
    onOpen,
    printer: {
      event: (event) => {
        if (event.kind === "user") hasEnded = false;
        if (event.kind === "end") hasEnded = true;
        screen.event(event);
        // What was read may have raised the label or held a secret: after each step it is looked at again.
        if (factEvents.has(event.kind)) screen.facts(facts());
      },
      end: ({ ending }) => {
        if (!hasEnded || ending.error?.code === "agent-died") screen.event({ kind: "end", ending });
        hasEnded = true;
        screen.offer([]);
      },
    },
    approve: async (question, signal) => {
      const { diffTexts } = await import("@cloister/agent");
      const { edits, findings, reason, rule, suggestions, text, tool, effect } = question;
      return await screen.approve(
        {
          ...{ tool, text, effect, rule, reason, suggestions },
          findings: findings.map(({ path, why, excerpt }) => `${path}: ${why}: ${excerpt}`),
          diffs: edits.map(({ path, before, after }) => diffTexts(path, before ?? "", after ?? "")),
        },
        signal,
      );
    },
    begin: (chosen, { tier, label, policy }) => {
      void import("@cloister/airlock").then(({ clearanceOf }) =>
        screen.facts({
          model: chosen.model,
          endpoint: chosen.endpoint.id,
          clearance: clearanceOf(policy, chosen.endpoint),
          label,
          cell: tier,
        }),
      );
    },
  };
}

const factEvents: ReadonlySet<string> = new Set(["start", "user", "result", "turn", "end"]);

/** As a shell's ctrl-z; goes on when the shell says so. */
function suspendProcess(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGCONT", () => resolve());
    process.kill(process.pid, "SIGTSTP");
  });
}
