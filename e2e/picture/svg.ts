// Text with colours, as a terminal prints it, drawn as an SVG.

const CELL = { width: 8.4, height: 18 };
const MARGIN = 20;
const COLUMNS_MAX = 118;
const INK = "#cdd9e5";
const FAINT = "#768390";

const colours: Readonly<Record<string, string>> = {
  "31": "#e5534b",
  "32": "#57ab5a",
  "33": "#c69026",
  "36": "#39c5cf",
};

interface Span {
  readonly text: string;
  readonly style: string;
  readonly ground: string | undefined;
}

/** What select-graphic-rendition sequences (ECMA-48, 8.3.117) have set, as far as the product uses them. */
interface Look {
  colour?: string | undefined;
  ground?: string | undefined;
  isBold: boolean;
  isFaint: boolean;
  isItalic: boolean;
}

function parseLine(line: string, look: Look): Span[] {
  const spans: Span[] = [];
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with one
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    if (part.startsWith("\u001b")) apply(part.slice(2, -1).split(";"), look);
    else if (part !== "") spans.push({ text: part, style: styleOf(look), ground: look.ground });
  }
  return spans;
}

function apply(codes: string[], look: Look): void {
  while (codes.length > 0) {
    const code = codes.shift() ?? "";
    if (code === "38") look.colour = takeColour(codes);
    else if (code === "48") look.ground = takeColour(codes);
    else if (code === "" || code === "0") Object.assign(look, plain);
    else if (code === "22") Object.assign(look, { isBold: false, isFaint: false });
    else if (code === "39") look.colour = undefined;
    else if (code === "49") look.ground = undefined;
    else if (code === "1") look.isBold = true;
    else if (code === "2") look.isFaint = true;
    else if (code === "3") look.isItalic = true;
    else look.colour = colours[code] ?? look.colour;
  }
}

const plain: Look = { colour: undefined, ground: undefined, isBold: false, isFaint: false, isItalic: false };

/** `2;R;G;B`; others are left to the ink. */
function takeColour(codes: string[]): string | undefined {
  if (codes[0] !== "2") {
    codes.splice(0, 2);
    return undefined;
  }
  const [, ...channels] = codes.splice(0, 4);
  return `#${channels.map((each) => Number(each).toString(16).padStart(2, "0")).join("")}`;
}

function styleOf({ colour, isBold, isFaint, isItalic }: Look): string {
  const weight = isBold ? ' font-weight="bold"' : "";
  return `fill="${colour ?? (isFaint ? FAINT : INK)}"${weight}${isItalic ? ' font-style="italic"' : ""}`;
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

export function toSvg(output: string, columnsMax: number = COLUMNS_MAX): string {
  const lines = output.trimEnd().split("\n").flatMap(wrap);
  const height = lines.length * CELL.height + 2 * MARGIN;
  const width = columnsMax * CELL.width + 2 * MARGIN;
  const look = { ...plain };
  const grounds: string[] = [];
  const rows = lines.map((line, row) => {
    let column = 0;
    const spans = parseLine(line, look).map(({ text, style, ground }) => {
      const x = (MARGIN + column * CELL.width).toFixed(1);
      const wide = (columns(text) * CELL.width).toFixed(1);
      column += columns(text);
      if (ground !== undefined) {
        const y = MARGIN + row * CELL.height;
        grounds.push(`<rect x="${x}" y="${y}" width="${wide}" height="${CELL.height}" fill="${ground}"/>`);
      }
      return `<tspan x="${x}" ${style}>${escape(text)}</tspan>`;
    });
    return `<text y="${MARGIN + (row + 0.75) * CELL.height}">${spans.join("")}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width.toFixed(0)}" height="${height}" viewBox="0 0 ${width.toFixed(0)} ${height}">`,
    `<rect width="100%" height="100%" rx="8" fill="#22272e"/>`,
    ...grounds,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">`,
    ...rows,
    "</g></svg>\n",
  ].join("\n");
}
