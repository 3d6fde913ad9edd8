// Other people's programs, fetched from the npm registry into a folder that is thrown away. Never run unasked.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CloisterError } from "@cloister/base";

const packages = {
  pi: { name: "@earendil-works/pi-coding-agent", version: "0.87.1" },
  qwen: { name: "@qwen-code/qwen-code", version: "0.24.4" },
  opencode: { name: "opencode-ai", version: "1.18.33" },
  portkey: { name: "@portkey-ai/gateway", version: "1.15.2" },
} as const;

export type PeerName = keyof typeof packages;

export const peerNames: Readonly<Record<PeerName, string>> = {
  pi: `pi ${packages.pi.version}`,
  qwen: `Qwen Code ${packages.qwen.version}`,
  opencode: `opencode ${packages.opencode.version}`,
  portkey: `Portkey ${packages.portkey.version}`,
};

/** What is started: scripts for Node, and the program of opencode. */
export type Peers = Readonly<Record<PeerName, string>>;

// With the newest version of this one, which is what npm takes by itself, Portkey fails every streamed request.
const overrides = { "@hono/node-server": "1.13.8" };

const INSTALL_MS_MAX = 300_000;

/**
 * Install scripts are not run.
 * @throws CloisterError `bench-peers-not-installed`
 */
export async function installPeers(folder: string, wanted: readonly PeerName[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const dependencies = Object.fromEntries(
    wanted.map((peer) => [packages[peer].name, packages[peer].version]),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies, overrides }));
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  try {
    const args = ["install", ...quiet, "--prefix", folder];
    await promisify(execFile)("npm", args, { cwd: folder, timeout: INSTALL_MS_MAX });
  } catch (cause) {
    throw new CloisterError("npm could not install the peers", {
      code: "bench-peers-not-installed",
      next: "leave out --peers, or see whether the registry still has the versions named in tools/bench/peers.ts",
      cause,
    });
  }
}

export function peersIn(folder: string): Peers {
  const modules = join(folder, "node_modules");
  return {
    pi: join(modules, packages.pi.name, "dist/bundle/cli.js"),
    qwen: join(modules, packages.qwen.name, "cli.js"),
    // What its install script would link to.
    opencode: join(modules, `opencode-${process.platform}-${process.arch}`, "bin/opencode"),
    portkey: join(modules, packages.portkey.name, "build/start-server.js"),
  };
}
