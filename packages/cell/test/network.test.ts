/** The shared network of a session's cells, looked at from outside. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CloisterError } from "@cloister/base";
import {
  openCellNetwork,
  openCells,
  runInCell,
  type CellNetwork,
  type Cells,
  type RunResult,
} from "../src/index.ts";

const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const open = (...ports: number[]): Promise<CellNetwork> =>
  openCellNetwork({ user, node: process.execPath, ports });

let base: string;
let cells: Cells;

before(async () => {
  base = mkdtempSync(join(tmpdir(), "cell-network-"));
  mkdirSync(join(base, "workspace"));
  cells = await openCells({
    tier: "bubblewrap",
    scratch: join(base, "cells"),
    architecture: process.arch,
    user,
  });
});

after(() => {
  cells.close();
  rmSync(base, { recursive: true, force: true });
});

test("a listener made inside is answered by this process, and by nobody outside", async () => {
  const network = await open(0, 4873);
  try {
    for (const { listener, port } of network.listeners) {
      listener.on("connection", (socket) => socket.end(`port ${port}, process ${process.pid}\n`));
    }
    const [first] = network.listeners;
    const { output } = await run(
      network,
      `cat < /dev/tcp/127.0.0.1/${first?.port}; cat < /dev/tcp/127.0.0.1/4873`,
    );
    assert.equal(output, `port ${first?.port}, process ${process.pid}\nport 4873, process ${process.pid}\n`);
    const outside = spawn("/bin/bash", ["-c", "cat < /dev/tcp/127.0.0.1/4873"], { stdio: "ignore" });
    const [code] = (await once(outside, "exit")) as [number];
    assert.notEqual(code, 0);
  } finally {
    network.close();
  }
});

test("a command that shares the network has no more than its loopback, and no right over it", async () => {
  const network = await open();
  try {
    const { output } = await run(
      network,
      `cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' '; tail -n +2 /proc/net/route | wc -l; grep CapEff /proc/self/status
       (echo x > /dev/tcp/203.0.113.5/443) 2>&1 | grep -o unreachable; ip link add d0 type dummy 2>&1; ls /proc | grep -c '^[0-9]'`,
    );
    const [lo, routes, capabilities, way, ...rest] = output.trim().split("\n");
    assert.deepEqual([lo, routes, way], ["lo", "0", "unreachable"]);
    assert.match(capabilities ?? "", /CapEff:\s+0+$/);
    assert.match(rest.join("\n"), /not permitted|not found/);
    // Its own processes and no others: the holder is in another process namespace.
    assert.ok(Number(rest.at(-1)) < 8, output);
  } finally {
    network.close();
  }
});

test("a connection into the cell is handed out unread, and a closed port is an error", async () => {
  const network = await open();
  const stop = new AbortController();
  const code = `require("net").createServer((s) => s.end("banner")).listen(5173, "127.0.0.1", () => console.log("up"))`;
  const serving = run(network, `/usr/bin/node -e '${code}'`, stop.signal);
  try {
    let text = "";
    for (let tries = 0; tries < 3000 && text === ""; tries++) {
      const socket = await network.connect(5173).catch(() => undefined);
      if (socket !== undefined) text = (await Array.fromAsync(socket)).join("");
      else await new Promise((resolve) => void setTimeout(resolve, 20));
    }
    assert.equal(text, "banner");
    await assert.rejects(network.connect(9), isError("cell-connect-failed"));
  } finally {
    stop.abort();
    await serving;
    network.close();
  }
});

test("once the process that holds it has ended, the network cannot be joined, whoever has its number", async () => {
  const network = await open(0);
  const pid = pidOf(network);
  process.kill(pid, "SIGKILL");
  await waitUntilGone(pid);
  assert.throws(() => network.namespace.enter, isError("cell-network-gone"));
  assert.throws(() => cells.spawn({ ...view, networkNamespace: network.namespace }, launch("true")));
  network.close();
});

test("the holder dies with the keeper, though that was killed", async () => {
  const keeper = startKeeper();
  const pid = Number(String((await once(keeper.stdout ?? assert.fail(), "data"))[0]));
  assert.match(readFileSync(`/proc/${pid}/cmdline`, "utf8"), /sleep/);
  keeper.kill("SIGKILL");
  await waitUntilGone(pid);
});

test("what cannot be listened on is an error that says so", async () => {
  await assert.rejects(open(80), (error) => {
    assert.ok(isError("cell-network-unavailable")(error) && error instanceof Error);
    assert.match(error.message, /port 80 .*EACCES/);
    return true;
  });
  const missing = openCellNetwork({ user, node: "/nowhere/node", ports: [0] });
  await assert.rejects(missing, isError("cell-network-unavailable"));
});

const view = { home: "/home/user", readable: [], sockets: [], system: "whole" as const, workspace: "" };

function launch(shell: string): { argv: string[]; directory: string; environment: Record<string, string> } {
  return {
    argv: ["/bin/bash", "-c", shell],
    directory: "/",
    environment: { PATH: "/usr/sbin:/usr/bin:/bin" },
  };
}

function run(
  network: CellNetwork,
  shell: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<RunResult> {
  const own = { ...view, workspace: join(base, "workspace"), networkNamespace: network.namespace };
  return runInCell(cells, own, launch(shell), { timeoutMs: 30_000, outputBytesMax: 100_000 }, signal);
}

function startKeeper(): ChildProcess {
  const code = `
    import { openCellNetwork } from ${JSON.stringify(import.meta.resolve("../src/index.ts"))};
    const network = await openCellNetwork({ user: ${JSON.stringify(user)}, node: process.execPath, ports: [0] });
    console.log(network.namespace.enter.at(-2));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function pidOf(network: CellNetwork): number {
  return Number(network.namespace.enter.at(-2));
}

async function waitUntilGone(pid: number): Promise<void> {
  for (let tries = 0; tries < 6000; tries++) {
    if (isGone(pid)) return;
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  assert.fail(`${pid} is still there`);
}

/** A process that nobody has collected yet has ended all the same. */
function isGone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true; // the whole entry is gone
  }
}

function isError(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CloisterError && error.code === code;
}
