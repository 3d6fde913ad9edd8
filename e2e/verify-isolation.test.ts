/** The check that a stranger runs: docs/operate/verify-isolation.sh, against an agent, and against others. */
import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, rehearse, until } from "./harness.ts";

const script = join(import.meta.dirname, "../docs/operate/verify-isolation.sh");

test("a stranger's script, without any code of ours, finds the agent cut off", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "never", fault: "stall" }]);
  let given: Outcome | undefined;
  let found: Outcome | undefined;
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url], {
    onStart: async (child) => {
      await until("a request", () => rehearsal.requests[0]);
      found = await verify([]);
      given = await verify(agentsIn(found.output).filter((pid) => isIn(place.project, pid)));
      child.kill("SIGINT");
    },
  });
  await rehearsal.close();
  assert.ok(given !== undefined && found !== undefined, result.stderr);
  assert.match(found.output, /agent-process/);
  assert.equal(given.code, 0, given.output);
  assert.match(
    given.output,
    /ok +no network, no capability, filtered; its only peer is process \d+: .*main\.ts/,
  );
  assert.doesNotMatch(given.output, /FAIL/);
});

test("the script fails for a process with a network, and says each reason", async () => {
  const code = "require('net').createServer().listen(0, '127.0.0.1', () => console.log('up'))";
  const child = spawn(process.execPath, ["-e", code], { stdio: ["pipe", "pipe", "inherit"] });
  await up(child);
  const { code: ended, output } = await verify([String(child.pid)]);
  child.kill("SIGKILL");
  assert.equal(ended, 1, output);
  for (const reason of [
    /FAIL it shares the network of this host/,
    /FAIL it has tcp sockets/,
    /FAIL it could gain rights/,
    /FAIL its system calls are not filtered/,
  ]) {
    assert.match(output, reason);
  }
});

test("the script fails for a process with a network of its own but neither filter nor dropped rights", async () => {
  const child = spawn("unshare", ["-Urn", "sh", "-c", "echo up; read line"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await up(child);
  const { code, output } = await verify([String(child.pid)]);
  child.kill("SIGKILL");
  assert.equal(code, 1, output);
  assert.doesNotMatch(output, /shares the network/);
  assert.match(output, /FAIL it has capabilities: CapEff/);
});

test("the script does not call a process that is not there cut off", async () => {
  const { code, output } = await verify(["999999999"]);
  assert.equal(code, 1);
  assert.match(output, /cannot be examined/);
});

interface Outcome {
  readonly code: number;
  readonly output: string;
}

function verify(args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile("/bin/sh", [script, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, output: stdout + stderr });
    });
  });
}

/** Other sessions may run on this machine; each agent's line begins with its number. */
function agentsIn(output: string): string[] {
  return [...output.matchAll(/^process (\d+): .*agent-process/gm)].map((match) => match[1] ?? "");
}

function isIn(folder: string, pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return false; // another session's, and gone by now
  }
}

function up(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.stdout?.once("data", () => resolve()));
}
