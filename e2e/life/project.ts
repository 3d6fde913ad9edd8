/** A project in a folder of its own, and commands in it: as they are, and in a cell. */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { lookup } from "node:dns/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { mainFile } from "../harness.ts";

export interface Project extends Disposable {
  readonly folder: string;
  /** `options` are those of `cloister cell`. */
  inside(command: string, options?: readonly string[]): Promise<Ended>;
  outside(command: string): Promise<Ended>;
}

export interface Ended {
  readonly code: number;
  readonly output: string;
  readonly wallMs: number;
}

const RUN_MS_MAX = 300_000;
const OUTPUT_BYTES_MAX = 10_000_000;

export function createProject(files: Readonly<Record<string, string>>): Project {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "cloister-life-")));
  const folder = join(base, "project");
  mkdirSync(join(base, "home"));
  mkdirSync(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  // Tools in the real home (a Rust or Python of the user's) are found through it; the ledger goes elsewhere.
  const home = process.env["HOME"] ?? join(base, "home");
  const run = (program: string, args: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const started = performance.now();
      const options = {
        cwd: folder,
        // Whole, because where npm finds its registry may stand in it.
        env: { ...process.env, HOME: home, LANG: "C.UTF-8", TMPDIR: tmpdir() },
        timeout: RUN_MS_MAX,
        maxBuffer: OUTPUT_BYTES_MAX,
      };
      execFile(program, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, output: stdout + stderr, wallMs: Math.round(performance.now() - started) });
      });
    });
  const ledger = join(base, "ledger");
  return {
    folder,
    inside: (command, options = []) =>
      run(process.execPath, [
        ...[mainFile, "cell", "--ledger", ledger, ...options],
        ...["--", "/bin/bash", "-c", command],
      ]),
    outside: (command) => run("/bin/bash", ["-c", command]),
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

const LOOKS_MAX = 100;
const LOOK_MS = 100;

/** A server in the cell that shows a file as it is: the text that a browser outside gets before and after an edit. */
export async function serveInCell(project: Project, command: string, page: string): Promise<string[]> {
  const options = ["--ledger", join(dirname(project.folder), "ledger"), "--publish", "8123:0"];
  const child = spawn(
    process.execPath,
    [mainFile, "cell", ...options, "--", "/bin/bash", "-c", `exec ${command}`],
    { cwd: project.folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  let told = "";
  child.stderr.on("data", (chunk: Buffer) => (told += chunk.toString()));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const get = async (): Promise<string> => {
    for (let look = 0; look < LOOKS_MAX; look++) {
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(told)?.[0];
      try {
        if (address !== undefined) return await (await fetch(`${address}/${page}`)).text();
      } catch {
        /* it does not listen yet */
      }
      await wait(LOOK_MS);
    }
    return `no answer: ${told}`;
  };
  try {
    const before = await get();
    writeFileSync(join(project.folder, page), "edited");
    return [before, await get()];
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

export interface Registry {
  readonly allow: string;
  readonly npm: string;
  /** Build machines send such names through a wire of their own, by an address of RFC 5737. */
  readonly isMadeUp: boolean;
}

/** Where npm is told to fetch from, as what to allow and as options of npm inside, where the user's settings are not. */
export async function registryOf(project: Project): Promise<Registry> {
  const setting = async (name: string): Promise<string> =>
    (await project.outside(`npm config get ${name} 2>/dev/null`)).output.trim();
  const registry = new URL(await setting("registry"));
  const port = registry.port || (registry.protocol === "http:" ? "80" : "443");
  const address = await lookup(registry.hostname).catch(() => undefined);
  const authorities = await setting("cafile");
  return {
    isMadeUp: /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\./.test(address?.address ?? ""),
    allow: `${registry.hostname}:${port}`,
    npm: `--registry ${registry.href}${authorities.startsWith("/") ? ` --cafile ${authorities}` : ""}`,
  };
}

/** Whether a program is on the PATH. */
export function isThere(program: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}

const identity =
  "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b.test GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b.test; ";

/** Commits on two branches that touch different lines, and one on top of the other. */
export const gitWork: string =
  identity +
  "set -e; printf '1\\n2\\n3\\n4\\n5\\n' > f; git add f; git commit -qm base; git checkout -qb side; sed -i s/5/five/ f; git commit -qam side; " +
  "git checkout -q -; sed -i s/1/one/ f; git commit -qam main; git checkout -q side; git rebase -q -; git stash list; git log --format=%s; cat f; git status --short";

export const cProject: Readonly<Record<string, string>> = {
  Makefile: "all: hello\n\t./hello\nhello: hello.o greet.o\n\t$(CC) -o $@ $^\n",
  "hello.c": "int greet(void);\nint main(void) { return greet(); }\n",
  "greet.c": '#include <stdio.h>\nint greet(void) { puts("built and run"); return 0; }\n',
};
