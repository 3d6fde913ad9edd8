/**
 * From what a terminal sends to keys with names such as `ctrl+c`, `alt+enter`, `shift+tab`. Knows xterm's sequences,
 * kitty's keyboard protocol, xterm's modifyOtherKeys and bracketed paste.
 */

export type Input =
  | { readonly kind: "key"; readonly key: string }
  /** Typed, without controls. */
  | { readonly kind: "text"; readonly text: string }
  /** `lines` was counted on the way where it is so long that to look at it again would be to copy it. */
  | { readonly kind: "paste"; readonly text: string; readonly lines?: number }
  | { readonly kind: "focus"; readonly isFocused: boolean }
  /** Counted from 0, from the top left. */
  | {
      readonly kind: "mouse";
      readonly what: "press" | "wheel-up" | "wheel-down";
      readonly row: number;
      readonly column: number;
    }
  /** The terminal's answer to the question about its ground. */
  | { readonly kind: "background"; readonly isLight: boolean };

export interface KeyDecoder {
  feed(text: string): readonly Input[];
  /** A lone escape may be the key or the beginning of a sequence: when nothing follows soon, it was the key. */
  flush(): readonly Input[];
  readonly isWaiting: boolean;
}

/** Far more than a person means to paste; beyond it the rest is dropped, and the paste still ends. */
const PASTE_CHARS_MAX = 64 * 1024 * 1024;
/** Beyond it the lines are counted as they come. */
const PASTE_CHARS_COUNTED = 64 * 1024;
const SEQUENCE_CHARS_MAX = 64;
const PASTE_END = "\u001b[201~";

export function createKeyDecoder(): KeyDecoder {
  let rest = "";
  let paste: { text: string; lines: number } | undefined;

  const feed = (text: string): Input[] => {
    const found: Input[] = [];
    let left = rest + text;
    rest = "";
    while (left !== "") {
      if (paste !== undefined) {
        const end = left.indexOf(PASTE_END);
        const held = end < 0 ? heldBack(left) : 0;
        const part = end < 0 ? left.slice(0, left.length - held) : left.slice(0, end);
        // Piece by piece, and never looked at as a whole: V8 then holds the pieces alone, and not their sum beside them.
        const piece = part
          .slice(0, Math.max(0, PASTE_CHARS_MAX - paste.text.length))
          .replaceAll(/\r\n?/g, "\n");
        paste.text += piece;
        paste.lines += countFeeds(piece);
        if (end < 0) {
          rest = held === 0 ? "" : left.slice(-held);
          return found;
        }
        const isLong = paste.text.length > PASTE_CHARS_COUNTED;
        found.push({ kind: "paste", text: paste.text, ...(isLong ? { lines: paste.lines } : {}) });
        paste = undefined;
        left = left.slice(end + PASTE_END.length);
        continue;
      }
      const step = readOne(left);
      if (step === undefined) {
        rest = left;
        return found;
      }
      left = left.slice(step.length);
      if (step.input === "paste") paste = { text: "", lines: 1 };
      else if (step.input !== undefined) found.push(step.input);
    }
    return found;
  };

  return {
    feed,
    flush: () => {
      if (paste !== undefined || rest === "") return [];
      const waiting = rest;
      rest = "";
      if (waiting === "\u001b") return [key("escape")];
      if (waiting === "\u001b]") return [key("alt+]")];
      return waiting === "\u001b\u001b" ? [key("escape"), key("escape")] : [];
    },
    get isWaiting() {
      return rest !== "" && paste === undefined;
    },
  };
}

/** How much of the end may be the beginning of the end mark, or of a line's end in two characters. */
function heldBack(text: string): number {
  if (text.endsWith("\r")) return 1;
  for (let length = Math.min(PASTE_END.length - 1, text.length); length > 0; length--) {
    if (PASTE_END.startsWith(text.slice(-length))) return length;
  }
  return 0;
}

function countFeeds(text: string): number {
  let feeds = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) feeds++;
  return feeds;
}

interface Step {
  readonly length: number;
  readonly input?: Input | "paste" | undefined;
}

