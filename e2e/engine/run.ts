// `npm run engine`: the tests against a real inference engine. The engine weighs 85 MB, so it has a package.json of its
// own in this folder and is installed when these tests first run. Of the engine's ready-made builds only the one for
// Linux on x64 is wanted; the overrides there give all others the same version of it, which is then left out as
// optional, because not every registry has them all and a lock file must be able to name each.
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = import.meta.dirname;
const ROOT = resolve(FOLDER, "../..");

async function main(): Promise<number> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    console.log(
      `engine: not run on ${process.platform} ${process.arch}; the engine of these tests is for linux x64`,
    );
    return 0;
  }
  if (!isInstalled()) {
    console.log("engine: installing the engine of these tests, 85 MB, into e2e/engine/node_modules");
    const code = await run("npm", ["ci", "--omit=optional", "--ignore-scripts"], FOLDER);
    if (code !== 0) return code;
  }
  return run(process.execPath, ["--test", "--test-isolation=none", "e2e/engine/*.test.ts"], ROOT);
}

function isInstalled(): boolean {
  const wanted = modifiedAt(join(FOLDER, "package-lock.json"));
  // npm writes this file last, so an interrupted install has none.
  const installed = modifiedAt(join(FOLDER, "node_modules", ".package-lock.json"));
  return installed !== undefined && wanted !== undefined && installed >= wanted;
}

function modifiedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function run(command: string, args: readonly string[], cwd: string): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, stdio: "inherit" });
    child.on("error", fail);
    child.on("close", (code, signal) => {
      if (signal !== null) console.error(`engine: ${command} was ended by ${signal}`);
      done(code ?? 1);
    });
  });
}

process.exitCode = await main();
