// `npm run e2e:clients [-- NAME]`: real coding agents through the airlock, on a scripted model, without a network. They
// weigh about 900 MB, so they are fetched from the npm registry into a folder of their own below the system's folder
// for temporary files, and kept there for the next time. Whoever starts this needs `unshare` and user namespaces.
import { spawn } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { clients } from "./clients.ts";

const dependencies = Object.fromEntries(clients.map((client) => [client.package, client.version]));
const manifest = JSON.stringify({ private: true, dependencies });

async function main(only: readonly string[]): Promise<number> {
  const folder = join(tmpdir(), `cloister-clients-${userInfo().uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Anybody may make a folder of this name there, and what is in it will be run.
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== userInfo().uid) throw new Error(`${folder} is somebody else's`);
  if (!isInstalled(folder)) {
    writeFileSync(join(folder, "package.json"), manifest);
    console.log(`clients: installing ${clients.map((client) => client.package).join(", ")} into ${folder}`);
    const code = await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], folder);
    if (code !== 0) return code;
  }
  // A new network namespace has a loopback device, which is down.
  const loopbackUp = 'ip link set lo up 2>/dev/null || ifconfig lo up; exec "$@"';
  const inside = [process.execPath, join(import.meta.dirname, "inside.ts"), folder, ...only];
  return run(
    "unshare",
    ["--user", "--map-root-user", "--net", "sh", "-c", loopbackUp, "sh", ...inside],
    folder,
  );
}

function isInstalled(folder: string): boolean {
  const file = join(folder, "package.json");
  if (!existsSync(file) || readFileSync(file, "utf8") !== manifest) return false;
  return clients.every(({ program }) => existsSync(join(folder, "node_modules", program)));
}

function run(command: string, args: readonly string[], cwd: string): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, stdio: "inherit" });
    child.on("error", fail);
    child.on("close", (code) => done(code ?? 1));
  });
}

process.exitCode = await main(process.argv.slice(2).map((name) => name.toLowerCase()));
