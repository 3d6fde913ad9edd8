import { diffTexts } from "@cloister/agent";
import type { Change } from "@cloister/cell";
import { paintDiff, visible, type Paint } from "./style.ts";

export interface ShownChange {
  readonly change: Change;
  /** Text of both sides, secrets sealed; undefined for what is no text, too long, or of another type. */
  readonly texts?: { readonly before: string; readonly after: string };
}

const DIFF_LINES_MAX = 400;

/** The changes of a command for people: a list first, then what cannot be taken over silently, then the texts. */
export function formatChanges(shown: readonly ShownChange[], paint: Paint): string {
  const inGit = shown.filter(({ change }) => isGitsOwn(change));
  const rest = shown.filter(({ change }) => !isGitsOwn(change));
  const plain = rest.filter(({ change }) => (change.caution ?? change.refused) === undefined);
  const lines = plain.map((one) => formatLine(one, paint));
  if (inGit.length > 0) {
    const count = `${inGit.length} of git's own (objects, index, references)`;
    lines.push(`  ${paint("dim", "·")} ${paint("dim", count)}`);
  }
  const guarded = rest.filter(
    ({ change: { refused, caution } }) => caution !== undefined && refused === undefined,
  );
  const refused = rest.filter(({ change }) => change.refused !== undefined);
  lines.push(...formatApart("guarded: only with --promote-guarded", guarded, paint));
  lines.push(...formatApart("never promoted", refused, paint));
  const diffs = rest.flatMap((one) => formatDiff(one, paint));
  return [...lines, ...diffs].map((line) => `${line}\n`).join("");
}

function formatApart(title: string, shown: readonly ShownChange[], paint: Paint): string[] {
  if (shown.length === 0) return [];
  const lines = shown.map((one) => {
    const why = visible(one.change.refused ?? one.change.caution ?? "");
    return `${formatLine(one, paint)}\n      ${paint("yellow", why)}`;
  });
  return [`\n${paint(["bold", "yellow"], title)}`, ...lines];
}

/** Objects and references say nothing to a person; what git runs is guarded and listed by name. */
function isGitsOwn({ path, caution, refused }: Change): boolean {
  return path.split("/").includes(".git") && caution === undefined && refused === undefined;
}

const marks = { created: ["green", "A"], changed: ["yellow", "M"], deleted: ["red", "D"] } as const;

function formatLine({ change, texts }: ShownChange, paint: Paint): string {
  const [style, mark] = marks[change.kind];
  const version = change.after ?? change.before;
  const slash = version?.type === "directory" ? "/" : "";
  const target = change.after?.type === "link" ? ` → ${visible(change.after.target ?? "")}` : "";
  const notes = [modeNote(change), sizeNote(change, texts)].filter((note) => note !== "").join("  ");
  return `  ${paint(style, mark)} ${oneLine(change.path)}${slash}${target}${notes === "" ? "" : `  ${paint("dim", notes)}`}`;
}

function modeNote({ kind, before, after }: Change): string {
  if (after === undefined || after.type === "link") return "";
  const text = after.mode.toString(8).padStart(3, "0");
  if (kind === "changed" && before !== undefined && before.mode !== after.mode) {
    return `mode ${before.mode.toString(8).padStart(3, "0")} → ${text}`;
  }
  return kind === "created" && after.type === "file" && (after.mode & 0o111) !== 0 ? `mode ${text}` : "";
}

function sizeNote({ before, after }: Change, texts: ShownChange["texts"]): string {
  if (after?.type !== "file") return "";
  if (texts !== undefined) {
    const { added, removed } = diffTexts("", texts.before, texts.after);
    return added + removed === 0 ? "" : `+${added} −${removed}`;
  }
  return before?.type === "file" && before.bytes !== after.bytes
    ? `${before.bytes} → ${after.bytes} bytes`
    : `${after.bytes} bytes`;
}

function formatDiff({ change, texts }: ShownChange, paint: Paint): string[] {
  if (texts === undefined) return [];
  const { hunks } = diffTexts(change.path, texts.before, texts.after);
  if (hunks === "") return [];
  const lines = visible(hunks).trimEnd().split("\n");
  const cut = lines.length - DIFF_LINES_MAX;
  return [
    `\n${paint("bold", oneLine(change.path))}`,
    paintDiff(paint, lines.slice(0, DIFF_LINES_MAX).join("\n")),
    ...(cut > 0 ? [paint("dim", `… ${cut} more lines`)] : []),
  ];
}

/** A name may hold line ends too. */
function oneLine(path: string): string {
  return visible(path).replaceAll("\n", "⏎");
}
