import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** https://no-color.org and its opposite, then whether somebody is looking. */
export function hasStyle(
  stream: { readonly isTTY?: boolean },
  variables: Readonly<Record<string, string | undefined>>,
): boolean {
  if ((variables["NO_COLOR"] ?? "") !== "") return false;
  if ((variables["FORCE_COLOR"] ?? "") !== "") return variables["FORCE_COLOR"] !== "0";
  return stream.isTTY === true && variables["TERM"] !== "dumb";
}

export function createPaint(colour: boolean): Paint {
  return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

// C0 and C1 controls but tab and line feed, and the marks that reorder text.
const steering =
  // oxlint-disable-next-line no-control-regex -- finding them is the point
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters made visible: what a model or a file says must not steer the terminal. */
export function visible(text: string): string {
  return text.replaceAll(steering, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `\\u{${code.toString(16)}}`;
  });
}

/** A unified diff with its additions and removals coloured. */
export function paintDiff(paint: Paint, hunks: string): string {
  const lines = hunks
    .trimEnd()
    .split("\n")
    .map((line) => {
      if (line.startsWith("@@")) return paint("cyan", line);
      if (line.startsWith("+")) return paint("green", line);
      if (line.startsWith("-")) return paint("red", line);
      return paint("dim", line);
    });
  return lines.join("\n");
}
