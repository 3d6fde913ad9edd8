// Other people's programs, fetched from the npm registry into a folder that is thrown away. Never run unasked.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CloisterError } from "@cloister/base";

export interface Peers {
  /** The script that Node runs. */
  readonly pi: string;
  readonly portkey: string;
}

const manifest = {
  private: true,
  dependencies: { "@earendil-works/pi-coding-agent": "0.87.1", "@portkey-ai/gateway": "1.15.2" },
  // With the newest version of this one, which is what npm takes by itself, the gateway fails every streamed request.
  overrides: { "@hono/node-server": "1.13.8" },
};

export const peerNames = {
  pi: "pi 0.87.1",
  portkey: "Portkey 1.15.2",
};

const INSTALL_MS_MAX = 180_000;

/** @throws CloisterError `bench-peers-not-installed` */
export async function installPeers(scratch: string): Promise<Peers> {
  const folder = join(scratch, "peers");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const args = [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--prefix",
    folder,
  ];
  try {
    await promisify(execFile)("npm", args, { cwd: folder, timeout: INSTALL_MS_MAX });
  } catch (cause) {
    throw new CloisterError("npm could not install the peers", {
      code: "bench-peers-not-installed",
      next: "leave out --peers, or see whether the registry still has the versions named in tools/bench/peers.ts",
      cause,
    });
  }
  const modules = join(folder, "node_modules");
  return {
    pi: join(modules, "@earendil-works/pi-coding-agent/dist/bundle/cli.js"),
    portkey: join(modules, "@portkey-ai/gateway/build/start-server.js"),
  };
}
