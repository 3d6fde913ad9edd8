/** The person's own editor for a long message. It is their program, started by their key: it runs outside of any cell. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/base";
import type { Environment } from "../environment.ts";

/** @throws CloisterError `editor-failed` */
export async function openInEditor(path: string, environment: Environment): Promise<void> {
  const editor = environment.variable("VISUAL") ?? environment.variable("EDITOR") ?? "vi";
  // By a shell, since the variable may hold options; the file's name is an argument and no part of the line.
  const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "sh", path], { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code === 0) return;
  throw new CloisterError(`${editor} ended with ${code}`, {
    code: "editor-failed",
    next: "set EDITOR to a program that waits until the file is closed",
  });
}

/** As it was when the editor fails. @throws CloisterError `editor-failed` */
export async function editExternally(text: string, environment: Environment): Promise<string> {
  const folder = mkdtempSync(join(environment.temporary, "cloister-message-"));
  const path = join(folder, "message.md");
  try {
    writeFileSync(path, text, { mode: 0o600 });
    await openInEditor(path, environment);
    return readFileSync(path, "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
