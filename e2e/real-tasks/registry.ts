/** A registry on loopback with one package in some versions: what a house has beside its developers. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RegistryAddress {
  readonly url: string;
  /** For `--allow-host`. */
  readonly allow: string;
}

export interface StandIn extends RegistryAddress, AsyncDisposable {
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
}

/** Fetches the archives from the registry that npm is configured with. @throws where that cannot be reached */
export async function openStandIn(name: string, versions: readonly string[]): Promise<StandIn> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-registry-"));
  try {
    execFileSync("npm", ["pack", "--loglevel", "error", ...versions.map((version) => `${name}@${version}`)], {
      cwd: folder,
      stdio: "pipe",
    });
    const archives = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))]));
    return await serve(name, versions, archives);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function serve(
  name: string,
  versions: readonly string[],
  archives: ReadonlyMap<string, Buffer>,
): Promise<StandIn> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const archive = archives.get(path.slice(path.lastIndexOf("/") + 1));
    if (path === `/${name}`) {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(describe(`http://${request.headers.host ?? ""}`)));
    } else if (archive !== undefined) response.end(archive);
    else response.writeHead(404).end("{}");
  });
  const describe = (url: string): object => ({
    name,
    "dist-tags": { latest: versions.at(-1) },
    versions: Object.fromEntries(
      versions.map((version) => {
        const file = `${name}-${version}.tgz`;
        const digest = createHash("sha512")
          .update(archives.get(file) ?? "")
          .digest("base64");
        const dist = { tarball: `${url}/${name}/-/${file}`, integrity: `sha512-${digest}` };
        return [version, { name, version, dist }];
      }),
    ),
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    // By name: the door refuses to guess which loopback an address means, and a person says which name is theirs.
    url: `http://localhost:${port}`,
    allow: `local:localhost:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
