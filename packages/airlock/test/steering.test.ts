/** Files that steer agents and build machines, against commands that try to keep what they planted in them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { eventually } from "@cloister/fakes/machine";
import { readSteering, restoreSteering } from "../src/calls/steering.ts";
import type { RunningProcess } from "../src/client.ts";
import { createWorld } from "./world.ts";

const never = new AbortController().signal;
const limits = { timeoutMs: 60_000, signal: never };

test("a list of arguments that is no search is looked after like a shell's line, by the organisation too", async () => {
  const asked: string[] = [];
  const required = (command: string): Promise<string | undefined> => {
    asked.push(command);
    return Promise.resolve(command.includes("forbidden") ? "the house says no" : undefined);
  };
  await using world = await createWorld({ tier: "bubblewrap", required });
  const run = (...argv: string[]): Promise<unknown> => world.client.run({ argv }, limits);
  await run("/bin/sh", "-c", 'n=AGENTS; echo obey > "$n.md"');
  assert.equal(existsSync(join(world.workspace, "AGENTS.md")), false);
  await assert.rejects(run("/bin/sh", "-c", "echo forbidden"), { code: "denied" });
  // ripgrep starts programs too, when it is told to.
  for (const option of ["--pre=/forbidden", "--hostname-bin=forbidden", "--pre"]) {
    const searched = run("rg", option, "forbidden", "--", "x", "./");
    await assert.rejects(searched, { code: "denied" }, option);
  }
  asked.length = 0;
  await run("rg", "--no-config", "--", "--pre=forbidden", "./").catch(() => undefined);
  assert.deepEqual(asked, []);
});

test("what one command planted is not what a second one, begun meanwhile, puts back", async () => {
  await using world = await createWorld({ tier: "bubblewrap" });
  const place = join(world.workspace, "CLAUDE.md");
  writeFileSync(place, "old");
  const start = (shell: string): Promise<RunningProcess> =>
    world.client.start({ kind: "command", shell }, never);
  const planting = await start('n=CLAUDE; echo evil > "$n.md"; read line');
  await eventually("the attack", () => readFileSync(place, "utf8") === "evil\n");
  const second = await start("read line");
  const third = world.client.run({ shell: "echo third" }, limits);
  await third;
  planting.end();
  await planting.ended;
  second.end();
  await second.ended;
  assert.equal(readFileSync(place, "utf8"), "old");
});

/** `work` with a workflow in it, and `outside` beside it. */
function withWorkspace(): { readonly workspace: string; readonly outside: string } & Disposable {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "steering-test-")));
  const [workspace, outside] = [join(base, "work"), join(base, "outside")];
  mkdirSync(join(workspace, ".github/workflows"), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(workspace, ".github/workflows/key"), "a key");
  return { workspace, outside, [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }) };
}

test("what stands in a folder that became a link is neither read nor written through it", () => {
  using world = withWorkspace();
  const { workspace, outside } = world;
  const before = readSteering(workspace);
  rmSync(join(workspace, ".github/workflows"), { recursive: true });
  symlinkSync(outside, join(workspace, ".github/workflows"));
  assert.match(restoreSteering(workspace, before)[0] ?? "", /workflows\/key \(left as it is: /);
  assert.equal(existsSync(join(outside, "key")), false);
  writeFileSync(join(outside, "key"), "theirs");
  assert.equal(readSteering(workspace).files.get(".github/workflows/key"), undefined);
});

test("a folder that was removed comes back with its files, and what stands in the way is moved, never removed", () => {
  using world = withWorkspace();
  const { workspace } = world;
  const before = readSteering(workspace);
  rmSync(join(workspace, ".github"), { recursive: true });
  assert.deepEqual(restoreSteering(workspace, before), [".github/workflows/key"]);
  const place = join(workspace, ".github/workflows/key");
  assert.equal(readFileSync(place, "utf8"), "a key");
  rmSync(place);
  for (const folder of [place, `${place}.aside`]) mkdirSync(join(folder, "full"), { recursive: true });
  restoreSteering(workspace, before);
  assert.equal(readFileSync(place, "utf8"), "a key");
  const beside = readdirSync(join(workspace, ".github/workflows")).filter((name) => name.endsWith(".aside"));
  assert.equal(beside.length, 2);
});

test("a command that exchanges a folder for a link while it is looked at gets nothing of what lies outside, and puts nothing there", async () => {
  using world = withWorkspace();
  const { workspace, outside } = world;
  writeFileSync(join(outside, "key"), "theirs");
  symlinkSync(outside, join(workspace, ".github/link"));
  const exchanging = new Worker(
    `const { renameSync } = require("node:fs");
    const { workerData: folder } = require("node:worker_threads");
    const [place, real, link] = ["workflows", "real", "link"].map((name) => folder + "/" + name);
    const step = (from, to) => { try { renameSync(from, to); } catch {} };
    for (let n = 0; n < 1e9; n++) {
      const aside = real + n;
      step(place, aside); step(link, place); step(place, link); step(aside, place);
    }`,
    { eval: true, workerData: join(workspace, ".github") },
  );
  const planted = { text: "planted", uid: 0, gid: 0 };
  const names = Array.from({ length: 50 }, (_, n) => `.github/workflows/planted${n}`);
  const steering = { files: new Map(names.map((name) => [name, planted])) };
  try {
    await once(exchanging, "online");
    for (const started = performance.now(); performance.now() - started < 400;) {
      const texts = Array.from(readSteering(workspace).files.values(), ({ text }) => text);
      assert.ok(!texts.includes("theirs"));
      restoreSteering(workspace, steering);
    }
  } finally {
    await exchanging.terminate();
  }
  assert.deepEqual(readdirSync(outside), ["key"]);
});
