/**
 * The tools of well-known clients under our names, so that one rule holds for all: Claude Code, Codex, Qwen Code,
 * Gemini CLI, opencode, Kimi, Cline and our own agent. Told by name and arguments, as the clients' own schemas have them.
 */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { innerCallOf } from "@cloister/wire";
import { filesOfPatch, type PatchedFile } from "./patch.ts";

export type KnownCall =
  /** `argument` names the argument that holds the path. */
  | { readonly kind: "read"; readonly tool: string; readonly path: string }
  | {
      readonly kind: "edit";
      readonly tool: string;
      readonly path: string;
      readonly argument: string;
      readonly changes: Changes;
    }
  | { readonly kind: "patch"; readonly tool: string; readonly files: readonly PatchedFile[] }
  | { readonly kind: "command"; readonly tool: "Bash"; readonly text: string }
  /** An address, or what else the call is about. */
  | { readonly kind: "other"; readonly tool: string; readonly text: string };

/** The whole new text, or pieces to be replaced. */
export type Changes =
  | { readonly kind: "whole"; readonly text: string }
  | { readonly kind: "pieces"; readonly pieces: readonly Piece[] };

export interface Piece {
  readonly old: string;
  readonly text: string;
  readonly all: boolean;
}

/** Without case and separators: `read_file`, `ReadFile`. */
const names: Readonly<Record<string, string>> = {
  ...named("Read", ["read", "readfile", "readmanyfiles", "viewimage", "view", "openfile", "notebookread"]),
  ...named("Glob", ["glob", "ls", "list", "listdir", "listdirectory", "listfiles", "findfiles"]),
  ...named("Grep", ["grep", "grepsearch", "grepfiles", "searchfilecontent", "searchfiles", "codesearch"]),
  ...named("Lsp", ["lsp"]),
  ...named("RepoMap", ["repomap"]),
  ...named("Write", ["write", "writefile", "writetofile", "createfile"]),
  ...named("Edit", [
    "edit",
    "replace",
    "strreplace",
    "strreplacefile",
    "replaceinfile",
    "applydiff",
    "editfile",
  ]),
  ...named("MultiEdit", ["multiedit"]),
  ...named("NotebookEdit", ["notebookedit"]),
  ...named("Bash", ["bash", "shell", "localshell", "shellcommand", "execcommand", "runshellcommand"]),
  ...named("Bash", ["executecommand", "runcommand", "terminal", "runinterminal", "writestdin"]),
  // What is typed into a shell is a command, too.
  ...named("Bash", ["bashinput", "bashterminal"]),
  ...named("WebFetch", ["webfetch", "fetch", "fetchurl"]),
  ...named("WebSearch", ["websearch", "googlewebsearch"]),
  ...named("TodoWrite", ["todowrite", "todoread", "updateplan", "writetodos", "taskcreate", "taskupdate"]),
  ...named("AskUser", [
    "askuser",
    "askuserquestion",
    "exitplan",
    "exitplanmode",
    "enterplanmode",
    "question",
  ]),
  ...named("Task", [
    "task",
    "agent",
    "skill",
    "taskoutput",
    "bashoutput",
    "killshell",
    "killbash",
    "taskstop",
  ]),
};

const patchTools = new Set(["applypatch", "patch"]);
const paths = ["file_path", "filePath", "absolute_path", "notebook_path", "target_file", "path", "filename"];
const commands = ["command", "cmd", "script", "chars", "text"];
const wholes = ["content", "contents", "file_text", "new_source"];
const olds = ["old_string", "oldString", "old_str", "old"];
const news = ["new_string", "newString", "new_str", "new", ...wholes, "diff"];
const patches = ["input", "patch", "patchText"];

function named(ours: string, theirs: readonly string[]): Record<string, string> {
  return Object.fromEntries(theirs.map((name) => [name, ours]));
}

/** Arguments that are no object count as none. */
export function toKnownCall(name: string, args: JsonObject): KnownCall {
  const inner = innerCallOf(name, args);
  if (inner !== undefined) return toKnownCall(inner.name, inner.args);
  const bare = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  if (patchTools.has(bare)) return toPatch(firstText(args, patches));
  // One tool of many commands, as Anthropic defines it.
  if (bare.startsWith("strreplace") && typeof args["command"] === "string") {
    return args["command"] === "view" ? toRead("Read", args) : toEdit("Edit", args);
  }
  const tool = names[bare];
  switch (tool) {
    case "Read":
    case "Glob":
    case "Grep":
    case "RepoMap":
      return toRead(tool, args);
    case "Lsp":
      return toLsp(args);
    case "Write":
    case "Edit":
    case "MultiEdit":
    case "NotebookEdit":
      return toEdit(tool, args);
    case "Bash":
      return toCommand(args);
    case undefined:
    default:
      return { kind: "other", tool: tool ?? name, text: firstText(args, ["url", "uri", "query"]) };
  }
}

