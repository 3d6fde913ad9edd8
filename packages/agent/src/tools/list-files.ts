import { walk, walkFolders } from "./walk.ts";

/** The names of the files of a workspace, for a person to choose from: what git ignores is left out. */
export async function listFiles(workspace: string, signal: AbortSignal): Promise<readonly string[]> {
  const { paths } = await walk({ workspace, start: ".", honoursGitignore: true }, signal);
  return paths;
}

/** The same, directory by directory: a hundred thousand names are not held at once. */
export async function takeFiles(
  workspace: string,
  take: (names: readonly string[]) => void,
  signal: AbortSignal,
): Promise<void> {
  await walkFolders({ workspace, start: ".", honoursGitignore: true }, take, signal);
}
