/**
 * What a call does to the world, told by its tool and its text. This makes prompts fewer and refusals earlier; it is no
 * boundary, for a command can hide what it does: that is the cell's business.
 */
import { isTrusted, type Integrity } from "./classification.ts";
import { compilePathGlob } from "./glob.ts";
import type { Effect } from "./policy.ts";

export interface CallText {
  readonly tool: string;
  /** The command line, the file's path from the workspace's root, or the address. */
  readonly text: string;
}

const readers = new Set([
  "Read",
  "Grep",
  "Glob",
  "TodoWrite",
  "AskUser",
  "ExitPlan",
  "Task",
  "UseTool",
  "Lsp",
  "RepoMap",
]);
const writers = new Set(["Write", "Edit", "MultiEdit", "NotebookEdit"]);

/** The strongest effect that shows. A tool that is not known may do anything, so it counts as egress. */
export function effectOf(call: CallText, integrity: Integrity): Effect {
  if (readers.has(call.tool)) return isCredential(call.text) ? "privileged" : "contained";
  if (writers.has(call.tool)) return effectOfWriting(call.text, integrity);
  return call.tool === "Bash" ? effectOfCommand(call.text, integrity) : "egress";
}

function effectOfWriting(path: string, integrity: Integrity): Effect {
  if (isCredential(path) || path.startsWith("/etc/")) return "privileged";
  if (isPersistent(path)) return "persistent";
  // What is built or installed later, somewhere else. In everyday work that is an edit like any other.
  return !isTrusted(integrity, "workspace") && isBuilt(path) ? "persistent" : "contained";
}

/** Files that steer agents, editors, shells, version control and CI when somebody opens or pushes the repository. */
const steering = [
  ...["AGENTS.md", "CLAUDE.md", "CLAUDE.local.md", "GEMINI.md", "QWEN.md", ".cursorrules", ".windsurfrules"],
  ...[".clinerules", ".claude", ".cursor", ".qwen", ".qoder", ".gemini", ".codex", ".opencode", ".cloister"],
  ...[".agents", ".aider*", ".continue", ".roo", "opencode.json", "opencode.jsonc", ".mcp.json", "mcp.json"],
  ...[
    ".vscode",
    ".idea",
    ".zed",
    ".devcontainer",
    ".envrc",
    ".bashrc",
    ".zshrc",
    ".profile",
    ".bash_profile",
  ],
  ...[
    ".git",
    ".gitattributes",
    ".gitmodules",
    ".githooks",
    ".husky",
    "lefthook.yml",
    ".pre-commit-config.yaml",
  ],
  ...[".github/workflows/**", ".github/actions/**", ".gitlab-ci.yml", "Jenkinsfile", ".circleci/**"],
  ...[
    "azure-pipelines.yml",
    ".drone.yml",
    "bitbucket-pipelines.yml",
    ".travis.yml",
    "cloudbuild.yaml",
    ".npmrc",
  ],
  ...[".yarnrc.yml", ".pnpmfile.cjs", ".cargo/config.toml", "pip.conf"],
  // More agents: their rules, servers, hooks and modes.
  ...["AGENTS.override.md", "WARP.md", ".goosehints", ".rules", ".roomodes", ".roorules", ".continuerules"],
  ...[
    ".kiro",
    ".trae",
    ".junie",
    ".amazonq",
    ".crush",
    ".crush.json",
    "crush.json",
    ".goose",
    ".pi",
    ".cline",
  ],
  ...[".augment", ".windsurf", ".openhands", ".kilocode", ".lingma", ".comate", ".codebuddy", ".marscode"],
  ...["copilot-instructions.md", ".github/agents/**", ".github/prompts/**", ".github/instructions/**"],
  ...[".github/hooks/**", ".github/dependabot.yml", ".gitea/workflows/**", ".forgejo/workflows/**"],
  ...[".woodpecker.yml", ".woodpecker/**"],
  // More editors and shells, which run these when the folder is opened or entered.
  ...[
    "*.code-workspace",
    "*.sublime-project",
    ".fleet",
    ".nova",
    ".run",
    ".devcontainer.json",
    ".dir-locals.el",
  ],
  ...[".exrc", ".vimrc", ".nvimrc", ".nvim.lua", ".lvimrc", ".zshenv", ".zprofile", ".zlogin", ".bash_login"],
  ...[".inputrc", ".gitconfig", ".ripgreprc", "mise.toml", ".mise.toml", ".mise", ".replit"],
  // Which programs install packages, and from where.
  ...[".yarnrc", "bunfig.toml", ".pypirc"],
  // What agents may not see. Whoever writes these lifts a rule for the next session.
  ...[".cloisterignore", ".aiexclude", ".aiignore", ".cursorignore", ".geminiignore", ".qwenignore"],
  ...[".codeiumignore", ".windsurfignore", ".clineignore", ".rooignore", ".continueignore", ".aiderignore"],
  ...[".qoderignore", ".copilotignore", ".kiroignore", ".llmignore"],
];

