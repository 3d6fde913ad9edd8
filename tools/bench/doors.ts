// The ways to the model that are compared: straight, through the airlock, and through a gateway of somebody else's.
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Target } from "./load.ts";
import { peerNames, type Peers } from "./peers.ts";
import { modelName, type Shape } from "./requests.ts";
import { startServer, type Server } from "./servers.ts";

export interface Door {
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly target: Target;
  /** Undefined for the straight way, which has no process in between. */
  readonly server: Server | undefined;
}

export function straightDoor(modelUrl: string): Door {
  return { name: "direct", shapes: ["chat"], target: { url: modelUrl, headers: {} }, server: undefined };
}

export async function airlockDoor(
  root: string,
  scratch: string,
  modelUrl: string,
  suffix = "",
): Promise<Door> {
  const home = join(scratch, `airlock-home${suffix}`);
  mkdirSync(home);
  const server = await startServer({
    argv: [
      ...[process.execPath, join(root, "packages/cli/src/main.ts"), "airlock", "--listen", "127.0.0.1:0"],
      ...["--endpoint", `main=chat+${modelUrl}`, "--model", modelName, "--ledger", join(home, "ledger")],
    ],
    directory: home,
    environment: { HOME: home, PATH: process.env["PATH"] ?? "" },
  });
  const target = { url: `${server.url}/v1`, headers: { "x-api-key": "none" } };
  return { name: `airlock${suffix}`, shapes: ["chat", "messages"], target, server };
}

// It listens on every address of the machine, and has no option to do otherwise.
const LOOPBACK_ONLY =
  'import net from "node:net";' +
  "const listen = net.Server.prototype.listen;" +
  'net.Server.prototype.listen = function (port, ...rest) { return listen.call(this, port, "127.0.0.1", ...rest.filter((value) => typeof value === "function")); };';

export async function portkeyDoor(peers: Peers, scratch: string, modelUrl: string): Promise<Door> {
  const preload = `data:text/javascript,${encodeURIComponent(LOOPBACK_ONLY)}`;
  const port = await freePort();
  const server = await startServer({
    argv: [process.execPath, "--import", preload, peers.portkey, `--port=${port}`, "--headless"],
    directory: scratch,
    // Without the second, it sends nothing to an address of this machine.
    environment: { HOME: scratch, PATH: process.env["PATH"] ?? "", TRUSTED_CUSTOM_HOSTS: "127.0.0.1" },
  });
  const headers = {
    authorization: "Bearer none",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": modelUrl,
  };
  return {
    name: peerNames.portkey,
    shapes: ["chat"],
    target: { url: `http://127.0.0.1:${port}/v1`, headers },
    server,
  };
}

/** It must be told a port. Nobody else takes this one in the moment between, on a machine that is measuring. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
