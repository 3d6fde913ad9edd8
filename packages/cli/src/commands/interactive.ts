/** `cloister` at a terminal: the screen first, then everything else behind it. */
import {
  consoleWords,
  createTerminal,
  openConsole,
  type Console,
  type ConsoleCommand,
  type SlashCommand,
} from "@cloister/console";
import { CloisterError, type Clock } from "@cloister/base";
import { hasDied } from "../agent-death.ts";
import type { AgentHandle } from "../agent-host.ts";
import type { InteractiveArguments } from "../arguments.ts";
import type { RunArguments } from "../run-arguments.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openHistory } from "../screen/history-file.ts";
import { lookOf, noticeFormOf } from "../screen/look.ts";
import { readKeys } from "../screen/keys-file.ts";
import { openOwnLines, type OwnLines } from "../screen/own-lines.ts";
import { ownThemeName, peekTerminalSettings } from "../screen/terminal-settings.ts";
import { openOwnThemes, readThemeFile } from "../screen/theme-files.ts";
import { createNotebook, type Notebook } from "../screen/notebook.ts";
import { broughtCommands, screenCommands } from "../screen/commands/table.ts";
import { goingOnWith } from "../screen/going-on.ts";
import type { NextSession, ScreenSession, ScreenWorld } from "../screen/commands/world.ts";
import type { TellSkipped } from "../screen/commands/trust.ts";
import { screenWords } from "../screen/words/words.ts";
import { createPartialEdits } from "../screen/part-of-edit.ts";
import type { RunScreen } from "../screen/run-screen.ts";
import { guardTerminal } from "../screen/terminal-guard.ts";
import { createHearing } from "../screen/hearing.ts";
import { toLines } from "../screen/notices.ts";

