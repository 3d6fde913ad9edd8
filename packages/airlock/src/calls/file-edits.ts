/** What a call would make of the files it edits: the text before, and the text after. */
import { hostsOf, type FileEdit } from "@cloister/policy";
import type { KnownCall, Piece } from "./known-tools.ts";

export interface JudgedEdit {
  readonly edit: FileEdit;
  /** `after` is all of the file. */
  readonly isWhole: boolean;
  /** Hosts that the rest of the file names already, where only a piece of it is looked at. */
  readonly knownHosts: ReadonlySet<string>;
}

const NO_HOSTS: ReadonlySet<string> = new Set();
const PIECES_MAX = 1000;

/**
 * `read` gives a file's present text, sealed as the call's own is; undefined where it is new or cannot be had. What
 * cannot be applied to it is judged by itself: the old piece against the new one.
 */
export function editsOf(call: KnownCall, read: (path: string) => string | undefined): JudgedEdit[] {
  if (call.kind === "patch") {
    return call.files.map(({ path, before, after }) => {
      const present = read(path);
      const removed = after === undefined ? (present ?? before) : before;
      return { edit: { path, before: removed, after }, isWhole: false, knownHosts: hostsIn(present) };
    });
  }
  if (call.kind !== "edit") return [];
  const { path, changes } = call;
  const before = read(path)?.replaceAll("\r\n", "\n");
  if (changes.kind === "whole") {
    return [{ edit: { path, before, after: changes.text }, isWhole: true, knownHosts: NO_HOSTS }];
  }
  const pieces = changes.pieces.slice(0, PIECES_MAX);
  const after = before === undefined ? undefined : applied(before, pieces);
  if (after !== undefined) return [{ edit: { path, before, after }, isWhole: true, knownHosts: NO_HOSTS }];
  const joined = (texts: readonly string[]): string => texts.join("\n");
  const edit = {
    path,
    before: joined(pieces.map(({ old }) => old)),
    after: joined(pieces.map(({ text }) => text)),
  };
  return [{ edit, isWhole: false, knownHosts: hostsIn(before) }];
}

function hostsIn(text: string | undefined): ReadonlySet<string> {
  return text === undefined ? NO_HOSTS : hostsOf(text);
}

/** Undefined when a piece does not stand in the text: then the tool has its own way to find it, or refuses. */
function applied(text: string, pieces: readonly Piece[]): string | undefined {
  let result = text;
  for (const { old, text: next, all } of pieces) {
    const [from, to] = [old.replaceAll("\r\n", "\n"), next.replaceAll("\r\n", "\n")];
    if (from === "" || !result.includes(from)) return undefined;
    result = all ? result.split(from).join(to) : result.replace(from, () => to);
  }
  return result;
}
