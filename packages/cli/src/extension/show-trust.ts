/** What a project would run or redirect, for a person: every byte of it, and nothing that only looks like something else. */
import { relative } from "node:path";
import { diffTexts } from "@cloister/agent";
import type { Loss, TrustChange, TrustItem } from "@cloister/agent/extensions";
import { showUnseen } from "@cloister/policy";
import { paintDiff, visible, type Paint } from "../print/style.ts";
import type { TrustWords } from "../words/type.ts";

export function formatItem({ kind, name, path, text }: TrustItem, workspace: string, paint: Paint): string {
  const place = relative(workspace, path);
  const head = `${paint("bold", `${kind} ${line(name)}`)}  ${paint("dim", line(place))}`;
  return `${head}\n${indented(plain(text))}\n`;
}

export function formatChange(
  { before, after }: TrustChange,
  {
    workspace,
    paint,
    words,
  }: { readonly workspace: string; readonly paint: Paint; readonly words: TrustWords },
): string {
  const item = after ?? before;
  if (item === undefined) return "";
  const what = before === undefined ? words.added : after === undefined ? words.removed : words.changed;
  const { hunks } = diffTexts(item.path, ended(plain(before?.text ?? "")), ended(plain(after?.text ?? "")));
  const place = paint("dim", line(relative(workspace, item.path)));
  const head = `${paint("bold", `${item.kind} ${line(item.name)}`)} ${what}  ${place}`;
  return `${head}\n${paintDiff(paint, hunks)}\n`;
}

export function formatLoss({ path, subject, why }: Loss): string {
  return `  ${line(path)}: ${line(subject)}: ${line(why)}\n`;
}

/** A text must not hide a part of itself, nor steer the terminal. */
function plain(text: string): string {
  return visible(showUnseen(text));
}

/** A name with a line end in it would look like two things. */
function line(text: string): string {
  return plain(text).replaceAll("\n", "␊");
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((each) => `    ${each}`)
    .join("\n");
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
