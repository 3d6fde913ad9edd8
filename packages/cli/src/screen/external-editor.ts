/** The person's own editor for a long message. It is their program, started by their key: it runs outside of any cell. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/base";
import type { Environment } from "../environment.ts";
import { findOwnProgram, isInProject, ownFolders, type ProgramPlaces } from "../own-programs.ts";

type Needed = Pick<Environment, "variable" | "path" | "directory">;

/** @throws CloisterError `editor-failed`, `editor-in-project` */
export async function openInEditor(path: string, environment: Needed): Promise<void> {
  const editor = editorOf(environment);
  // By a shell, since the variable may hold options; the file's name is an argument and no part of the line.
  const line = `PATH=$2; export PATH; ${editor} "$1"`;
  const folders = ownFolders(environment).join(":");
  const child = spawn("/bin/sh", ["-c", line, "sh", path, folders], { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code === 0) return;
  if (code === NOT_FOUND) throw failed(`there is no program ${editor}`, "set EDITOR to one that is there");
  throw failed(`${editor} ended with ${code}`, "set EDITOR to a program that waits until the file is closed");
}

/** A shell's word for it. */
const NOT_FOUND = 127;

function failed(message: string, next: string): CloisterError {
  return new CloisterError(message, { code: "editor-failed", next });
}

/** The first word may be a path of the person's; by a bare name nothing in the project is found. */
function editorOf({ variable, path, directory }: Needed): string {
  const editor = [variable("VISUAL"), variable("EDITOR")].find((each) => each?.trim()) ?? "vi";
  const program = programOf(editor, variable("HOME") ?? "");
  const isInside = program.includes("/")
    ? isInProject(program, directory)
    : isOnlyInProject(program, { path, directory });
  if (!isInside) return editor;
  throw new CloisterError(`${program} lies in the project, where a model can write, and is not started`, {
    code: "editor-in-project",
    next: "set EDITOR to a program of your own, by its whole path",
  });
}

/** The first word as the shell takes it: in quotes, with escaped blanks, below the person's home. */
function programOf(line: string, home: string): string {
  const [word = ""] = /^(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/su.exec(line.trim()) ?? [];
  const isLiteral = word.startsWith("'");
  const plain = word.replaceAll(/\\(.)|["']/gsu, "$1");
  return isLiteral ? plain : plain.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/)/u, () => home);
}

/** A link from a folder of the person's own may lead there too. */
function isOnlyInProject(program: string, places: ProgramPlaces): boolean {
  const isThere = (folder: string): boolean => existsSync(join(folder, program));
  return findOwnProgram(program, places) === undefined && places.path.some(isThere);
}

/** As it was when the editor fails. @throws CloisterError `editor-failed` */
export async function editExternally(
  text: string,
  environment: Needed & Pick<Environment, "temporary">,
): Promise<string> {
  const folder = mkdtempSync(join(environment.temporary, "cloister-message-"));
  const path = join(folder, "message.md");
  try {
    writeFileSync(path, text, { mode: 0o600 });
    await openInEditor(path, environment);
    if (!existsSync(path)) throw failed("the editor took the file away", "save it in its place");
    return readFileSync(path, "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
