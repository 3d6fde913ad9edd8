/** The picture in a person's clipboard, by whichever program of the desktop can tell it. */
import { spawn } from "node:child_process";
import { judgePicture, PICTURE_BYTES_MAX } from "@cloister/agent/pictures";
import { CloisterError } from "@cloister/base";
import type { OpenedPicture } from "@cloister/console";
import { findOwnProgram } from "../own-programs.ts";

/** Those of a process that may ask the desktop. */
export interface Desktop {
  readonly platform: string;
  readonly path: readonly string[];
  /** The project, which a model can write into: a program that lies there is nobody's. */
  readonly directory: string;
  readonly variable: (name: string) => string | undefined;
}

/** What the program at that path printed; undefined when it failed, took too long or printed more than any picture has. */
export type Ask = (argv: readonly string[], program: string) => Promise<Buffer | undefined>;

const ASK_MS_MAX = 5000;
/** AppleScript writes each byte as two digits, with a frame of words around them. */
const PRINTED_BYTES_MAX = 2 * PICTURE_BYTES_MAX + 1000;

type AskOne = (argv: readonly string[]) => Promise<Buffer | undefined>;

/** In the order in which they are asked: the first program that is there and tells of a picture is believed. */
const ways: readonly {
  readonly program: string;
  readonly read: (ask: AskOne) => Promise<Buffer | undefined>;
}[] = [
  {
    program: "wl-paste",
    read: (ask) =>
      readTyped(ask, ["wl-paste", "--list-types"], (type) => ["wl-paste", "--no-newline", "--type", type]),
  },
  {
    program: "xclip",
    read: (ask) => {
      const from = ["xclip", "-selection", "clipboard", "-o", "-t"];
      return readTyped(ask, [...from, "TARGETS"], (type) => [...from, type]);
    },
  },
  { program: "pngpaste", read: (ask) => ask(["pngpaste", "-"]) },
  { program: "osascript", read: readApple },
];

/** @throws CloisterError `no-picture`: there is none, or nobody can get at it from here; `bad-picture` */
export async function readClipboard(desktop: Desktop, ask: Ask = askProgram): Promise<OpenedPicture> {
  const away = awayFrom(desktop);
  if (away !== undefined) throw away;
  const there = ways.flatMap(({ program, read }) => {
    const at = findOwnProgram(program, desktop);
    return at === undefined ? [] : [() => read((argv) => ask(argv, at))];
  });
  if (there.length === 0) {
    const wanted = desktop.platform === "darwin" ? "pngpaste" : "wl-clipboard (Wayland) or xclip (X11)";
    throw none("nothing here can read the clipboard", `install ${wanted}; ${otherwise}`);
  }
  for (const read of there) {
    const bytes = await read();
    if (bytes === undefined || bytes.length === 0) continue;
    const judged = judgePicture(bytes);
    if (judged.kind === "refused") {
      throw new CloisterError(`the picture in the clipboard: ${judged.why}`, {
        code: "bad-picture",
        next: "copy a smaller part, or save it as PNG, JPEG, GIF or WebP",
      });
    }
    const { width, height } = judged;
    const picture = { kind: "bytes", base64: bytes.toString("base64"), from: "clipboard" } as const;
    return { picture, width, height, bytes: bytes.length };
  }
  throw none("there is no picture in the clipboard", otherwise);
}

const otherwise = "a file of a picture can be dragged in, or named after @";

/** Over ssh the clipboard is on the machine where the person sits, unless its display was brought along. */
function awayFrom({ variable, platform }: Desktop): CloisterError | undefined {
  const isSet = (...names: readonly string[]): boolean => names.some((name) => (variable(name) ?? "") !== "");
  const isRemote = isSet("SSH_CONNECTION", "SSH_TTY");
  const hasDisplay = isSet("WAYLAND_DISPLAY", "DISPLAY");
  if (!isRemote || (hasDisplay && platform !== "darwin")) return undefined;
  return none(
    "over ssh the clipboard is on your own machine, and cannot be read from here",
    "copy the picture into the project (scp), and name it after @",
  );
}

/** Programs that keep a clipboard in several forms say which first. */
async function readTyped(
  ask: AskOne,
  list: readonly string[],
  get: (type: string) => readonly string[],
): Promise<Buffer | undefined> {
  const offered = (await ask(list))?.toString("utf8").split("\n") ?? [];
  const type = ["image/png", "image/jpeg", "image/webp", "image/gif"].find((each) =>
    offered.some((line) => line.trim() === each),
  );
  return type === undefined ? undefined : await ask(get(type));
}

/** It prints `«data PNGf89504E47…»`. */
async function readApple(ask: AskOne): Promise<Buffer | undefined> {
  const printed = await ask(["osascript", "-e", "get the clipboard as «class PNGf»"]);
  const [, digits] = /PNGf([\dA-F]+)/.exec(printed?.toString("latin1") ?? "") ?? [];
  return digits === undefined ? undefined : Buffer.from(digits, "hex");
}

function askProgram([argv0 = "", ...args]: readonly string[], program: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...{ argv0, cwd: "/" },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: ASK_MS_MAX,
      killSignal: "SIGKILL",
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > PRINTED_BYTES_MAX) child.kill("SIGKILL");
      else chunks.push(chunk);
    });
    child.on("error", () => resolve(undefined));
    child.on("close", (code) => resolve(code === 0 ? Buffer.concat(chunks) : undefined));
  });
}

function none(message: string, next: string): CloisterError {
  return new CloisterError(message, { code: "no-picture", next });
}
