/** Keys by name, as a terminal sends them. */

const named: Readonly<Record<string, string>> = {
  enter: "\r",
  tab: "\t",
  escape: "\u001b",
  space: " ",
  backspace: "\u007f",
  delete: "\u001b[3~",
  up: "\u001b[A",
  down: "\u001b[B",
  right: "\u001b[C",
  left: "\u001b[D",
  home: "\u001b[H",
  end: "\u001b[F",
  "page-up": "\u001b[5~",
  "page-down": "\u001b[6~",
};

export const keyNames: string = [...Object.keys(named), "ctrl-a to ctrl-z"].join(", ");

export function isKey(name: string): boolean {
  return Object.hasOwn(named, name) || /^ctrl-[a-z]$/.test(name);
}

export function keyBytes(name: string): string {
  if (Object.hasOwn(named, name)) return named[name] ?? "";
  return String.fromCharCode((name.codePointAt(5) ?? 0) - 96);
}