/**
 * What a call says twice, and differently: two arguments of which only one can be what the tool takes, while rules might
 * look at the other one. Undefined for a call with one reading.
 */
export function rivalsIn(name: string, args: JsonObject): readonly string[] | undefined {
  const inner = innerCallOf(name, args);
  if (inner !== undefined) return rivalsIn(inner.name, inner.args);
  const { kind } = toKnownCall(name, args);
  const group = kind === "command" ? commands : kind === "read" || kind === "edit" ? paths : [];
  const given = group.filter((each) => typeof args[each] === "string");
  return given.some((each) => args[each] !== args[given[0] ?? each]) ? given : undefined;
}

function toRead(tool: string, args: JsonObject): KnownCall {
  return { kind: "read", tool, path: firstText(args, paths) };
}

/**
 * What a language server would change is known only when it has answered. So our tool shows it first, and then changes
 * the files that the next call names: an edit of each of them.
 */
function toLsp(args: JsonObject): KnownCall {
  const { action, files } = args;
  const isEdit = action === "rename" || action === "code_actions";
  const wanted = Array.isArray(files) ? (files as readonly Json[]) : [];
  if (!isEdit || wanted.length === 0) return toRead("Lsp", args);
  const [before, after] = [firstText(args, ["symbol"]), firstText(args, ["new_name"])];
  return {
    kind: "patch",
    tool: "Edit",
    files: wanted.map((path) => ({
      path: typeof path === "string" ? path : JSON.stringify(path),
      before,
      after,
    })),
  };
}

function toEdit(tool: string, args: JsonObject): KnownCall {
  const argument = paths.find((name) => typeof args[name] === "string") ?? "file_path";
  const path = firstText(args, [argument]);
  const isWhole = tool === "Write" || (firstText(args, olds) === "" && firstText(args, wholes) !== "");
  if (isWhole) {
    return { kind: "edit", tool, path, argument, changes: { kind: "whole", text: firstText(args, wholes) } };
  }
  const list = Array.isArray(args["edits"]) ? (args["edits"] as readonly unknown[]).filter(isRecord) : [args];
  const pieces = list.map((edit): Piece => ({
    old: firstText(edit, olds),
    text: firstText(edit, news),
    all: edit["replace_all"] === true || edit["replaceAll"] === true,
  }));
  return { kind: "edit", tool, path, argument, changes: { kind: "pieces", pieces } };
}

/** A command line, or a list of words of which a shell may be the first. */
function toCommand(args: JsonObject): KnownCall {
  const name = commands.find((candidate) => args[candidate] !== undefined);
  const given: unknown = name === undefined ? args["action"] : args[name];
  const words: unknown = isRecord(given) ? given["command"] : given;
  if (typeof words === "string") return commandOrPatch(words);
  if (!Array.isArray(words)) return { kind: "command", tool: "Bash", text: "" };
  const [first = "", second = "", ...rest] = words.map(String);
  const isShell = /(^|\/)(ba|z|da|k)?sh$/.test(first) && /^-[a-z]*c$/.test(second);
  if (first === "apply_patch") return toPatch([second, ...rest].join("\n"));
  return commandOrPatch(isShell ? rest.join(" ") : words.map(String).join(" "));
}

/** One here-document from the first to the last line, and nothing beside it. */
const patchCommand =
  /^\s*(?:cd\s+[\w./-]+\s*&&\s*)?apply_?patch\s+<<-?\s*(['"]?)(\w+)\1[ \t]*\n((?:(?!\2[ \t]*\n)[^\n]*\n)*)\2\s*$/;

/** Codex's models also write a patch as a command; the client takes it out, and the shell never sees it. */
function commandOrPatch(text: string): KnownCall {
  const patch = patchCommand.exec(text)?.[3];
  return patch === undefined ? { kind: "command", tool: "Bash", text } : toPatch(patch);
}

function toPatch(text: string): KnownCall {
  return { kind: "patch", tool: "Edit", files: filesOfPatch(text) };
}

function firstText(args: Readonly<Record<string, unknown>>, wanted: readonly string[]): string {
  for (const name of wanted) {
    const value = args[name];
    if (typeof value === "string") return value;
  }
  return "";
}