// oxlint-disable-next-line no-control-regex -- terminals send them
const typed = /^[^\u0000-\u001f\u007f]+/;
// oxlint-disable-next-line no-control-regex -- terminals send them
const csi = /^\u001b\[([<=>?]?)([\d;:]*)([ -/]*)([@-~])/;
// oxlint-disable-next-line no-control-regex -- terminals send them
const unfinishedCsi = /^\u001b\[[<=>?]?[\d;:]*[ -/]*$/;

/** Undefined: more has to come first. */
function readOne(text: string): Step | undefined {
  const plain = typed.exec(text)?.[0];
  if (plain !== undefined) return { length: plain.length, input: { kind: "text", text: plain } };
  if (!text.startsWith("\u001b")) return { length: 1, input: key(controlName(text.charCodeAt(0))) };
  if (text.length === 1) return undefined;
  const sequence = csi.exec(text);
  if (sequence !== null) return { length: sequence[0].length, input: toInput(sequence) };
  if (unfinishedCsi.test(text)) {
    // A sequence that never ends is none: its escape is dropped and the rest is read anew.
    return text.length > SEQUENCE_CHARS_MAX ? { length: 1 } : undefined;
  }
  if (text.startsWith("\u001b]")) return readAnswer(text);
  if (text.startsWith("\u001bO")) {
    if (text.length === 2) return undefined;
    const name = letters[text.charAt(2)];
    return { length: 3, input: name === undefined ? undefined : key(name) };
  }
  if (text === "\u001b\u001b") return undefined;
  if (text.startsWith("\u001b\u001b")) return { length: 1, input: key("escape") };
  const next = String.fromCodePoint(text.codePointAt(1) ?? 0);
  const code = next.codePointAt(0) ?? 0;
  const name = code < 0x20 || code === 0x7f ? controlName(code) : next;
  return { length: 1 + next.length, input: key(`alt+${name}`) };
}

// oxlint-disable-next-line no-control-regex -- terminals send them
const answer = /^\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/;

/** An answer of the terminal that is a text (OSC): that about its ground, or one that nobody asked for. */
function readAnswer(text: string): Step | undefined {
  const found = answer.exec(text)?.[0];
  if (found === undefined) return text.length > SEQUENCE_CHARS_MAX ? { length: 1 } : undefined;
  const [, ...channels] = /\]11;rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})/i.exec(found) ?? [];
  if (channels.length === 0) return { length: found.length };
  const [red = 0, green = 0, blue = 0] = channels.map((each) => parseInt(each, 16) / (16 ** each.length - 1));
  // As bright as an eye takes it (ITU-R BT.709).
  const isLight = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5;
  return { length: found.length, input: { kind: "background", isLight } };
}

const letters: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  H: "home",
  F: "end",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
  M: "enter",
};
const numbered: Readonly<Record<string, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
};

function toInput([, lead, parameters = "", , end]: RegExpExecArray): Input | "paste" | undefined {
  if (lead === "<" && end === "M") return toMouse(parameters);
  // Answers of the terminal to questions are no keys, nor is a button that is let go.
  if (lead !== "") return undefined;
  const [first = "", second = "", third = ""] = parameters.split(";");
  if (end === "~") {
    if (first === "200") return "paste";
    if (first === "27") return named(Number(third), second);
    const name = numbered[first];
    return name === undefined ? undefined : key(withModifiers(name, second));
  }
  if (end === "u") return named(Number(first.split(":")[0]), second);
  if (end === "I" || end === "O") return { kind: "focus", isFocused: end === "I" };
  if (end === "Z") return key("shift+tab");
  const name = letters[end ?? ""];
  return name === undefined ? undefined : key(withModifiers(name, second));
}

/** xterm's SGR form: a button with modifiers as bits, a column and a row, both from 1. */
function toMouse(parameters: string): Input | undefined {
  const [button = NaN, column = NaN, row = NaN] = parameters.split(";").map(Number);
  if (!Number.isInteger(column + row) || column < 1 || row < 1) return undefined;
  const what = button === 0 ? "press" : button === 64 ? "wheel-up" : button === 65 ? "wheel-down" : undefined;
  return what === undefined ? undefined : { kind: "mouse", what, row: row - 1, column: column - 1 };
}

const special: Readonly<Record<number, string>> = {
  9: "tab",
  13: "enter",
  27: "escape",
  32: "space",
  127: "backspace",
};

/** A key by its code point, as kitty and modifyOtherKeys send it. */
function named(code: number, modifiers: string): Input | undefined {
  // Event types other than a press (`;1:3u`) are not asked for; releases are dropped all the same.
  if (modifiers.endsWith(":3") || !Number.isInteger(code) || code > 0x10ffff) return undefined;
  const name = special[code] ?? (code < 0x20 || code >= 0xe000 ? undefined : String.fromCodePoint(code));
  if (name === undefined) return undefined;
  const whole = withModifiers(name, modifiers);
  return whole === name && special[code] === undefined ? { kind: "text", text: name } : key(whole);
}

function withModifiers(name: string, modifiers: string): string {
  const bits = Math.max(0, Number(modifiers.split(":")[0] ?? "") - 1);
  const parts = [bits & 4 ? "ctrl+" : "", bits & 2 ? "alt+" : "", bits & 1 ? "shift+" : ""];
  return `${parts.join("")}${name}`;
}

function controlName(code: number): string {
  if (code === 0x0d) return "enter";
  if (code === 0x09) return "tab";
  if (code === 0x7f || code === 0x08) return "backspace";
  if (code === 0x1b) return "escape";
  if (code === 0) return "ctrl+space";
  return `ctrl+${String.fromCharCode(code + (code < 0x1b ? 0x60 : 0x40))}`;
}

function key(name: string): Input {
  return { kind: "key", key: name };
}
