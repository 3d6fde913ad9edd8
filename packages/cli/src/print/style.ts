import { styleText } from "node:util";

export { visible } from "@cloister/base";

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
