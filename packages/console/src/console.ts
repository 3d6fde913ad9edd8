/**
 * The agent's terminal: events in, commands out. It draws at once and loads the rest behind the first picture; whatever
 * the model does, what is typed is shown in the next frame.
 */
import { basename } from "node:path";
import type { AgentEvent, Mode } from "@cloister/agent";
import { createAttention } from "./attention.ts";
import { createDialogQueue } from "./ask/dialog-queue.ts";
import { askApproval } from "./ask/approvals.ts";
import { askDialog, type Dialog } from "./ask/dialogs.ts";
import { toTrouble, troubleBlock } from "./blocks/blocks.ts";
import { createScene } from "./blocks/scene.ts";
import { noFacts, type Facts } from "./blocks/status.ts";
import { bottomLines, putBelow } from "./bottom.ts";
import { builtInCommands, joinCommands, toItems, type SlashCommand } from "./commands.ts";
import type { Console, ConsoleOptions } from "./contract.ts";
import { createAttachments } from "./edit/attachments.ts";
import { mentionOfDropped } from "./edit/dropped-file.ts";
import { createDesk } from "./desk.ts";
import { createFileFinder } from "./edit/file-finder.ts";
import { createFullMode } from "./full/full-mode.ts";
import { createHistory } from "./edit/history.ts";
import type { Input } from "./edit/keys.ts";
import { createPrompt, type Wish } from "./edit/prompt.ts";
import { createTyped } from "./edit/typed.ts";
import { createOutbox } from "./outbox.ts";
import { createAsides } from "./panels/aside.ts";
import { createPanelSlot } from "./panels/slot.ts";
import { createTasks } from "./panels/tasks.ts";
import { createInlineScreen } from "./screen/inline.ts";
import { createPager } from "./screen/pager.ts";
import { createStage } from "./screen/stage.ts";
import { createTheme } from "./screen/theme.ts";
import { vocabulary as v } from "./screen/vocabulary.ts";
import { createFrames } from "./screen/frames.ts";
import { createShell } from "./shell.ts";
import { line, span, wrapLine, type Line } from "./text/line.ts";
import { createLinear } from "./text/linear.ts";
import type { MarkdownStream } from "./text/markdown-stream.ts";