export async function interactive(args: InteractiveArguments, given: Environment): Promise<number> {
  const { clock, directory, version, home } = given;
  const terminalSettings = peekTerminalSettings(home);
  const { language = "auto" } = terminalSettings;
  const environment: Environment = language === "auto" ? given : { ...given, lang: language };
  const words = consoleWords(environment.lang);
  let agent: AgentHandle | undefined;
  let session: ScreenSession = noSession;
  let next: (() => Promise<NextSession | undefined>) | undefined;
  const notebook = createNotebook(clock);
  let opening = Promise.withResolvers<void>();
  let broughtNow: readonly SlashCommand[] = [];
  let tellSkipped: TellSkipped | undefined;
  let retry = Promise.withResolvers<void>();
  /** What was said before is on the screen; whoever moves on to another session shows it himself. */
  let showsEarlier = false;
  /** Said before there is anybody to hear it. */
  let waiting: ConsoleCommand[] = [];

  const onCommand = (command: ConsoleCommand): void => {
    if (command.do === "retry") retry.resolve();
    else if (agent === undefined) waiting.push(command);
    else obey(command, agent);
  };
  const world: ScreenWorld = {
    ...{ environment: { ...environment, stderr: toLines((text) => screen.notice(text)) }, notebook, args },
    words: screenWords(environment.lang),
    themes: openOwnThemes(home, clock, () => ({ setTheme: screen.desk.setTheme, trouble: screen.trouble })),
    get session() {
      return session;
    },
    ready: () => opening.promise,
    restartServer: (name) => agent?.restartServer(name),
    moveOn: (between) => {
      showsEarlier = true;
      next = between;
      agent?.interrupt();
      agent?.close();
      // Without a session there is nothing to wait for.
      if (agent === undefined) retry.resolve();
    },
  };
  const own = screenCommands(world);
  const keys = readKeys(home);
  const themeName = ownThemeName(terminalSettings.theme);
  const ownTheme = themeName === undefined ? undefined : readThemeFile(home, themeName);
  const screen = openConsole({
    commands: own,
    terminal: createTerminal(environment, noticeFormOf(environment)),
    ...{ words, clock, directory, version },
    ...lookOf(
      environment,
      { ...terminalSettings, ...(args.isFull === true ? { fullScreen: true } : {}) },
      ownTheme?.theme,
    ),
    guard: (restore) => guardTerminal(restore, environment.stdout),
    bindings: keys.bindings,
    history: openHistory(home),
    listFiles: async (take) =>
      (await import("@cloister/agent/files")).takeFiles(directory, take, new AbortController().signal),
    shell: async (line, signal) => {
      if (session.opened === undefined) throw new CloisterError(words.notYet, { code: "not-ready" });
      return await session.opened.run(line, signal);
    },
    editExternally: async (text) =>
      (await import("../screen/external-editor.ts")).editExternally(text, environment),
    pictures: {
      paste: async () => (await import("../screen/clipboard.ts")).readClipboard(environment),
      open: async (path) =>
        (await import("../pictures.ts")).openPicture(path, { workspace: directory, home }),
    },
    suspend: suspendProcess,
    onCommand,
  });

  if (keys.trouble !== undefined) screen.trouble(keys.trouble);
  if (ownTheme?.trouble !== undefined) screen.trouble(ownTheme.trouble);
  world.themes.follow(themeName);
  const ownLines = openOwnLines({
    ...terminalSettings,
    imported: () => session.extensions?.chosen.statusLine,
    directory,
    version,
    screen,
    opened: () => session.opened,
  });

  let interrupt: (() => void) | undefined;
  const leaving = new AbortController();
  const gone = new Promise<void>((resolve) => {
    leaving.signal.addEventListener("abort", () => resolve(), { once: true });
  });
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
      showsEarlier = true;
      agent = handle;
      // It was on its way when another one was asked for.
      if (next !== undefined) handle.close();
      for (const command of waiting) obey(command, handle);
      waiting = [];
    },
    onOpen: (opened) => {
      session = { ...session, opened };
      opening.resolve();
    },
    begin: (chosen, { policy }) => {
      session = { ...session, chosen, policy };
    },
    bring: async (extensions) => {
      session = { ...session, extensions };
      const taken = new Set(screen.desk.commands.map(({ name }) => name));
      for (const { name } of broughtNow) taken.delete(name);
      broughtNow = broughtCommands(extensions.chosen.skills, taken);
      screen.commands([...own, ...broughtNow]);
      if (extensions.trust.kind === "nothing" || extensions.trust.kind === "trusted") return false;
      const { askTrustOnce, createSkippedNotice } = await import("../screen/commands/trust.ts");
      tellSkipped ??= createSkippedNotice();
      const asked = askTrustOnce(extensions, { environment, words: world.words, desk: screen.desk });
      // Who leaves in the middle of the question has not said yes.
      const isAllowed = await Promise.race([asked, gone.then(() => false)]);
      if (!isAllowed && !leaving.signal.aborted) {
        tellSkipped(extensions, { words: world.words, desk: screen.desk });
      }
      return isAllowed;
    },
    goesOn: async (story) => {
      if (showsEarlier) return;
      const { showStory } = await import("../screen/commands/resume.ts");
      await showStory(story, world, screen.desk);
    },
    isMovingOn: () => next !== undefined,
    ...{ clock, notebook, ownLines },
    facts: () => ({ label: session.opened?.label(), sealed: session.opened?.sealed() ?? 0 }),
  });

  try {
    let now = args;
    while (!leaving.signal.aborted) {
      const run = (await import("./run.ts")).run;
      try {
        // The key was given to the endpoint that was named with it.
        const apiKey = now.endpoint === args.endpoint ? environment.apiKey : undefined;
        await run(toRun(now), { ...around, apiKey }, front);
      } catch (error) {
        if (!leaving.signal.aborted && isNoModel(error)) screen.offer(words.noModel);
        else if (!leaving.signal.aborted) {
          screen.trouble(error);
          screen.offer([]);
        }
      }
      // Whatever ended it: what was said in it is not lost.
      const id = notebook.hasMessages && now.session.isSaved ? session.opened?.id : undefined;
      if (id !== undefined) now = Object.assign({}, now, { session: goingOnWith(id) });
      agent = undefined;
      session = noSession;
      opening.resolve();
      if (leaving.signal.aborted) break;
      if (next === undefined) await Promise.race([retry.promise, left]);
      retry = Promise.withResolvers();
      opening = Promise.withResolvers();
      const between = next;
      next = undefined;
      if (between === undefined) continue;
      try {
        const changed = await Promise.race([between(), gone]);
        now = Object.assign({}, now, changed);
      } catch (error) {
        screen.trouble(error);
      }
      notebook.clear();
      screen.facts(nothingKnown);
    }
  } finally {
    deaf();
    process.off("exit", restore);
    world.themes.close();
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
    case "goal":
      agent.setGoal(command.goal);
      break;
    case "compact":
      agent.compact(command.hints);
      break;
    case "answer":
      agent.answer(command.id, command.answer);
      break;
    case "look":
      agent.look();
      break;
    case "aside":
      agent.aside(command.id, command.question);
      break;
    case "stop":
      agent.stop(command.id);
      break;
    case "retry":
      break;
  }
}

