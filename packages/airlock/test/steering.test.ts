/** Files that steer agents and build machines, against commands that try to keep what they planted in them. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { RunningProcess } from "../src/client.ts";
import { createWorld } from "./world.ts";

const never = new AbortController().signal;
const limits = { timeoutMs: 10_000, signal: never };

async function until(isSo: () => boolean): Promise<void> {
  const started = performance.now();
  while (!isSo()) {
    assert.ok(performance.now() - started < 5000, "gave up waiting");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a list of arguments that is no search is looked after like a shell's line, by the organisation too", async () => {
  const asked: string[] = [];
  const required = (command: string): Promise<string | undefined> => {
    asked.push(command);
    return Promise.resolve(command.includes("forbidden") ? "the house says no" : undefined);
  };
  await using world = await createWorld({ tier: "bubblewrap", required });
  const run = (...argv: string[]): Promise<unknown> => world.client.run({ argv }, limits);
  await run("/bin/sh", "-c", "echo obey > AGENTS.md");
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
  const start = (shell: string): Promise<RunningProcess> => world.client.start({ kind: "command", shell }, never);
  const planting = await start("echo evil > CLAUDE.md; read line");
  await until(() => readFileSync(place, "utf8") === "evil\n");
  const second = await start("read line");
  const third = world.client.run({ shell: "cat CLAUDE.md" }, limits);
  await third;
  planting.end();
  await planting.ended;
  second.end();
  await second.ended;
  assert.equal(readFileSync(place, "utf8"), "old");
});

test("what stands in a folder that became a link is neither read nor written through it", async () => {
  const { readSteering, restoreSteering } = await import("../src/calls/steering.ts");
  const base = mkdtempSync(join(tmpdir(), "steering-test-"));
  try {
    const [workspace, outside] = [join(base, "work"), join(base, "outside")];
    mkdirSync(join(workspace, ".github/workflows"), { recursive: true });
    mkdirSync(outside);
    writeFileSync(join(workspace, ".github/workflows/key"), "a key");
    const before = readSteering(workspace);
    rmSync(join(workspace, ".github/workflows"), { recursive: true });
    symlinkSync(outside, join(workspace, ".github/workflows"));
    restoreSteering(workspace, before);
    assert.equal(existsSync(join(outside, "key")), false);
    writeFileSync(join(outside, "key"), "theirs");
    assert.equal(readSteering(workspace).files.get(".github/workflows/key"), undefined);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});
