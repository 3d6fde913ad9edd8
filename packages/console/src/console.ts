/**
 * The agent's terminal: events in, commands out. It draws at once and loads the rest behind the first picture; whatever
 * the model does, what is typed is shown in the next frame.
 */
import { basename } from "node:path";
import type { AgentEvent, Mode } from "@cloister/agent";
import { CloisterError, messageOf } from "@cloister/base";
import { createDialogQueue } from "./ask/dialog-queue.ts";
import { approvalDialog, askDialog, type Dialog } from "./ask/dialogs.ts";
import { troubleBlock } from "./blocks/blocks.ts";
import { createScene } from "./blocks/scene.ts";
import { noFacts, statusLine, type Facts } from "./blocks/status.ts";
import { builtInCommands, type Desk } from "./commands.ts";
import type { Console, ConsoleOptions } from "./contract.ts";
import { createFileFinder } from "./edit/file-finder.ts";
import { createHistory } from "./edit/history.ts";
import { createKeyDecoder, type Input } from "./edit/keys.ts";
import { createPrompt, type Wish } from "./edit/prompt.ts";
import { createOutbox } from "./outbox.ts";
import { createInlineScreen } from "./screen/inline.ts";
import { createPager, type Pager } from "./screen/pager.ts";
import { createTheme } from "./screen/theme.ts";
import { vocabulary as v } from "./screen/vocabulary.ts";
import { createFrames } from "./screen/frames.ts";
import { createShell } from "./shell.ts";
import { fitLine, line, span, wrapLine, type Line } from "./text/line.ts";
import type { MarkdownStream } from "./text/markdown-stream.ts";

const APPROVALS_WAITING_MAX = 100;
const EDITOR_ROWS_SHARE = 0.4;

