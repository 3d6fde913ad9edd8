/** The terminal itself: raw input, size, and the modes that are set on the way in and taken back on the way out. */
import { StringDecoder } from "node:string_decoder";
import { escapeLine } from "../text/escape.ts";
import { fitWidth } from "../text/width.ts";
import { vocabulary as v, type NoticeForm } from "./vocabulary.ts";

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** Sets the modes and begins to read. */
  start(handlers: TerminalHandlers): void;
  write(text: string): void;
  title(text: string): void;
  bell(): void;
  /** A notice on the desktop, where the terminal can. */
  notify(text: string): void;
  /** Everything as it was found. */
  stop(): void;
}

export interface TerminalHandlers {
  readonly onInput: (text: string) => void;
  readonly onResize: () => void;
  /** Nobody is there any more. */
  readonly onEnd: () => void;
}

export interface TerminalStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

const TITLE_COLUMNS_MAX = 60;
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;
const COLUMNS_MIN = 20;

export function createTerminal({ stdin, stdout }: TerminalStreams, notices?: NoticeForm): Terminal {
  let decoder = new StringDecoder("utf8");
  let handlers: TerminalHandlers | undefined;
  const onData = (chunk: Buffer): void => handlers?.onInput(decoder.write(chunk));
  const onResize = (): void => handlers?.onResize();
  const onEnd = (): void => handlers?.onEnd();
  return {
    get columns() {
      return Math.max(COLUMNS_MIN, stdout.columns || COLUMNS_DEFAULT);
    },
    get rows() {
      return Math.max(4, stdout.rows || ROWS_DEFAULT);
    },
    start: (given) => {
      handlers = given;
      decoder = new StringDecoder("utf8");
      stdin.setRawMode(true);
      stdin.on("data", onData);
      stdin.on("end", onEnd);
      // A terminal that is gone ends the session; the error says no more than that.
      stdin.on("error", onEnd);
      stdout.on("resize", onResize);
      stdin.resume();
      stdout.write(`${v.keepTitle}${v.bracketedPasteOn}${v.focusOn}${v.kittyOn}`);
    },
    write: (text) => {
      if (text !== "") stdout.write(text);
    },
    title: (text) => {
      stdout.write(v.title(fitWidth(escapeLine(text), TITLE_COLUMNS_MAX)));
    },
    notify: (text) => {
      stdout.write(v.notify(fitWidth(escapeLine(text), TITLE_COLUMNS_MAX), notices));
    },
    bell: () => {
      stdout.write(v.bell);
    },
    stop: () => {
      if (handlers === undefined) return;
      handlers = undefined;
      stdout.write(`${v.kittyOff}${v.focusOff}${v.bracketedPasteOff}${v.showCursor}${v.restoreTitle}`);
      stdin.off("data", onData);
      stdin.off("end", onEnd);
      stdin.off("error", onEnd);
      stdout.off("resize", onResize);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
