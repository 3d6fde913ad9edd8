/** Every escape sequence that is ever written, beside colours (`paint.ts`). A test holds the output to this list. */
const ESC = "\u001b";
const CSI = `${ESC}[`;

export interface Vocabulary {
  readonly up: (rows: number) => string;
  readonly down: (rows: number) => string;
  readonly right: (columns: number) => string;
  readonly home: string;
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
  readonly bell: string;
  /** Which colour the ground has; the terminal answers as if it were typed (xterm's OSC 11). */
  readonly askBackground: string;
  /** On the desktop, in the two ways that terminals know (iTerm2's OSC 9, rxvt's OSC 777). The text must have passed the gate. */
  readonly notify: (text: string) => string;
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
  bell: "\u0007",
  askBackground: `${ESC}]11;?\u0007`,
  // A semicolon would end the text; `4;` at its beginning would be a progress bar.
  notify: (text) =>
    [`9;${text.replaceAll(";", ",")}`, `777;notify;cloister;${text.replaceAll(";", ",")}`]
      .map((body) => `${ESC}]${body}\u0007`)
      .join(""),
  keepTitle: `${CSI}22;2t`,
  restoreTitle: `${CSI}23;2t`,
  title: (text) => `${ESC}]2;${text}\u0007`,
};

/** Matches exactly these, and the colours. */
export const ownSequences: RegExp =
  // oxlint-disable-next-line no-control-regex -- these are escape sequences
  /\u001b\[(?:\d*[ABCHJKm]|\d+(?:;\d+)*m|\?(?:25|2026|2004|1004|1007|1049)[hl]|>1u|<u|2[23];2t)|\u001b\](?:2;|9;|777;notify;cloister;)[^\u0000-\u001f\u007f-\u009f]*\u0007|\u001b\]11;\?\u0007/g;
