/** A package registry, a package index and a Git server on loopback, each with one thing to fetch. */
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";

/** As npm's registry answers: a packument and a tarball (package `demo`, version 1.0.0). */
export function npmRegistry(folder: string): RequestListener {
  mkdirSync(join(folder, "package"), { recursive: true });
  const manifest = { name: "demo", version: "1.0.0", main: "index.js" };
  writeFileSync(join(folder, "package", "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package", "index.js"), "module.exports = 'from the registry';\n");
  execFileSync("tar", ["-czf", "demo.tgz", "package"], { cwd: folder });
  const tarball = readFileSync(join(folder, "demo.tgz"));
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  return (request, response) => {
    if (request.url?.endsWith(".tgz") === true) return response.end(tarball);
    const dist = { tarball: `http://${request.headers.host}/demo/-/demo-1.0.0.tgz`, integrity };
    const packument = {
      name: "demo",
      "dist-tags": { latest: "1.0.0" },
      versions: { "1.0.0": { ...manifest, dist } },
    };
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify(packument));
  };
}

/** As PEP 503 asks: a page of links, and a wheel (PEP 427) behind the one of `demo`. */
export function pythonIndex(folder: string): RequestListener {
  mkdirSync(folder, { recursive: true });
  const code = `
import zipfile
with zipfile.ZipFile("demo-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("demo.py", "value = 'from the index'\\n")
    wheel.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n")
    wheel.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("demo-1.0.dist-info/RECORD", "demo.py,,\\ndemo-1.0.dist-info/METADATA,,\\ndemo-1.0.dist-info/WHEEL,,\\ndemo-1.0.dist-info/RECORD,,\\n")
`;
  execFileSync("/usr/bin/python3", ["-c", code], { cwd: folder });
  const name = "demo-1.0-py3-none-any.whl";
  const wheel = readFileSync(join(folder, name));
  return (request, response) => {
    if (request.url === `/files/${name}`) return response.end(wheel);
    response.setHeader("content-type", "text/html");
    return response.end(`<!DOCTYPE html><html><body><a href="/files/${name}">${name}</a></body></html>`);
  };
}

/** Git's own server program (gitprotocol-http) over a repository `demo.git` with one commit. */
export function gitServer(folder: string): RequestListener {
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]): void => {
    const who = ["-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "init.defaultBranch=main"];
    execFileSync("git", [...who, ...args], { cwd: folder, stdio: "ignore" });
  };
  git("init", "work");
  writeFileSync(join(folder, "work", "read.me"), "from the server\n");
  git("-C", "work", "add", ".");
  git("-C", "work", "commit", "-m", "one");
  git("clone", "--bare", "work", "demo.git");
  return (request, response) => {
    const url = new URL(request.url ?? "/", "http://server.test");
    const { headers } = request;
    const child = spawn("git", ["http-backend"], {
      env: {
        PATH: "/usr/bin:/bin",
        ...{ GIT_PROJECT_ROOT: folder, GIT_HTTP_EXPORT_ALL: "1", REMOTE_ADDR: "127.0.0.1" },
        // The repository is its maker's, and this is the same person.
        ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" },
        ...{
          PATH_INFO: url.pathname,
          QUERY_STRING: url.search.slice(1),
          REQUEST_METHOD: request.method ?? "",
        },
        ...{ CONTENT_TYPE: headers["content-type"] ?? "", CONTENT_LENGTH: headers["content-length"] ?? "" },
        HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
        GIT_PROTOCOL: String(headers["git-protocol"] ?? ""),
      },
    });
    request.pipe(child.stdin);
    const parts: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => parts.push(part));
    child.on("close", () => {
      const whole = Buffer.concat(parts);
      const end = whole.indexOf("\r\n\r\n");
      for (const line of whole.subarray(0, end).toString().split("\r\n")) {
        const [name = "", value = ""] = line.split(/: */, 2);
        if (name === "Status") response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.end(whole.subarray(end + 4));
    });
  };
}
