/** The keeper writes a file that no cell may write, where the call that makes it so was allowed. */
import { CloisterError, isRecord, systemCodeOf } from "@cloister/base";
import { saveGuarded, type CellView } from "@cloister/cell";
import { isGuardable } from "./calls/allowed-edits.ts";
import { ruleAgainst } from "./calls/carrying-out.ts";
import { toRealPlace } from "./calls/workspace-file.ts";
import type { GuardedFile, GuardedFileAnswer } from "./guarded-file-answer.ts";
import type { AirlockSession } from "./session.ts";

/** More than any tool of ours writes, escaped. */
export const guardedFileBytesMax: number = 8 * 1024 * 1024;

const editTools = ["Write", "Edit"];

export interface GuardedWorld {
  readonly view: Pick<CellView, "workspace" | "workspaceFrom">;
  readonly owner: { readonly uid: number; readonly gid: number };
}

/** @throws CloisterError `bad-request` */
export function parseGuardedFile(value: unknown): GuardedFile {
  if (isRecord(value) && typeof value["path"] === "string" && typeof value["text"] === "string") {
    const { path, text, mode } = value;
    return { path, text, mode: typeof mode === "number" ? mode & 0o777 : undefined };
  }
  throw new CloisterError("not a file to write: give its path and its text", { code: "bad-request" });
}

/**
 * On record before it is written.
 * @throws CloisterError of the ledger, and what the file system says beyond what a person can mend
 */
export async function writeGuardedFile(
  session: AirlockSession,
  { view, owner }: GuardedWorld,
  { path, text, mode }: GuardedFile,
): Promise<GuardedFileAnswer> {
  const { workspace } = view;
  // In an overlay nothing is guarded. Elsewhere a path that leads somewhere else was not what was judged.
  if (view.workspaceFrom !== undefined || toRealPlace(path, workspace) !== path) return NOT_GUARDED;
  if (!isGuardable(path)) return NOT_GUARDED;
  if (!editTools.some((tool) => ruleAgainst(tool, { file_path: path }, session) === undefined)) {
    return refused(path, "nobody allowed a change of it");
  }
  if (!session.allowedEdits.take(path, text, session)) {
    return refused(
      path,
      "its text is not what the call that was allowed makes of it; write the whole file with Write, or copy old_string exactly",
    );
  }
  const content = Buffer.from(text);
  await session.ledger.append({
    type: "file.write",
    fields: { session: session.id, bytes: content.length },
    attachments: [{ type: "path", data: Buffer.from(session.seals.seal(path).text), open: {}, hidden: {} }],
  });
  const saved = save({ workspace, path, content, mode, user: owner });
  return saved.kind === "refused" ? refused(path, saved.why) : saved;
}

function save(wanted: Parameters<typeof saveGuarded>[0]): ReturnType<typeof saveGuarded> {
  try {
    return saveGuarded(wanted);
  } catch (error) {
    const why = troubles[systemCodeOf(error) ?? ""];
    if (why === undefined) throw error;
    return { kind: "refused", why };
  }
}

/** The system's own words name a path by way of a descriptor, which nobody knows. */
const troubles: Readonly<Partial<Record<string, string>>> = {
  EACCES: "it or its folder is closed to the user",
  EPERM: "it or its folder is closed to the user",
  EROFS: "it lies on a file system that is read-only",
  ENOSPC: "there is no room left on the disk",
  EDQUOT: "there is no room left on the disk",
  ENOTDIR: "a step of its path is no folder",
  ELOOP: "a step of its path is a symbolic link",
  ENAMETOOLONG: "its name is too long",
};

const NOT_GUARDED: GuardedFileAnswer = { kind: "not-guarded" };

function refused(path: string, why: string): GuardedFileAnswer {
  return {
    kind: "refused",
    why: `${path} is guarded: no cell may write it, and the keeper did not: ${why}.`,
  };
}
