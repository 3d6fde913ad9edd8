#!/usr/bin/env node
/// <reference types="node" />
// Plain JavaScript on purpose: it must run, and say something useful, on a Node that cannot read TypeScript.
import { spawnSync } from "node:child_process";
import * as modules from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const major = Number(process.versions.node.split(".")[0]);
const main = new URL("../src/main.ts", import.meta.url);

if (major >= 24) {
  // Compiled code is kept between runs, types already taken out: it more than halves the start. In the user's own
  // folder: Node's default is one in the shared temporary folder, where somebody else could lay code for us to run.
  modules.enableCompileCache(join(homedir(), ".cloister", "cache"));
  const { start } = await import("../src/main.ts");
  await start();
} else {
  // In a checkout, `npm ci` has put a newer Node beside us.
  const node = fileURLToPath(new URL("../../../node_modules/node/bin/node", import.meta.url));
  const result = spawnSync(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: "inherit" });
  if (result.error !== undefined) {
    console.error(`cloister needs Node 24 or newer; this is ${process.versions.node}.`);
    console.error("next: run npm ci in the checkout (it brings one), or install a newer Node.");
    process.exit(69);
  }
  if (result.status === 127) {
    console.error("next: a shared library is missing. On Debian: apt-get install libatomic1");
  }
  process.exit(result.status ?? 130);
}
