/**
 * Names at the top of a workspace that run code, or redirect programs, when a person merely opens the folder with an
 * editor, an agent or a shell. What runs only because a person starts it (a Makefile, a test, the hooks of a commit
 * checker) is ordinary content, and is left to the reading of changes.
 */

/** How a path is kept from being written. */
export type Guard =
  /** The directory becomes a mount of its own, so that it cannot be renamed away from under its guarded files. */
  | { readonly kind: "pin"; readonly path: string }
  | { readonly kind: "read-only"; readonly path: string }
  /** Nothing is there: an empty directory or file stands in its place. */
  | { readonly kind: "empty-directory"; readonly path: string }
  | { readonly kind: "empty-file"; readonly path: string };

export interface GuardedName {
  readonly name: string;
  readonly kind: "directory" | "file";
  /**
   * What happens where nothing of that name is yet. `mask`: something empty stands in its place, so that it cannot be
   * made. `sweep`: it is put aside when the command has ended; a mask for each would clutter every listing.
   */
  readonly whenMissing: "mask" | "sweep";
}

const masked = (name: string): GuardedName => ({ name, kind: "directory", whenMissing: "mask" });
const folder = (name: string): GuardedName => ({ name, kind: "directory", whenMissing: "sweep" });
const file = (name: string): GuardedName => ({ name, kind: "file", whenMissing: "sweep" });

export const guardedNames: readonly GuardedName[] = [
  // Ours: policy, hooks, commands.
  masked(".cloister"),
  // Agents read hooks, allowed commands and servers to start from these, some of them while they run.
  masked(".claude"),
  masked(".cursor"),
  ...[".agents", ".codex", ".gemini", ".qwen", ".qoder", ".opencode", ".windsurf", ".continue"].map(folder),
  ...[".roo", ".kiro", ".trae", ".junie", ".amazonq", ".crush", ".goose"].map(folder),
  ...[".mcp.json", "opencode.json", "opencode.jsonc", ".aider.conf.yml", "crush.json", ".crush.json"].map(
    file,
  ),
  // Editors run tasks, interpreters and language servers named here when the folder is opened.
  masked(".vscode"),
  masked(".idea"),
  ...[".zed", ".fleet", ".nova", ".run", ".devcontainer"].map(folder),
  ...[".devcontainer.json", ".dir-locals.el", ".exrc", ".nvimrc", ".nvim.lua", ".lvimrc", ".vimrc"].map(file),
  // Shells, and what hooks into their prompt, when somebody changes into the folder; the first six where it is a home.
  ...[".bashrc", ".bash_profile", ".bash_login", ".profile", ".zshrc", ".zshenv", ".zprofile"].map(file),
  ...[".zlogin", ".inputrc", ".envrc", "mise.toml", ".mise.toml", ".gitconfig", ".ripgreprc"].map(file),
  folder(".mise"),
  // Where packages come from, and which program installs them: language servers call these by themselves.
  ...[".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", ".pypirc", ".gitmodules"].map(file),
  folder(".cargo"),
  // Git's hooks in many projects, by core.hooksPath.
  folder(".husky"),
];

/** Where, while a cell runs, something empty may stand that is nobody's. */
export const maskedNames: readonly string[] = guardedNames
  .filter(({ whenMissing }) => whenMissing === "mask")
  .map(({ name }) => name);
