import { walk } from "./walk.ts";

/** The names of the files of a workspace, for a person to choose from: what git ignores is left out. */
export async function listFiles(workspace: string, signal: AbortSignal): Promise<readonly string[]> {
  const { paths } = await walk({ workspace, start: ".", honoursGitignore: true }, signal);
  return paths;
}