const nothingKnown = {
  ...{ model: undefined, endpoint: undefined, clearance: undefined, label: undefined, cell: undefined },
  sealed: 0,
} as const;

const noSession: ScreenSession = {
  opened: undefined,
  chosen: undefined,
  policy: undefined,
  extensions: undefined,
};

interface Keeping extends Required<Pick<RunScreen, "drive" | "onOpen" | "begin" | "bring" | "goesOn">> {
  readonly clock: Clock;
  readonly notebook: Notebook;
  readonly ownLines: OwnLines;
  /** Another session follows at once: nothing is offered between the two. */
  readonly isMovingOn: () => boolean;
  readonly facts: () => { readonly label: string | undefined; readonly sealed: number };
}

function toScreen(screen: Console, keeping: Keeping): RunScreen {
  const { drive, onOpen, bring, goesOn, facts, notebook, ownLines } = keeping;
  let hasEnded = true;
  const partial = createPartialEdits();
  const hearing = createHearing(keeping.clock);
  return {
    drive,
    onOpen,
    bring,
    goesOn,
    printer: {
      event: (event) => {
        hearing.heard(event);
        if (event.kind === "user") hasEnded = false;
        if (event.kind === "end") hasEnded = true;
        notebook.event(event);
        screen.event(event);
        ownLines.event(event);
        // The screen may still be in the mode of the session before.
        if (event.kind === "start") screen.event({ kind: "mode", mode: event.mode ?? "default" });
        // What was read may have raised the label or held a secret: after each step it is looked at again.
        if (factEvents.has(event.kind)) screen.facts(facts());
      },
      end: ({ ending }) => {
        // An agent that was sent away before it had done anything has not died.
        const isNews = hasDied(ending) && !keeping.isMovingOn();
        if (!hasEnded || isNews) screen.event({ kind: "end", ending });
        hasEnded = true;
        if (!keeping.isMovingOn()) screen.offer([]);
      },
    },
    approve: async (question, signal) => {
      const { diffTexts } = await import("@cloister/agent");
      const { call, edits, findings, reason, rule, suggestions, text, tool, effect } = question;
      if (partial.takes(edits)) return "once";
      notebook.ask({ tool, text, rule, reason });
      const diffs = edits.map(({ path, before, after }) => diffTexts(path, before ?? "", after ?? ""));
      await hearing.toldBefore(call.id, signal);
      const approval = await screen.approve(
        {
          ...{ tool, text, effect, rule, reason, suggestions, diffs },
          findings: findings.map(({ path, why, excerpt }) => `${path}: ${why}: ${excerpt}`),
        },
        signal,
      );
      if (typeof approval === "string" || approval.kind === "no") return approval;
      return partial.accept(edits, diffs, approval.accepted);
    },
    begin: (chosen, held) => {
      const { tier, label, policy } = held;
      keeping.begin(chosen, held);
      notebook.model(chosen.model);
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
