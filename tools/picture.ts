// `npm run picture`: draws a real run of the tour as an SVG for the README. What it shows was printed by the product.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const CELL = { width: 8.4, height: 18 };
const MARGIN = 20;
const COLUMNS_MAX = 118;

const colours: Readonly<Record<string, string>> = {
  "31": "#e5534b",
  "32": "#57ab5a",
  "33": "#c69026",
  "36": "#39c5cf",
};

interface Span {
  readonly text: string;
  readonly style: string;
}

/** Select-graphic-rendition sequences (ECMA-48, 8.3.117), as far as the product uses them. */
function parseLine(line: string): Span[] {
  const spans: Span[] = [];
  const codes = new Set<string>();
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with one
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    if (!part.startsWith("\u001b")) {
      if (part !== "") spans.push({ text: part, style: styleOf(codes) });
      continue;
    }
    for (const code of part.slice(2, -1).split(";")) {
      if (code === "22") drop(codes, ["1", "2"]);
      else if (code === "39") drop(codes, Object.keys(colours));
      else codes.add(code);
    }
  }
  return spans;
}

function drop(codes: Set<string>, ended: readonly string[]): void {
  for (const code of ended) codes.delete(code);
}

function styleOf(codes: ReadonlySet<string>): string {
  const colour = [...codes].map((code) => colours[code]).find((value) => value !== undefined);
  const fill = colour ?? (codes.has("2") ? "#768390" : "#cdd9e5");
  return `fill="${fill}"${codes.has("1") ? ' font-weight="bold"' : ""}`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** East Asian wide characters take two columns. */
function columns(text: string): number {
  return Array.from(text).reduce(
    (sum, character) => sum + ((character.codePointAt(0) ?? 0) >= 0x2e80 ? 2 : 1),
    0,
  );
}

function wrap(line: string): string[] {
  // oxlint-disable-next-line no-control-regex -- see above
  if (columns(line.replaceAll(/\u001b\[[\d;]*m/g, "")) <= COLUMNS_MAX) return [line];
  const cut = line.lastIndexOf(" ", COLUMNS_MAX);
  return cut < 20 ? [line] : [line.slice(0, cut), ...wrap(`   ${line.slice(cut + 1)}`)];
}

export function toSvg(output: string): string {
  const lines = output.trimEnd().split("\n").flatMap(wrap);
  const height = lines.length * CELL.height + 2 * MARGIN;
  const width = COLUMNS_MAX * CELL.width + 2 * MARGIN;
  const rows = lines.map((line, row) => {
    let column = 0;
    const spans = parseLine(line).map(({ text, style }) => {
      const x = (MARGIN + column * CELL.width).toFixed(1);
      column += columns(text);
      return `<tspan x="${x}" ${style}>${escape(text)}</tspan>`;
    });
    return `<text y="${MARGIN + (row + 0.75) * CELL.height}">${spans.join("")}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width.toFixed(0)}" height="${height}" viewBox="0 0 ${width.toFixed(0)} ${height}">`,
    `<rect width="100%" height="100%" rx="8" fill="#22272e"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">`,
    ...rows,
    "</g></svg>\n",
  ].join("\n");
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  const run = spawnSync(process.execPath, ["packages/cli/src/main.ts", "tour", "--lang", "en"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, FORCE_COLOR: "1" },
  });
  if (run.status !== 0) throw new Error(`the tour ended with ${run.status}: ${run.stderr}`);
  mkdirSync(join(root, "docs/pictures"), { recursive: true });
  writeFileSync(join(root, "docs/pictures/tour.svg"), toSvg(run.stdout));
  console.log("docs/pictures/tour.svg");
}