export function openConsole(options: ConsoleOptions): Console {
  const { terminal, words, clock } = options;
  const screen = createInlineScreen(terminal, createTheme(options.theme, options.depth));
  let theme = createTheme(options.theme, options.depth);
  let facts: Facts = noFacts;
  let createStream: (() => MarkdownStream) | undefined;
  let early: AgentEvent[] = [];
  let showsTasks = false;
  /** The last key was an escape that had nothing to end. */
  let isEscaped = false;
  let offered = false;
  let isLeaving = false;
  let isClosed = false;
  const attention = createAttention({
    ...{ clock, how: options.notify ?? "bell", ring: () => terminal.bell() },
    notify: (text) => terminal.notify(`${text} · ${basename(options.directory)}`),
  });
  let isThemeChosen = false;
  let linear = options.theme === "reader" ? createLinear(words.reader) : undefined;
  const left = Promise.withResolvers<void>();

  const scene = createScene({
    words: () => words,
    clock,
    createStream: () => {
      if (createStream === undefined) throw new Error("an event before the screen was ready");
      return createStream();
    },
  });
  const outbox = createOutbox((message) =>
    options.onCommand({ do: "send", message: attachments.with(message) }),
  );
  const attachments = createAttachments({
    ...{ source: options.pictures, directory: options.directory, words: () => words },
    editor: () => prompt.editor,
    trouble: (error) => show.trouble(error),
    warn: (text) => scene.print([line(span(text, "warning"))]),
    changed: () => frames.soon(),
  });
  const shell = createShell(options.shell, { scene, words, changed: () => frames.soon() });
  let commands = joinCommands(builtInCommands(words), options.commands ?? []);
  let named = toItems(commands);
  const tasks = createTasks({ words, clock });
  const panels = createPanelSlot(() => frames.soon());
  const asides = createAsides({
    ...{ panels, words, onCommand: options.onCommand },
    changed: () => frames.soon(),
  });
  const prompt = createPrompt({
    words: () => words,
    bindings: options.bindings ?? {},
    hasVim: options.hasVim ?? false,
    takePaste: attachments.take,
    readPaste: (text) => mentionOfDropped(text, options.directory) ?? text,
    history: createHistory(options.history?.entries ?? [], options.history?.add),
    sources: {
      get commands() {
        return named;
      },
      files: createFileFinder(options.listFiles, {
        ready: () => frames.soon(),
        trouble: (error) => show.trouble(error),
      }),
    },
    isWorking: () => scene.isWorking,
  });

  const full = createFullMode({
    ...{ terminal, scene, words, theme: () => theme, guard: options.guard },
    ...{ hasMouse: options.hasMouse ?? true, soon: () => frames.soon() },
  });
  const stage = createStage({
    ...{ terminal, inline: screen, full, theme: () => theme, handlers: () => handlers },
    ...{ draw: () => frames.now(), trouble: (error) => show.trouble(error) },
  });
  const switchScreen = async (): Promise<void> => {
    if (full.isOn || linear === undefined) await stage.switch();
    else desk.print([line(span(words.full.notForReader, "warning"))]);
  };

  const draw = (): void => {
    if (isClosed || stage.isAway || stage.drawPager()) return;
    const { columns, rows } = terminal;
    if (full.isOn) scene.keep(columns - 1);
    const taken = createStream === undefined || full.isOn ? [] : scene.take(columns - 1);
    const finished = linear === undefined ? taken : linear.lines(taken);
    const isMoving = createStream !== undefined && linear === undefined;
    const above = isMoving ? scene.live(columns - 1, frames.spinner, !showsTasks) : [];
    const bottom = bottomLines(
      { dialogs, panels, prompt, outbox, tasks, scene, words },
      {
        ...{ facts, showsTasks, isLeaving, isEscaped, isOffered: offered },
        ...{ isLinear: linear !== undefined, spinner: frames.spinner },
      },
      { columns: columns - 1, rows },
    );
    if (full.isOn) full.draw(above, bottom);
    else terminal.write(screen.draw({ finished, ...putBelow(above, bottom, rows) }));
  };
  const frames = createFrames(draw);

  const dialogs = createDialogQueue(
    () => terminal.columns - 1,
    (lines) => {
      // What is asked about has to be seen, wherever one was reading.
      full.toEnd();
      scene.interject(lines);
    },
  );
  const openDialogs = (opened: readonly Dialog[]): void => {
    full.toEnd();
    dialogs.open(opened);
    attention.call(words.alerts.asked);
    frames.soon();
  };

  const take = (event: AgentEvent): void => {
    tasks.event(event);
    // Asked for by somebody who looks at the tasks; nothing has happened.
    if (event.kind === "background" && event.tail !== undefined) return;
    if (event.kind === "aside") return asides.event(event);
    if (event.kind === "question") {
      openDialogs(
        askDialog(event.ask, words, (answer) => options.onCommand({ do: "answer", id: event.id, answer })),
      );
      return;
    }
    if (event.kind === "user") scene.event({ ...event, text: outbox.delivered(event.text) });
    else scene.event(event);
    if (event.kind === "user" || event.kind === "end") {
      frames.animate(scene.isWorking && linear === undefined);
      terminal.title(titleOf());
    }
    if (event.kind === "end") {
      dialogs.clear();
      // The next message goes on at once, so that nothing is done yet.
      if (!outbox.ended()) attention.call(words.alerts.done);
    }
  };
  const titleOf = (): string => `${scene.isWorking ? "● " : ""}cloister · ${basename(options.directory)}`;

  const show = {
    trouble: (error: unknown): void => {
      scene.print(troubleBlock(toTrouble(error), words, terminal.columns - 1));
      frames.soon();
    },
  };

  const { desk, loop } = createDesk({
    ...{ scene, panels, asides, tasks, outbox, prompt, words, clock },
    say: (text) => submit({ kind: "submit", text, shown: text, isLater: false }),
    isAsked: () => dialogs.first !== undefined,
    facts: () => facts,
    commands: () => commands,
    onCommand: options.onCommand,
    openPager: (title, lines, startsAtEnd) => openPager(title, lines, startsAtEnd),
    changed: () => frames.soon(),
    lend: (borrow) => stage.lend(borrow),
    setTheme: (name) => {
      isThemeChosen = true;
      if (name === "reader" && full.isOn) void switchScreen();
      theme = createTheme(name, options.depth);
      screen.setTheme(theme);
      linear = name === "reader" ? createLinear(words.reader) : undefined;
      frames.animate(scene.isWorking && linear === undefined);
      stage.redraw();
    },
    switchScreen,
    clear: () => stage.clear(),
    leave: () => left.resolve(),
  });

  const openPager = (title: string, lines: (columns: number) => Line[], startsAtEnd = false): void => {
    const { keys, empty } = words.transcript;
    stage.read(createPager({ title, keys, empty, lines, startsAtEnd }));
  };

  const submit = (wish: Extract<Wish, { kind: "submit" }>): void => {
    const { text, shown, isLater } = wish;
    if (text === "") {
      if (offered) options.onCommand({ do: "retry" });
      offered = false;
      return;
    }
    const slash = /^\/(\S+)\s*(.*)$/su.exec(text);
    const command = commands.find(({ name }) => name === slash?.[1]);
    if (command !== undefined) {
      obey(command, slash?.[2] ?? "");
    } else if (slash !== null && !shown.slice(1).includes("/") && !shown.includes("\n")) {
      scene.print([line(span(words.unknownCommand(slash[1] ?? ""), "warning"))]);
    } else if (text.startsWith("!") && text.length > 1 && options.shell !== undefined) {
      shell.run(text.slice(1).trim());
    } else {
      outbox.send({ text: `${shell.takeNotes()}${text}`, shown }, isLater && scene.isWorking);
    }
  };

  const obey = (command: SlashCommand, rest: string): void => {
    Promise.try(() => command.run(rest, desk)).then(() => frames.soon(), show.trouble);
  };

  const modes: readonly Mode[] = ["default", "acceptEdits", "plan"];
  const act = (wish: Extract<Wish, { kind: "action" }>, wasEscaped: boolean): void => {
    switch (wish.action) {
      case "interrupt":
        if (shell.interrupt()) return;
        if (scene.isWorking) options.onCommand({ do: "interrupt" });
        else if (prompt.editor.text !== "") prompt.editor.clear();
        else if (isLeaving) left.resolve();
        else isLeaving = true;
        return;
      case "escape":
        if (shell.interrupt()) return;
        if (scene.isWorking) options.onCommand({ do: "interrupt" });
        else if (prompt.editor.text === "") {
          const rewind = commands.find(({ name }) => name === "rewind");
          if (rewind === undefined) return;
          if (wasEscaped) obey(rewind, "");
          else isEscaped = true;
        }
        return;
      case "tasks":
        showsTasks = !showsTasks;
        return;
      case "leave":
        return left.resolve();
      case "cycle-mode": {
        const next = modes[(modes.indexOf(scene.mode) + 1) % modes.length] ?? "default";
        return options.onCommand({ do: "mode", mode: next });
      }
      case "transcript":
        return desk.showTranscript();
      case "redraw":
        return full.isOn ? stage.redraw() : stage.clear();
      case "paste-picture":
        return attachments.paste?.();
      case "suspend":
        if (options.suspend !== undefined) void stage.lend(options.suspend);
        return;
      case "external-editor": {
        const { editExternally } = options;
        if (editExternally === undefined) return;
        void stage.lend(async () =>
          prompt.editor.set((await editExternally(prompt.editor.expand())).trimEnd()),
        );
        return;
      }
      case "up": {
        const taken = outbox.takeBack();
        if (taken !== undefined) prompt.editor.set(taken);
        return;
      }
    }
  };

  const input = (one: Input): void => {
    if (one.kind === "background") {
      const found = one.isLight ? "light" : "dark";
      const isAsked = options.asksBackground === true && !isThemeChosen;
      if (isAsked && found !== options.theme) desk.setTheme(found);
      return;
    }
    if (one.kind === "focus") {
      attention.focus(one.isFocused);
      return;
    }
    attention.typed();
    if (stage.inputPager(one)) return;
    const around = {
      ...{ hasDialog: dialogs.first !== undefined, hasPanel: panels.open !== undefined },
      isEmpty: prompt.editor.text === "",
      isOwn: one.kind === "key" && Object.hasOwn(options.bindings ?? {}, one.key),
    };
    if (full.input(one, around)) return;
    const wasLeaving = isLeaving;
    const wasEscaped = isEscaped;
    isEscaped = false;
    const dialog = dialogs.first;
    if (dialog !== undefined) {
      const choice = dialog.menu.input(one);
      if (choice !== undefined && dialog.answer(choice)) dialogs.close(dialog);
      return;
    }
    if (panels.open !== undefined) {
      panels.input(one);
      return;
    }
    const wish = prompt.input(one);
    if (wish?.kind === "submit") submit(wish);
    if (wish?.kind === "action") act(wish, wasEscaped);
    // Only the very next key counts as the second one.
    if (wasLeaving) isLeaving = false;
  };

  const typed = createTyped(input, () => frames.now());
  const handlers = {
    onInput: (text: string): void => typed.feed(text),
    onResize: (): void => stage.resize(),
    onEnd: () => left.resolve(),
  };

  terminal.start(handlers);
  if (options.asksBackground === true) terminal.write(v.askBackground);
  terminal.title(titleOf());
  const greeting = (columns: number): Line[] => [
    line(span("cloister ", "strong"), span(`${options.version}  ${options.directory}`, "dim")),
    ...wrapLine([span(words.tip, "dim")], { columns }),
  ];
  scene.roll.add({ lines: greeting, chars: 0 });
  stage.begin(greeting, options.isFull === true && linear === undefined);
  if (options.isFull === true && linear !== undefined) void switchScreen();
  // Behind the first picture, so that it waits for nothing.
  const ready = (loaded: { readonly createMarkdownStream: () => MarkdownStream }): void => {
    createStream = loaded.createMarkdownStream;
    for (const event of early) take(event);
    early = [];
    frames.soon();
  };
  void import("./text/markdown-stream.ts").then(ready, show.trouble);

  return {
    event: (event) => {
      if (createStream === undefined) early.push(event);
      else take(event);
      frames.soon();
    },
    facts: (more) => {
      facts = { ...facts, ...more };
      frames.soon();
    },
    commands: (more) => {
      commands = joinCommands(builtInCommands(words), more);
      named = toItems(commands);
      frames.soon();
    },
    desk,
    trouble: show.trouble,
    notice: (text) => desk.print(wrapLine([span(text, "dim")], { columns: terminal.columns - 1 })),
    offer: (lines) => {
      offered = true;
      if (lines.length > 0) {
        scene.print(lines.map((each, index) => line(span(each, index === 0 ? "warning" : "text"))));
      }
      frames.soon();
    },
    approve: (question, signal) =>
      askApproval({ dialogs, scene, words, open: openDialogs }, question, signal),
    left: left.promise,
    close: () => {
      if (isClosed) return;
      loop.end();
      frames.stop();
      typed.stop();
      stage.end(() => [...scene.take(terminal.columns - 1), line(span(words.bye, "dim"))]);
      isClosed = true;
      terminal.stop();
    },
  };
}
