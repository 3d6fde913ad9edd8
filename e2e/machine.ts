/** A machine with a policy of its own: the product runs in a root where /etc/cloister is a folder of the test's. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { readLines } from "@cloister/base";
import { mainFile, type Place } from "./harness.ts";

/** What goes before a command so that it runs there. Whoever starts it is root in there, and owns the policy. */
export function machineWith(
  place: Place,
  files: Readonly<Record<string, string>>,
  { mode = 0o644 }: { readonly mode?: number } = {},
): string[] {
  const folder = join(place.base, "etc-cloister");
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
  }
  const own = new Set(["dev", "proc", "etc"]);
  const tops = readdirSync("/")
    .filter((name) => !own.has(name))
    .flatMap((name) => {
      const path = `/${name}`;
      return lstatSync(path).isSymbolicLink()
        ? ["--symlink", readlinkSync(path), path]
        : ["--bind-try", path, path];
    });
  const etc = ["passwd", "group", "hosts", "nsswitch.conf", "ld.so.cache", "alternatives"]
    .map((name) => `/etc/${name}`)
    .flatMap((path) => ["--ro-bind-try", path, path]);
  const root = ["--unshare-user", "--uid", "0", "--gid", "0", "--die-with-parent", "--tmpfs", "/"];
  const inside = ["--dev", "/dev", "--proc", "/proc", "--perms", "0755", "--dir", "/etc"];
  return ["bwrap", ...root, ...tops, ...inside, ...etc, "--ro-bind", folder, "/etc/cloister", "--"];
}

/** Whether such a root can be made here at all. */
export const hasMachines: boolean =
  existsSync("/proc/self/ns/user") &&
  spawnSync("bwrap", ["--unshare-user", "--ro-bind", "/", "/", "true"], { stdio: "ignore" }).status === 0;

export interface Counted extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Connections, whatever came over them. */
  connections(): number;
  /** Of requests for answers, not of what a server is. */
  asked(): number;
}

/** A model server that counts who comes. */
export async function openCounted(): Promise<Counted> {
  let connections = 0;
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const isModels = request.url === "/v1/models";
      const choices = [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }];
      if (request.url === "/v1/chat/completions") asked += 1;
      const answer = isModels
        ? { data: [{ id: "m", owned_by: "vllm" }] }
        : { id: "c", object: "chat.completion", created: 1, model: "m", choices };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

export interface RunningAirlock extends AsyncDisposable {
  readonly address: string;
  readonly errors: () => string;
}

export async function startAirlockOn(
  place: Place,
  wrapper: readonly string[],
  args: readonly string[],
): Promise<RunningAirlock> {
  const command = [...wrapper, process.execPath, mainFile, "airlock", "--listen", "127.0.0.1:0", ...args];
  const child = spawn(command[0] ?? "", command.slice(1), {
    cwd: place.project,
    env: { PATH: process.env["PATH"], HOME: place.home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
  const exited = new Promise((resolve) => child.on("exit", resolve));
  for await (const address of readLines(child.stdout, { lineCharsMax: 10_000 })) {
    return {
      address,
      errors: () => errors,
      async [Symbol.asyncDispose]() {
        child.kill("SIGTERM");
        await exited;
      },
    };
  }
  throw new Error(`the airlock did not start: ${errors}`);
}