export function openConsole(options: ConsoleOptions): Console {
  const { terminal, words, clock } = options;
  const screen = createInlineScreen(terminal, createTheme(options.theme, options.depth));
  let theme = createTheme(options.theme, options.depth);
  let facts: Facts = noFacts;
  let createStream: (() => MarkdownStream) | undefined;
  let early: AgentEvent[] = [];
  let pager: Pager | undefined;
  let offered = false;
  let isLeaving = false;
  let isClosed = false;
  /** The terminal is somebody else's for now. */
  let isAway = false;
  let isFocused: boolean | undefined;
  const left = Promise.withResolvers<void>();

  const scene = createScene({
    words: () => words,
    clock,
    createStream: () => {
      if (createStream === undefined) throw new Error("an event before the screen was ready");
      return createStream();
    },
  });
  const outbox = createOutbox((message) => options.onCommand({ do: "send", message }));
  const shell = createShell(options.shell, { scene, words, changed: () => frames.soon() });
  const commands = [...builtInCommands(words), ...(options.commands ?? [])];
  const prompt = createPrompt({
    words: () => words,
    bindings: options.bindings ?? {},
    history: createHistory(options.history?.entries ?? [], options.history?.add),
    sources: {
      commands: commands.map(({ name, description }) => ({ text: name, description })),
      files: createFileFinder(options.listFiles, {
        ready: () => frames.soon(),
        trouble: (error) => show.trouble(error),
      }),
    },
    isWorking: () => scene.isWorking,
  });

  const draw = (): void => {
    if (isClosed || isAway) return;
    if (pager !== undefined) {
      terminal.write(pager.draw(terminal, theme));
      return;
    }
    const { columns, rows } = terminal;
    const finished = createStream === undefined ? [] : scene.take(columns - 1);
    const above = createStream === undefined ? [] : scene.live(columns - 1, frames.spinner);
    const bottom = bottomLines(columns - 1, rows);
    // The newest of what is alive matters; the prompt never leaves the screen.
    const room = Math.max(0, rows - bottom.lines.length - 1);
    const kept = above.slice(Math.max(0, above.length - room));
    const cursor =
      bottom.cursor === undefined
        ? undefined
        : { row: kept.length + bottom.cursor.row, column: bottom.cursor.column };
    terminal.write(screen.draw({ finished, live: [...kept, ...bottom.lines], cursor }));
  };
  const frames = createFrames(draw);

  const bottomLines = (
    columns: number,
    rows: number,
  ): { readonly lines: Line[]; readonly cursor?: { readonly row: number; readonly column: number } } => {
    const status = statusLine({ facts, mode: scene.mode, context: scene.context, words, columns });
    const dialog = dialogs.first;
    if (dialog !== undefined) return { lines: [[], ...dialog.menu.lines(columns), status] };
    const rule: Line = [span("─".repeat(columns), "dim")];
    const view = prompt.view(columns, Math.max(3, Math.floor(rows * EDITOR_ROWS_SHARE)));
    const waiting = outbox.lines(words).map((each) => fitLine(each, columns));
    const hint = hintLine();
    const head = [[], ...waiting, rule];
    const tail = view.below.length > 0 ? view.below : [hint ?? status];
    return {
      lines: [...head, ...view.rows, rule, ...tail],
      cursor: { row: head.length + view.cursor.row, column: view.cursor.column },
    };
  };

  const hintLine = (): Line | undefined => {
    if (isLeaving) return [span(`  ${words.leaveHint}`, "warning")];
    if (offered && prompt.editor.text === "") return [span(`  ${words.tryAgain}`, "accent")];
    const isTyping = prompt.editor.text.trim() !== "" && !prompt.editor.text.startsWith("/");
    return scene.isWorking && isTyping ? [span(`  ${words.steerHint}`, "dim")] : undefined;
  };

  const dialogs = createDialogQueue(
    () => terminal.columns - 1,
    (lines) => scene.print(lines),
  );
  const openDialogs = (opened: readonly Dialog[]): void => {
    dialogs.open(opened);
    if (isFocused === false) terminal.bell();
    frames.soon();
  };

  const take = (event: AgentEvent): void => {
    if (event.kind === "question") {
      openDialogs(
        askDialog(event.ask, words, (answer) => options.onCommand({ do: "answer", id: event.id, answer })),
      );
      return;
    }
    if (event.kind === "user") scene.event({ ...event, text: outbox.delivered(event.text) });
    else scene.event(event);
    if (event.kind === "user" || event.kind === "end") {
      frames.animate(scene.isWorking);
      terminal.title(titleOf());
    }
    if (event.kind === "end") {
      dialogs.clear();
      if (isFocused === false) terminal.bell();
      outbox.ended();
    }
  };
  const titleOf = (): string => `${scene.isWorking ? "● " : ""}cloister · ${basename(options.directory)}`;

  const show = {
    trouble: (error: unknown): void => {
      const code = error instanceof CloisterError ? error.code : "error";
      const next = error instanceof CloisterError ? error.next : undefined;
      const trouble = { message: messageOf(error), code, ...(next === undefined ? {} : { next }) };
      scene.print(troubleBlock(trouble, words, terminal.columns - 1));
      frames.soon();
    },
  };

  const desk: Desk = {
    words,
    get facts() {
      return facts;
    },
    get context() {
      return scene.context;
    },
    get totals() {
      return scene.totals;
    },
    commands,
    print: (lines) => {
      scene.print(lines);
      frames.soon();
    },
    read: (title, lines) => openPager(title, lines),
    showTranscript: () =>
      openPager(words.transcript.title, (columns) => scene.transcript.lines(columns), true),
    send: (text) => outbox.send({ text, shown: text }, false),
    setMode: (mode) => options.onCommand({ do: "mode", mode }),
    compact: (hints) => options.onCommand({ do: "compact", ...(hints === "" ? {} : { hints }) }),
    setTheme: (name) => {
      theme = createTheme(name, options.depth);
      screen.setTheme(theme);
      redraw();
    },
    clear: () => {
      terminal.write(`${screen.clear()}${v.eraseAll}${v.home}`);
      frames.now();
    },
    leave: () => left.resolve(),
  };

  const openPager = (title: string, lines: (columns: number) => Line[], startsAtEnd = false): void => {
    const { keys, empty } = words.transcript;
    pager = createPager({ title, keys, empty, lines, startsAtEnd });
    terminal.write(v.alternateOn);
    frames.now();
  };
  const closePager = (): void => {
    pager = undefined;
    terminal.write(v.alternateOff);
    frames.now();
  };
  const redraw = (): void => {
    terminal.write(screen.clear());
    frames.now();
  };

  const lend = async (borrow: () => Promise<void>): Promise<void> => {
    isAway = true;
    terminal.write(screen.clear());
    terminal.stop();
    try {
      await borrow();
    } catch (error) {
      show.trouble(error);
    } finally {
      isAway = false;
      terminal.start(handlers);
      terminal.write(screen.clear());
      frames.now();
    }
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
      Promise.try(() => command.run(slash?.[2] ?? "", desk)).then(() => frames.soon(), show.trouble);
    } else if (slash !== null && !shown.slice(1).includes("/") && !shown.includes("\n")) {
      scene.print([line(span(words.unknownCommand(slash[1] ?? ""), "warning"))]);
    } else if (text.startsWith("!") && text.length > 1 && options.shell !== undefined) {
      shell.run(text.slice(1).trim());
    } else {
      outbox.send({ text: `${shell.takeNotes()}${text}`, shown }, isLater && scene.isWorking);
    }
  };

  const modes: readonly Mode[] = ["default", "acceptEdits", "plan"];
  const act = (wish: Extract<Wish, { kind: "action" }>): void => {
    switch (wish.action) {
      case "interrupt":
        if (shell.interrupt()) return;
        if (scene.isWorking) options.onCommand({ do: "interrupt" });
        else if (prompt.editor.text !== "") prompt.editor.clear();
        else if (isLeaving) left.resolve();
        else isLeaving = true;
        return;
      case "escape":
        if (!shell.interrupt() && scene.isWorking) options.onCommand({ do: "interrupt" });
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
        return desk.clear();
      case "suspend":
        if (options.suspend !== undefined) void lend(options.suspend);
        return;
      case "external-editor": {
        const { editExternally } = options;
        if (editExternally === undefined) return;
        void lend(async () => prompt.editor.set((await editExternally(prompt.editor.expand())).trimEnd()));
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
    if (one.kind === "focus") {
      isFocused = one.isFocused;
      return;
    }
    if (pager !== undefined) {
      if (pager.input(one)) closePager();
      return;
    }
    const wasLeaving = isLeaving;
    const dialog = dialogs.first;
    if (dialog !== undefined) {
      const choice = dialog.menu.input(one);
      if (choice !== undefined && dialog.answer(choice)) dialogs.close(dialog);
      return;
    }
    const wish = prompt.input(one);
    if (wish?.kind === "submit") submit(wish);
    if (wish?.kind === "action") act(wish);
    // Only the very next key counts as the second one.
    if (wasLeaving) isLeaving = false;
  };

  const decoder = createKeyDecoder();
  let waiting: NodeJS.Timeout | undefined;
  const handlers = {
    onInput: (text: string): void => {
      clearTimeout(waiting);
      for (const one of decoder.feed(text)) input(one);
      if (decoder.isWaiting) waiting = setTimeout(flush, ESCAPE_MS);
      frames.now();
    },
    onResize: (): void => {
      if (pager === undefined) terminal.write(screen.resize(terminal));
      else screen.resize(terminal);
      frames.now();
    },
    onEnd: () => left.resolve(),
  };
  const flush = (): void => {
    for (const one of decoder.flush()) input(one);
    frames.now();
  };

  terminal.start(handlers);
  terminal.title(titleOf());
  const greeting = [
    line(span("cloister ", "strong"), span(`${options.version}  ${options.directory}`, "dim")),
    ...wrapLine([span(words.tip, "dim")], { columns: terminal.columns - 1 }),
  ];
  terminal.write(screen.draw({ finished: greeting, live: [] }));
  draw();
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
      new Promise((resolve) => {
        if (dialogs.length >= APPROVALS_WAITING_MAX || signal.aborted) {
          resolve("no");
          return;
        }
        const dialog = approvalDialog(question, words, (approval) => {
          const kind = typeof approval === "string" ? approval : approval.kind;
          scene.print([line(span(`  ${words.approval.answered[kind]}`, kind === "no" ? "bad" : "good"))]);
          resolve(approval);
        });
        signal.addEventListener("abort", () => {
          dialogs.close(dialog);
          resolve("no");
        });
        openDialogs([dialog]);
      }),
    left: left.promise,
    close: () => {
      if (isClosed) return;
      frames.stop();
      clearTimeout(waiting);
      if (pager !== undefined) terminal.write(v.alternateOff);
      pager = undefined;
      terminal.write(screen.clear());
      terminal.write(
        screen.draw({
          finished: [...scene.take(terminal.columns - 1), line(span(words.bye, "dim"))],
          live: [],
        }),
      );
      isClosed = true;
      terminal.stop();
    },
  };
}

/** Over a slow line the rest of a sequence comes later than its escape. */
const ESCAPE_MS = 30;
