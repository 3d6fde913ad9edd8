import { isRecord, messageOf, type Json, type JsonObject } from "@cloister/base";
import { showUnseen } from "@cloister/policy";
import { actionsAt } from "../lsp/actions.ts";
import { applyPlan, planEdits, plantedIn, type PlannedFile } from "../lsp/edits.ts";
import { formatDiagnostics, rangesOf } from "../lsp/diagnostics.ts";
import { showLocations, showPlaces } from "../lsp/locations.ts";
import { toPath, toUri, type Position } from "../lsp/positions.ts";
import type { LanguageServer } from "../lsp/server.ts";
import { symbolRows } from "../lsp/symbols.ts";
import { locate } from "./paths.ts";
import { readTextFile, splitLines } from "./text-file.ts";
import { refusal, type Tool, type ToolResult, type ToolWorld } from "./tool.ts";

export type LspArgs = {
  readonly action: string;
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
  readonly symbol?: string;
  readonly new_name?: string;
  readonly title?: string;
  readonly files?: readonly Json[];
};

const actions = ["definition", "references", "hover", "symbols", "diagnostics", "rename", "code_actions"];
const START_MS_MAX = 60_000;
/** Servers answer with nothing while they still read the project. */
const READING_MS_MAX = 20_000;
const HOVER_CHARS_MAX = 4000;
const DIAGNOSTICS_SHOWN_MAX = 50;
const DIFF_CHARS_MAX = 20_000;

export const lspTool: Tool<LspArgs> = {
  name: "Lsp",
  effect: "read",
  effectFor: (args) => (writes(args) ? "edit" : "read"),
  description:
    "Ask the language server of a file. The place is `line` (from 1) with `symbol` (a name in it) or `column`. " +
    "rename (`new_name`) and code_actions (`title`: one of those listed) show what would change; " +
    "call again with `files`, the paths to change, to do it.",
  parameters: {
    type: "object",
    properties: {
      action: { type: "string", enum: actions },
      path: { type: "string" },
      line: { type: "integer" },
      column: { type: "integer" },
      symbol: { type: "string" },
      new_name: { type: "string" },
      title: { type: "string" },
      files: { type: "array" },
    },
    required: ["action", "path"],
    additionalProperties: false,
  },
  run: ask,
};

function writes({ action, files }: JsonObject | LspArgs): boolean {
  const canWrite = action === "rename" || action === "code_actions";
  return canWrite && Array.isArray(files) && files.length > 0;
}

interface Question {
  readonly args: LspArgs;
  /** Workspace-relative. */
  readonly path: string;
  readonly server: LanguageServer;
  readonly world: ToolWorld;
  readonly signal: AbortSignal;
}

