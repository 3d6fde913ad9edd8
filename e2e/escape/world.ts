/** What one probe is let loose upon: a project, a home with secrets, a neighbour. Nothing of it is anybody's. */
import type { ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import type { Witnesses } from "./witnesses.ts";

export interface World {
  /** Differs in each world, so that nothing found can be another probe's. */
  readonly token: string;
  /** Stands in everything that must not be read. */
  readonly secret: string;
  readonly base: string;
  readonly workspace: string;
  readonly home: string;
  readonly outside: string;
  readonly witnesses: Witnesses;
  write(path: string, content?: string): void;
  /** A server of the host on a Unix socket; whoever reaches it is told the secret. */
  listen(path: string): Promise<void>;
  /** Starts a process of the host that may be signalled; it knows the secret. */
  startWitness(): Promise<void>;
  /** 0 where none was started. */
  witnessId(): number;
  /** The signal that ended the witness. */
  witnessEndedBy(): string | undefined;
  close(): void;
}

/** Where people, and the programs they use, keep what nobody else may read. */
export const secretHomeFiles: readonly string[] = [
  ".ssh/id_ed25519",
  ".aws/credentials",
  ".config/gcloud/application_default_credentials.json",
  ".azure/msal_token_cache.json",
  ".mozilla/firefox/a.default/logins.json",
  ".config/google-chrome/Default/Login Data",
  ".local/share/keyrings/login.keyring",
  ".gnupg/private-keys-v1.d/a.key",
  ".password-store/bank.gpg",
  ".npmrc",
  ".netrc",
  ".pypirc",
  ".docker/config.json",
  ".kube/config",
  ".git-credentials",
  ".config/gh/hosts.yml",
  ".cargo/credentials.toml",
  ".claude/.credentials.json",
  ".codex/auth.json",
  ".qwen/oauth_creds.json",
  ".gemini/oauth_creds.json",
  ".bash_history",
  ".zsh_history",
  ".cloister/keys/ledger.key",
  ".bashrc",
  ".profile",
];

export function createWorld(parent: string, witnesses: Witnesses): World {
  const token = randomBytes(8).toString("hex");
  const secret = `secret-${randomBytes(12).toString("hex")}`;
  const base = mkdtempSync(join(parent, "world-"));
  const write = (path: string, content: string = secret): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${content}\n`);
  };
  const workspace = join(base, "workspace");
  const home = join(base, "home");
  const outside = join(base, "outside");
  for (const path of [".ssh/id_ed25519", ".bashrc", ".profile"]) write(join(home, path));
  write(join(outside, "secret.txt"));
  // Its name begins like the workspace's: comparing paths as text takes it for a part of that.
  write(join(base, "workspace-other", "secret.txt"));
  write(join(workspace, "README.md"), "A project.");
  const servers: Server[] = [];
  let witness: ChildProcess | undefined;
  return {
    ...{ token, secret, base, workspace, home, outside, witnesses, write },
    listen: async (path) => {
      const server = createServer((socket) => {
        socket.on("error", () => {
          /* the probe did not wait for the answer */
        });
        socket.end(`${secret}\n`);
      });
      servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(path, resolve);
      });
    },
    startWitness: async () => {
      witness = await witnesses.startProcess(token, secret);
    },
    witnessId: () => witness?.pid ?? 0,
    witnessEndedBy: () => witness?.signalCode ?? undefined,
    close: () => {
      for (const server of servers) server.close();
      witness?.kill("SIGKILL");
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** A repository as `git init` makes it, without starting git a hundred times. */
export function writeRepository(world: World, git: string): void {
  world.write(join(git, "HEAD"), "ref: refs/heads/main");
  world.write(join(git, "config"), "[core]\n\trepositoryformatversion = 0\n\tbare = false");
  world.write(join(git, "hooks", "pre-push"), "#!/bin/sh\nexit 0");
  world.write(join(git, "info", "exclude"), "# nothing");
  mkdirSync(join(git, "objects"), { recursive: true });
  mkdirSync(join(git, "refs", "heads"), { recursive: true });
}

/**
 * Everything around the workspace, and in it what runs code for whoever uses it outside: path to content. An empty
 * file or folder is not told from a missing one, because a cell leaves mount points.
 */
export function census(world: World): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (directory: string): void => {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const stats = lstatSync(path);
      const isCounted = path.startsWith(`${world.workspace}/`)
        ? isGuarded(path.slice(world.workspace.length + 1))
        : !path.startsWith(`${world.home}/`) || isPersonal(path.slice(world.home.length + 1));
      if (stats.isDirectory()) visit(path);
      else if (stats.isSymbolicLink() && isCounted) found.set(path, `-> ${readlinkSync(path)}`);
      else if (stats.isFile() && stats.size > 0 && isCounted) found.set(path, digest(readFileSync(path)));
      if (!stats.isSymbolicLink() && (stats.mode & 0o4000) !== 0) found.set(`${path} set-user-id`, "");
      if (stats.isFile() && (stats.mode & 0o2000) !== 0) found.set(`${path} set-group-id`, "");
      if (stats.isBlockDevice() || stats.isCharacterDevice()) found.set(`${path} device`, "");
    }
  };
  visit(world.base);
  return found;
}

/** What of the workspace no command may write, by name; a settings file counts in any folder. */
function isGuarded(way: string): boolean {
  return (
    /(^|\/)\.git(\/(hooks|config|config\.worktree|info|modules|worktrees|commondir)(\/|$)|$)/.test(way) ||
    guardedSettings.some((name) => way === name || way.startsWith(`${name.split("/")[0] ?? name}/`))
  );
}

/** What of the home counts: a launcher may keep its own state there, such as a ledger. */
function isPersonal(way: string): boolean {
  return secretHomeFiles.includes(way) || /^\.(ssh|zshenv|config\/(autostart|systemd))(\/|$)/.test(way);
}

/** Files that make an editor, an agent or a shell run something, or obey somebody, on opening the project. */
export const guardedSettings: readonly string[] = [
  ".claude/settings.json",
  ".codex/config.toml",
  ".cursor/mcp.json",
  ".gemini/settings.json",
  ".idea/workspace.xml",
  ".mcp.json",
  ".qwen/settings.json",
  ".vscode/tasks.json",
  ".zed/tasks.json",
  ".devcontainer/devcontainer.json",
  ".envrc",
  ".cloister/policy.yaml",
  "opencode.json",
];

function digest(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
