/** Every escape sequence that is ever written, beside colours (`paint.ts`). A test holds the output to this list. */
const ESC = "\u001b";
const CSI = `${ESC}[`;

/** iTerm2's, or rxvt's. Terminals that know both would show two notices. */
export type NoticeForm = "osc9" | "osc777";

export interface Vocabulary {
  readonly up: (rows: number) => string;
  readonly down: (rows: number) => string;
  readonly right: (columns: number) => string;
  readonly home: string;
  /** From the top left, counted from 0. */
  readonly at: (row: number, column: number) => string;
  /** Within these rows everything goes up; the cursor is at home afterwards (DECSTBM, SU). */
  readonly scrollUp: (from: number, rows: number, by: number) => string;
  readonly eraseLine: string;
  readonly eraseBelow: string;
  readonly eraseAll: string;
  readonly hideCursor: string;
  readonly showCursor: string;
  /** Synchronised output: the terminal draws what stands between at once (contour's mode 2026). */
  readonly beginFrame: string;
  readonly endFrame: string;
  readonly bracketedPasteOn: string;
  readonly bracketedPasteOff: string;
  readonly focusOn: string;
  readonly focusOff: string;
  /** Kitty's keyboard protocol, "disambiguate" only; terminals without it pass it over. */
  readonly kittyOn: string;
  readonly kittyOff: string;
  readonly alternateOn: string;
  readonly alternateOff: string;
  /** Presses and the wheel, in a form that knows no limit of columns (xterm's 1000 and 1006). */
  readonly mouseOn: string;
  readonly mouseOff: string;
  /** The wheel is no arrows. */
  readonly wheelOff: string;
  readonly bell: string;
  /** Which colour the ground has; the terminal answers as if it were typed (xterm's OSC 11). */
  readonly askBackground: string;
  /** On the desktop, in the two ways that terminals know (iTerm2's OSC 9, rxvt's OSC 777). The text must have passed the gate. */
  /** In the form that a terminal knows; in both, where nobody knows which. */
  readonly notify: (text: string, form?: NoticeForm) => string;
  /** The title as it was is kept on the terminal's own stack (xterm). */
  readonly keepTitle: string;
  readonly restoreTitle: string;
  /** The text must have passed the gate. */
  readonly title: (text: string) => string;
}

export const vocabulary: Vocabulary = {
  up: (rows) => (rows <= 0 ? "" : `${CSI}${rows}A`),
  down: (rows) => (rows <= 0 ? "" : `${CSI}${rows}B`),
  right: (columns) => (columns <= 0 ? "" : `${CSI}${columns}C`),
  home: `${CSI}H`,
  at: (row, column) => `${CSI}${row + 1};${column + 1}H`,
  scrollUp: (from, rows, by) => `${CSI}${from + 1};${from + rows}r${CSI}${by}S${CSI}r`,
  eraseLine: `${CSI}K`,
  eraseBelow: `${CSI}J`,
  eraseAll: `${CSI}2J`,
  hideCursor: `${CSI}?25l`,
  showCursor: `${CSI}?25h`,
  beginFrame: `${CSI}?2026h`,
  endFrame: `${CSI}?2026l`,
  bracketedPasteOn: `${CSI}?2004h`,
  bracketedPasteOff: `${CSI}?2004l`,
  focusOn: `${CSI}?1004h`,
  focusOff: `${CSI}?1004l`,
  kittyOn: `${CSI}>1u`,
  kittyOff: `${CSI}<u`,
  // With 1007 the wheel comes as arrows there (xterm's alternate scroll).
  alternateOn: `${CSI}?1049h${CSI}?1007h`,
  alternateOff: `${CSI}?1007l${CSI}?1049l`,
  mouseOn: `${CSI}?1000h${CSI}?1006h`,
  mouseOff: `${CSI}?1006l${CSI}?1000l`,
  wheelOff: `${CSI}?1007l`,
  bell: "\u0007",
  askBackground: `${ESC}]11;?\u0007`,
  // A semicolon would end the text; `4;` at its beginning would be a progress bar.
  notify: (text, form) => {
    const body = text.replaceAll(";", ",");
    const first = form === "osc777" ? "" : `${ESC}]9;${body}\u0007`;
    return form === "osc9" ? first : `${first}${ESC}]777;notify;cloister;${body}\u0007`;
  },
  keepTitle: `${CSI}22;2t`,
  restoreTitle: `${CSI}23;2t`,
  title: (text) => `${ESC}]2;${text}\u0007`,
};

/** Matches exactly these, and the colours. */
export const ownSequences: RegExp =
  // oxlint-disable-next-line no-control-regex -- these are escape sequences
  /\u001b\[(?:\d*[ABCHJKSmr]|\d+;\d+[Hr]|\d+(?:;\d+)*m|\?(?:25|2026|2004|1000|1004|1006|1007|1049)[hl]|>1u|<u|2[23];2t)|\u001b\](?:2;|9;|777;notify;cloister;)[^\u0000-\u001f\u007f-\u009f]*\u0007|\u001b\]11;\?\u0007/g;
