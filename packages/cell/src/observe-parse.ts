/** Lines of strace(1), as written with `-f -ttt -y`, read into what a command did. */
import { resolve } from "node:path";

export interface Observation {
  /** Milliseconds since the Unix epoch. */
  readonly t: number;
  /** On the host. */
  readonly pid: number;
  readonly kind: ObservationKind;
  readonly path?: string;
  /** Of a renaming or a link: the new name. */
  readonly to?: string;
  /** As far as strace shows it: 32 arguments, 4096 bytes of each. */
  readonly argv?: readonly string[];
  readonly address?: string;
  /** `ok`, or the kernel's code for the refusal: `ENOENT`, `EROFS`, `ENETUNREACH`. */
  readonly result: string;
}

export type ObservationKind =
  | "read"
  | "write"
  | "delete"
  | "rename"
  | "link"
  | "mode"
  | "exec"
  | "connect"
  | "listen"
  | "send";

export interface TraceParser {
  /** Undefined for what is no observation, or comes before the command itself. */
  parse(line: string): Observation | undefined;
}

// Itself, and not what it is started through: that has it among its arguments.
const isBubblewrap = /^"([^"]*)", \["\1", "--args"/;
const PENDING_MAX = 10_000;

export function createTraceParser(): TraceParser {
  const pending = new Map<number, string>();
  /** Processes that set the cell up; what they do is our own doing. */
  const setup = new Set<number>();
  let stage: "before" | "bubblewrap" | "command" = "before";

  const join = (pid: number, text: string): string | undefined => {
    const start = text.indexOf(" <unfinished ...>");
    if (start !== -1) {
      if (pending.size < PENDING_MAX) pending.set(pid, text.slice(0, start));
      return undefined;
    }
    const [resumed] = /^<\.\.\. \w+ resumed>/.exec(text) ?? [];
    if (resumed === undefined) return text;
    const begun = pending.get(pid);
    pending.delete(pid);
    return begun === undefined ? undefined : begun + text.slice(resumed.length);
  };

  /** True once the line belongs to the command. */
  const belongs = (pid: number, call: Call): boolean => {
    if (stage === "command") return !setup.has(pid);
    setup.add(pid);
    const isStart = call.name === "execve" && call.result === "ok";
    if (stage === "before") {
      if (isStart && isBubblewrap.test(call.args)) stage = "bubblewrap";
      return false;
    }
    if (!isStart) return false;
    stage = "command";
    setup.delete(pid);
    return true;
  };

  return {
    parse: (line) => {
      const [, number = "", seconds = "", text = ""] = /^(\d+)\s+(\d+\.\d+) (.*)$/.exec(line) ?? [];
      const pid = Number(number);
      const whole = number === "" ? undefined : join(pid, text);
      const call = whole === undefined ? undefined : parseCall(whole);
      if (call === undefined || !belongs(pid, call)) return undefined;
      const deed = toDeed(call);
      if (deed === undefined) return undefined;
      return { t: Math.round(Number(seconds) * 1000), pid, ...deed, result: call.result };
    },
  };
}

interface Call {
  readonly name: string;
  readonly args: string;
  readonly result: string;
  /** The path that an opened descriptor leads to. */
  readonly opened: string | undefined;
}

function parseCall(text: string): Call | undefined {
  const [, name = "", args = "", value = "", rest = ""] =
    /^(\w+)\((.*)\)\s+= (-?\d+|\?)(.*)$/.exec(text) ?? [];
  if (name === "" || value === "?") return undefined;
  const code = /^ (E[A-Z0-9]+)/.exec(rest)?.[1];
  const opened = /^<(\/.*)>$/.exec(rest)?.[1];
  return { name, args, result: value === "-1" ? (code ?? "failed") : "ok", opened };
}

type Deed = Omit<Observation, "t" | "pid" | "result">;

