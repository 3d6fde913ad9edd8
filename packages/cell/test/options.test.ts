import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { onceWholeOptions, toOptions } from "../src/bubblewrap.ts";
import { bwrapPathsDefault } from "../src/cells.ts";
import { prepareEtc } from "../src/etc.ts";
import { assembleFilter } from "../src/seccomp.ts";
import { toArchitecture } from "../src/syscalls.ts";

test("options of which only a part arrives start nothing, wherever they were cut", () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "options-")));
  const [workspace, home, scratch] = ["workspace", "home", "scratch"].map((name) => join(base, name));
  assert.ok(workspace !== undefined && home !== undefined && scratch !== undefined);
  for (const folder of [workspace, home, scratch]) mkdirSync(folder);
  for (const name of ["empty", "hidden"]) writeFileSync(join(scratch, name), "");
  prepareEtc({ system: "whole", from: "/etc", to: join(scratch, "etc-whole") });
  const architecture = toArchitecture(process.arch);
  writeFileSync(join(scratch, "filter"), assembleFilter({ architecture, unixSockets: false }));
  const bwrap = bwrapPathsDefault.find((path) => existsSync(path)) ?? "";
  const host = {
    ...{ bwrap, scratch, uid: 1000, gid: 1000 },
    ...{ isRealRoot: process.getuid?.() === 0, canDisableUserNamespaces: false },
  };
  const view = { workspace, home, readable: [], sockets: [], system: "whole" } as const;
  const masks = [{ kind: "empty-directory", path: join(workspace, ".git") }] as const;
  const launch = { directory: workspace, environment: { A: "b" }, filterDescriptor: 3 };
  const options = toOptions(host, view, masks, launch);
  const runs = (count: number): boolean => {
    const input = options
      .slice(0, count)
      .map((option) => `${option}\0`)
      .join("");
    const argv = ["--args", "0", ...onceWholeOptions, "--", "/bin/sh", "-c", `echo ran > ${workspace}/mark`];
    const filter = openSync(join(scratch, "filter"), "r");
    const { status } = spawnSync(bwrap, argv, { input, stdio: ["pipe", "ignore", "ignore", filter] });
    closeSync(filter);
    const ran = existsSync(join(workspace, "mark"));
    rmSync(join(workspace, "mark"), { force: true });
    return ran || status === 0;
  };
  // Every third place from the workspace on, where a shell could already run.
  for (let count = options.indexOf("--bind"); count < options.length; count += 3) {
    assert.ok(!runs(count), `${count} of ${options.length}`);
  }
  assert.ok(!runs(options.length - 1));
  assert.ok(!runs(options.length - 2));
  assert.ok(runs(options.length), "whole they do");
  rmSync(base, { recursive: true });
});
