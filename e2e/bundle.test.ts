import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace } from "./harness.ts";

test("the published folder does what the checkout does, from a folder with nothing else in it", async () => {
  using place = createPlace();
  const root = join(import.meta.dirname, "..");
  const built = spawnSync(process.execPath, ["tools/bundle.ts"], { cwd: root, encoding: "utf8" });
  assert.equal(built.status, 0, built.stderr);
  const installed = join(place.base, "installed");
  cpSync(join(root, "dist"), installed, { recursive: true });
  assert.ok(!existsSync(join(installed, "node_modules")));
  const { code, stdout, stderr } = await cloister(place, ["tour"], { entry: join(installed, "cloister.js") });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /ALTERED at entry 1/);
});