function toDeed({ name, args, opened }: Call): Deed | undefined {
  const [first, second] = pathsIn(args);
  switch (name) {
    case "open":
    case "openat": {
      const isWrite = /\bO_(?:WRONLY|RDWR|CREAT|TRUNC)\b/.test(args.slice(args.lastIndexOf('"')));
      const path = opened === undefined ? first : unescape(opened);
      return path === undefined ? undefined : { kind: isWrite ? "write" : "read", path };
    }
    case "execve":
    case "execveat": {
      const list = args.indexOf("[");
      const argv = list === -1 ? [] : stringsIn(args.slice(list, endOfList(args, list)));
      return first === undefined ? undefined : { kind: "exec", path: first, argv };
    }
    case "connect":
      return atAddress("connect", args);
    case "bind":
      return atAddress("listen", args);
    case "sendto":
      return atAddress("send", args);
    default: {
      const kind = kinds[name];
      if (kind === undefined || first === undefined) return undefined;
      // symlink's first string is what the link says; the second is the link itself.
      if (kind === "link" && name.startsWith("symlink")) {
        const [target = ""] = stringsIn(args);
        return { kind, path: second ?? first, to: target };
      }
      return second === undefined ? { kind, path: first } : { kind, path: first, to: second };
    }
  }
}

const kinds: Readonly<Record<string, ObservationKind>> = {
  creat: "write",
  truncate: "write",
  mkdir: "write",
  mkdirat: "write",
  mknod: "write",
  mknodat: "write",
  unlink: "delete",
  unlinkat: "delete",
  rmdir: "delete",
  rename: "rename",
  renameat: "rename",
  renameat2: "rename",
  link: "link",
  linkat: "link",
  symlink: "link",
  symlinkat: "link",
  chmod: "mode",
  fchmodat: "mode",
};

/** Each string with the folder that it starts from, where strace knows it: `AT_FDCWD</work>, "name"`. */
function pathsIn(args: string): string[] {
  const found: string[] = [];
  for (const match of args.matchAll(/(?:(?:AT_FDCWD|\d+)<(\/[^">]*)>, )?"((?:[^"\\]|\\.)*)"/g)) {
    const [, folder, text = ""] = match;
    found.push(folder === undefined ? unescape(text) : resolve(unescape(folder), unescape(text)));
    if (found.length === 2) break;
  }
  return found;
}

function stringsIn(text: string): string[] {
  return Array.from(text.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, inner = ""]) => unescape(inner));
}

/** Where the list that begins at `start` ends: brackets in strings do not count. */
function endOfList(text: string, start: number): number {
  const [list = ""] = /^\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]/.exec(text.slice(start)) ?? [];
  return start + list.length;
}

function atAddress(kind: ObservationKind, args: string): Deed | undefined {
  const port = /sin6?_port=htons\((\d+)\)/.exec(args)?.[1];
  const four = /inet_addr\("([\d.]+)"\)/.exec(args)?.[1];
  if (four !== undefined) return { kind, address: `${four}:${port}` };
  const six = /inet_pton\(AF_INET6, "([^"]+)"/.exec(args)?.[1];
  if (six !== undefined) return { kind, address: `[${six}]:${port}` };
  const [, abstract = "", path] = /sun_path=(@?)"((?:[^"\\]|\\.)*)"/.exec(args) ?? [];
  return path === undefined ? undefined : { kind, address: `unix:${abstract}${unescape(path)}` };
}

const simple: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12, a: 7, b: 8 };

/** Of C, with bytes in octal; they are put together as UTF-8. */
function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes: Buffer[] = [];
  for (const [part] of text.matchAll(/\\[0-7]{1,3}|\\.|[^\\]+/g)) {
    const inner = part.slice(1);
    if (!part.startsWith("\\")) bytes.push(Buffer.from(part));
    else if (/^[0-7]/.test(inner)) bytes.push(Buffer.from([Number.parseInt(inner, 8) & 0xff]));
    else bytes.push(Buffer.from([simple[inner] ?? inner.charCodeAt(0)]));
  }
  return Buffer.concat(bytes).toString("utf8");
}
