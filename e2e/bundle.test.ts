import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, rehearse, type Place } from "./harness.ts";

const root = join(import.meta.dirname, "..");

function install(place: Place): string {
  const built = spawnSync(process.execPath, ["tools/bundle.ts"], { cwd: root, encoding: "utf8" });
  assert.equal(built.status, 0, built.stderr);
  const installed = join(place.base, "installed");
  cpSync(join(root, "dist"), installed, { recursive: true });
  return installed;
}

test("the published folder does what the checkout does, from a folder with nothing else in it", async () => {
  using place = createPlace();
  const installed = install(place);
  assert.ok(!existsSync(join(installed, "node_modules")));
  const { code, stdout, stderr } = await cloister(place, ["tour"], { entry: join(installed, "cloister.js") });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /ALTERED at entry 1/);

  const parts = JSON.parse(readFileSync(join(installed, "cloister.cdx.json"), "utf8")) as {
    readonly components: readonly { readonly group?: string; readonly name: string }[];
  };
  const names = parts.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
  const licences = readFileSync(join(installed, "THIRD-PARTY-LICENSES.txt"), "utf8");
  for (const name of names) assert.ok(`\n${licences}`.includes(`\n${name}\n`), name);
  assert.ok(names.includes("@vscode/tree-sitter-wasm") && !names.includes("esbuild"));

  const version = async (): Promise<boolean> => {
    const cache = join(place.home, ".cloister", "cache");
    rmSync(cache, { recursive: true, force: true });
    const ran = await cloister(place, ["--version"], { entry: join(installed, "cloister.js") });
    assert.equal(ran.code, 0, ran.stderr);
    return existsSync(cache);
  };
  assert.equal(await version(), true);
  if (process.geteuid?.() !== 0) return;
  chownSync(place.home, 65_534, 65_534);
  assert.equal(await version(), false, "what is kept in another's home could be another's code");
});

test("root works in another user's project as often as it likes, though nobody else sees what it keeps", async (context) => {
  if (process.geteuid?.() !== 0) return;
  using place = createPlace({ "a.txt": "one\n" });
  const entry = join(install(place), "cloister.js");
  const rehearsal = await rehearse([{ text: "Done." }]);
  context.after(() => rehearsal.close());
  chmodSync(place.base, 0o755);
  chmodSync(place.home, 0o700);
  for (const path of [place.project, join(place.project, "a.txt")]) chownSync(path, 65_534, 65_534);
  for (let run = 0; run < 2; run++) {
    const ran = await cloister(place, ["-p", "go", "--endpoint", rehearsal.url], { entry });
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(ran.stdout, "Done.\n");
  }
  assert.ok(existsSync(join(place.home, ".cloister/cache/code")), "something was kept");
});