async function ask(args: LspArgs, world: ToolWorld, signal: AbortSignal): Promise<ToolResult> {
  const place = await locate(args.path, world);
  if (place.kind === "refused") return refusal(place.text);
  const server = world.languages?.serverFor(place.path);
  if (server === undefined) return refusal(noServer(place.path, world));
  if (!(await server.ready(START_MS_MAX, signal))) {
    return refusal(`${server.wish.title} is not there: ${server.whyNot ?? "it is slow to start"}. Use Grep.`);
  }
  try {
    await server.sync([place.path]);
    return await answerTo({ args, path: place.path, server, world, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return refusal(messageOf(error));
  }
}

async function answerTo(question: Question): Promise<ToolResult> {
  const { args, path, server, world, signal } = question;
  switch (args.action) {
    case "symbols":
      return symbols(question);
    case "diagnostics": {
      await server.check(path, READING_MS_MAX, signal);
      const found = server.diagnostics().get(path) ?? [];
      const rows = formatDiagnostics(found, DIAGNOSTICS_SHOWN_MAX);
      const text =
        rows.length === 0 ? `${server.wish.title} finds nothing wrong in ${path}.` : rows.join("\n");
      return { ok: true, text, sources: rangesOf(found), source: "command" };
    }
    default:
  }
  const position = await positionOf(question);
  if (typeof position === "string") return refusal(position);
  const at = { textDocument: { uri: toUri(world.workspace, path) }, position: { ...position } };
  switch (args.action) {
    case "definition": {
      const result = await patiently(question, "textDocument/definition", at);
      return showLocations(result, world, "No definition is known.");
    }
    case "references": {
      const context = { includeDeclaration: true };
      const result = await patiently(question, "textDocument/references", { ...at, context });
      return showLocations(result, world, "No references are known.");
    }
    case "hover":
      return hover(await patiently(question, "textDocument/hover", at), question, position);
    case "rename": {
      if (args.new_name === undefined) return refusal("rename needs new_name.");
      const params = { ...at, newName: args.new_name };
      return change(() => patiently(question, "textDocument/rename", params), question);
    }
    case "code_actions": {
      const find = (): ReturnType<typeof actionsAt> =>
        actionsAt({ server, path, position, workspace: world.workspace }, signal);
      const found = await find();
      const { title } = args;
      if (found.some((action) => action.title === title)) {
        // Anew each time: its edit is of the texts that the server knew then.
        const edit = async (): Promise<Json> =>
          (await find()).find((action) => action.title === title)?.edit(signal) ?? null;
        return change(edit, question);
      }
      const list = found.map((action) => `- ${action.title}`).join("\n");
      const said = found.length === 0 ? "There are no code actions here." : `Code actions here:\n${list}`;
      return title === undefined
        ? { ok: true, text: said, sources: [] }
        : refusal(`There is no "${title}". ${said}`);
    }
    default:
      return refusal(`There is no action "${args.action}".`);
  }
}

function noServer(path: string, { languages }: ToolWorld): string {
  const titles = languages?.titles ?? [];
  const there = titles.length === 0 ? "None is on this machine" : `There are: ${titles.join(", ")}`;
  return `No language server is there for ${path}. ${there}. Use Grep, or RepoMap.`;
}

/** A server that is still reading the project answers with a part, or with nothing. */
async function patiently({ server, signal }: Question, method: string, params: JsonObject): Promise<Json> {
  await server.settled(READING_MS_MAX, signal);
  const result = await server.request(method, params, signal);
  const isEmpty = result === null || (Array.isArray(result) && result.length === 0);
  // Some begin to read when they are asked.
  if (!isEmpty || !(await server.settled(READING_MS_MAX, signal))) return result;
  return server.request(method, params, signal);
}

/** Or what is missing. */
async function positionOf({ args, path, world }: Question): Promise<Position | string> {
  const { line, column, symbol } = args;
  const place = await locate(path, world);
  const file = place.kind === "inside" ? await readTextFile(place.real) : undefined;
  if (file?.kind !== "text") return `${path} is no text file.`;
  const lines = splitLines(file.text);
  if (line !== undefined && (line < 1 || line > lines.length)) return `${path} has ${lines.length} lines.`;
  if (line !== undefined && (column !== undefined || symbol === undefined)) {
    const start = /\S/.exec(lines[line - 1] ?? "")?.index ?? 0;
    return { line: line - 1, character: column === undefined ? start : Math.max(column - 1, 0) };
  }
  if (symbol === undefined || symbol === "") return "Give the line, with symbol or column.";
  const [from, to] = line === undefined ? [0, lines.length] : [line - 1, line];
  for (let at = from; at < to; at++) {
    const character = indexOfName(lines[at] ?? "", symbol);
    if (character >= 0) return { line: at, character };
  }
  return `"${symbol}" is not in ${line === undefined ? path : `line ${line} of ${path}`}.`;
}

/** As a whole word where it is one anywhere. */
function indexOfName(line: string, name: string): number {
  const isPart = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_$]/u.test(char);
  for (let at = line.indexOf(name); at >= 0; at = line.indexOf(name, at + 1)) {
    if (!isPart(line[at - 1]) && !isPart(line[at + name.length])) return at;
  }
  return line.indexOf(name);
}

async function symbols({ args, path, server, world, signal }: Question): Promise<ToolResult> {
  if (args.symbol === undefined) {
    const textDocument = { uri: toUri(world.workspace, path) };
    const rows = symbolRows(await server.request("textDocument/documentSymbol", { textDocument }, signal));
    const text = rows.length === 0 ? `No symbols are known in ${path}.` : rows.join("\n");
    const to = Math.max(1, ...rows.map((row) => Number.parseInt(row, 10) || 1));
    return { ok: true, text: showUnseen(text), sources: [{ path, from: 1, to }], source: "command" };
  }
  const found = await server.request("workspace/symbol", { query: args.symbol }, signal);
  const list: readonly Json[] = Array.isArray(found) ? (found as readonly Json[]) : [];
  const places = list.flatMap((each) => {
    const { uri, range } = isRecord(each) && isRecord(each["location"]) ? each["location"] : {};
    const { line } = isRecord(range) && isRecord(range["start"]) ? range["start"] : {};
    const known = typeof uri === "string" ? toPath(world.workspace, uri) : undefined;
    return known === undefined || typeof line !== "number" ? [] : [{ path: known, line: line + 1 }];
  });
  return showPlaces(places, world, { nothing: `No symbol like "${args.symbol}" is known.` });
}

function hover(result: Json, { path }: Question, { line }: Position): ToolResult {
  const contents = isRecord(result) ? result["contents"] : undefined;
  const parts: readonly (Json | undefined)[] = Array.isArray(contents)
    ? (contents as readonly Json[])
    : [contents];
  const texts = parts
    .map((part) => (isRecord(part) ? part["value"] : part))
    .filter((part) => typeof part === "string");
  const text = showUnseen(texts.join("\n").slice(0, HOVER_CHARS_MAX).toWellFormed()).trim();
  if (text === "") return { ok: true, text: "Nothing is known about it.", sources: [] };
  return { ok: true, text, sources: [{ path, from: line + 1, to: line + 1 }], source: "command" };
}

/** Shows the change, or makes it where `files` names exactly what it touches. */
async function change(propose: () => Promise<Json>, { args, server, world }: Question): Promise<ToolResult> {
  let plan = await planEdits(await propose(), world);
  const others = plan.kind === "plan" ? plan.files.filter(({ path }) => !server.isOpen(path)) : [];
  if (others.length > 0) {
    // It may know older texts of them: told what they are now, it is asked again.
    await server.sync(others.map(({ path }) => path));
    plan = await planEdits(await propose(), world);
  }
  if (plan.kind === "refused") return refusal(plan.why);
  const { files } = plan;
  const [first] = files;
  if (first === undefined) return refusal("It would change nothing.");
  const touched = files.map(({ path }) => path);
  if (!writes(args)) return preview(files);
  const named = new Set((args.files ?? []).filter(isText).map((path) => path.replace(/^\.\//, "")));
  const missing = touched.filter((path) => !named.has(path));
  if (missing.length > 0) {
    return refusal(`Nothing was changed: it touches ${missing.join(", ")} too. Name them in files as well.`);
  }
  const planted = files.map(plantedIn).find((why) => why !== undefined);
  if (planted !== undefined) {
    return refusal(`Nothing was changed: ${planted}. Make this edit yourself with Edit, if it is right.`);
  }
  await applyPlan(files, world);
  const rows = files.map(({ path, diff }) => `${path}: ${diff.added} lines added, ${diff.removed} removed`);
  return {
    ok: true,
    text: `Changed ${files.length} files:\n${rows.join("\n")}`,
    sources: [],
    diff: first.diff,
  };
}

function isText(value: Json): value is string {
  return typeof value === "string";
}

function preview(files: readonly PlannedFile[]): ToolResult {
  const diffs = files.map(({ path, diff }) => `--- ${path}\n${diff.hunks}`).join("\n");
  const shown = diffs.length > DIFF_CHARS_MAX ? `${diffs.slice(0, DIFF_CHARS_MAX)}\n(cut)` : diffs;
  const names = JSON.stringify(files.map(({ path }) => path));
  const sources = files.flatMap(({ path, diff }) =>
    [...diff.hunks.matchAll(/^@@ -(\d+)(?:,(\d+))?/gm)].map(([, start = "1", count = "1"]) => ({
      path,
      from: Number(start),
      to: Number(start) + Math.max(Number(count), 1) - 1,
    })),
  );
  return {
    ok: true,
    text: `Not changed yet. To do it, call again with files: ${names}\n${shown}`,
    sources,
    source: "command",
  };
}