const built = [
  ...["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "Cargo.lock"],
  ...["poetry.lock", "uv.lock", "Pipfile.lock", "go.sum", "Gemfile.lock", "composer.lock", "package.json"],
  ...["Makefile", "CMakeLists.txt", "build.rs", "setup.py", "pyproject.toml", "build.gradle*", "pom.xml"],
  ...["Dockerfile*", "*.gemspec", "conftest.py"],
];

const isPersistent = matcherOf(steering);
const isBuilt = matcherOf(built);

/**
 * In any folder: where the root of a stranger's repository lies is not known. Most patterns are plain names, which are
 * looked up rather than tried, for every edit is weighed.
 */
function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  // On many file systems `.MCP.json` is `.mcp.json`.
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  const plain = new Set(lower.filter((pattern) => /^[\w.-]+$/u.test(pattern)));
  const globs = lower
    .filter((pattern) => !plain.has(pattern))
    .map((pattern) => compilePathGlob(pattern.includes("/") ? `**/${pattern}` : pattern))
    .filter((glob) => glob !== undefined);
  return (path) => {
    const cleaned = clean(path);
    return cleaned.split("/").some((name) => plain.has(name)) || globs.some((glob) => glob.test(cleaned));
  };
}

function clean(path: string): string {
  return path
    .replace(/^(\.\/)+/, "")
    .replaceAll(/\/{2,}/g, "/")
    .toLowerCase();
}

const credentials =
  /(^|\/)(\.ssh|\.aws|\.azure|\.gnupg|\.kube|\.docker|gcloud|\.password-store)\/|(^|\/)(\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.pgpass|id_(rsa|dsa|ecdsa|ed25519)|shadow)$/;

function isCredential(path: string): boolean {
  return credentials.test(path) && /^(\/|~|\$HOME)/.test(path);
}

const privilegedPrograms = new Set([
  "sudo",
  "su",
  "doas",
  "pkexec",
  "mount",
  "umount",
  "insmod",
  "modprobe",
  "setcap",
  "chroot",
  "nsenter",
  "unshare",
]);
const egressPrograms = new Set([
  ...["curl", "wget", "nc", "ncat", "netcat", "socat", "ssh", "scp", "sftp", "rsync", "ftp", "telnet", "dig"],
  ...[
    "nslookup",
    "host",
    "ping",
    "getent",
    "http",
    "httpie",
    "aria2c",
    "gh",
    "glab",
    "aws",
    "gcloud",
    "az",
    "kubectl",
  ],
]);
const egressSubcommands: Readonly<Record<string, RegExp>> = {
  git: /^(push|fetch|pull|clone|ls-remote|send-email|submodule)$/,
  npm: /^(publish|install|i|ci|add|update|login|audit|exec)$/,
  pnpm: /^(publish|install|i|add|update|dlx)$/,
  yarn: /^(publish|install|add|up|upgrade|dlx|npm)$/,
  npx: /./,
  pip: /^(install|download)$/,
  pip3: /^(install|download)$/,
  uv: /^(pip|add|sync|publish)$/,
  cargo: /^(publish|install|fetch|add|update)$/,
  go: /^(get|install|mod)$/,
  docker: /^(push|pull|login|run|build)$/,
  twine: /^upload$/,
  gem: /^(push|install)$/,
};
const persistentSubcommands: Readonly<Record<string, RegExp>> = {
  git: /^(config|hook)$/,
  npm: /^(config|set)$/,
  crontab: /./,
  systemctl: /^(enable|start|link)$/,
  at: /./,
};
/** They start what stands after them. */
const wrappers = new Set([
  "env",
  "time",
  "nohup",
  "nice",
  "xargs",
  "exec",
  "command",
  "timeout",
  "stdbuf",
  "then",
  "do",
  "else",
  "!",
  "{",
  "builtin",
]);
const WORDS_MAX = 2000;

function effectOfCommand(command: string, integrity: Integrity): Effect {
  const found = new Set<Effect>();
  const plain = command.replaceAll(/["'\\]/g, "");
  for (const part of plain.split(/[;|&\n()`]+|\$\(/).slice(0, WORDS_MAX)) {
    found.add(effectOfProgram(part.trim().split(/[\s,]+|\$\{?IFS\}?/), integrity));
  }
  return (["privileged", "egress", "persistent"] as const).find((effect) => found.has(effect)) ?? "contained";
}

function effectOfProgram(words: readonly string[], integrity: Integrity): Effect {
  let at = 0;
  while (at < words.length && (wrappers.has(words[at] ?? "") || /^(\w+=|-|\d+$)/.test(words[at] ?? ""))) {
    at += 1;
  }
  const program = (words[at] ?? "").replace(/^.*\//, "");
  const rest = words.slice(at + 1);
  if (privilegedPrograms.has(program) || rest.some(isCredential)) return "privileged";
  if (program === "chmod" && rest.some((word) => /^[ugoa]*\+[rwx]*s|^[2467]\d{3}$/.test(word))) {
    return "privileged";
  }
  const sub = rest.find((word) => !word.startsWith("-")) ?? "";
  if (
    egressPrograms.has(program) ||
    egressSubcommands[program]?.test(sub) === true ||
    /\/dev\/(tcp|udp)\//.test(words.join(" "))
  ) {
    return "egress";
  }
  if (persistentSubcommands[program]?.test(sub) === true) return "persistent";
  if (program === "git" && rest.some((word) => /^(-c|--config-env|--exec-path)/.test(word))) {
    return "persistent";
  }
  return writesFiles(program, words) ? strongest(words, integrity) : "contained";
}

function writesFiles(program: string, words: readonly string[]): boolean {
  return (
    words.some((word) => word.includes(">")) ||
    /^(tee|cp|mv|ln|install|sed|perl|dd|rm|touch|truncate|patch)$/.test(program)
  );
}

function strongest(words: readonly string[], integrity: Integrity): Effect {
  const written = new Set(
    words.map((word) => effectOfWriting(word.replace(/^.*>+[|!&]?/, "").replace(/^of=/, ""), integrity)),
  );
  return (["privileged", "persistent"] as const).find((effect) => written.has(effect)) ?? "contained";
}
