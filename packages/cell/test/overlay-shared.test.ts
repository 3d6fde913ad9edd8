import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import {
  openCellNetwork,
  openCells,
  openOverlay,
  runInCell,
  type Cells,
  type CellView,
  type Finding,
  type Overlay,
  type SharedOverlay,
} from "../src/index.ts";

const base = realpathSync(mkdtempSync(join(tmpdir(), "cell-shared-")));
const workspace = join(base, "workspace");
const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const never = new AbortController().signal;
const findings: Finding[] = [];
const view: CellView = {
  ...{ workspace, home: "/home/user", readable: [], sockets: [], system: "whole" },
  hidden: () => [join(workspace, "keys/secret")],
};
let plain: Cells;
let overlay: Overlay;
let shared: SharedOverlay;
let cells: Cells;

before(async () => {
  mkdirSync(join(workspace, ".git/hooks"), { recursive: true });
  mkdirSync(join(workspace, "keys"));
  writeFileSync(join(workspace, ".git/HEAD"), "ref: refs/heads/main\n");
  writeFileSync(join(workspace, "keys/secret"), "SECRET\n");
  writeFileSync(join(workspace, "file"), "old\n");
  const scratch = join(base, "scratch");
  const onFinding = (finding: Finding): void => void findings.push(finding);
  plain = await openCells({
    ...{ tier: "bubblewrap", scratch, architecture: process.arch, user, onFinding, ahead: true },
  });
  overlay = await openOverlay({ workspace, scratch, user });
  shared = await overlay.share();
  cells = shared.around(plain);
});

after(async () => {
  await shared.close();
  overlay.discard();
  plain.close();
  rmSync(base, { recursive: true, force: true });
});

async function run(line: string, over: { view?: CellView; cells?: Cells } = {}): Promise<string> {
  const launch = {
    argv: ["/bin/sh", "-c", line],
    directory: workspace,
    environment: { PATH: "/usr/bin:/bin" },
  };
  const limits = { timeoutMs: 90_000, outputBytesMax: 10_000 };
  const { output } = await runInCell(over.cells ?? cells, over.view ?? view, launch, limits, never);
  return output;
}

test("cells at the same time see what each of them writes, and the project stays as it is", async () => {
  const waiting = run("for i in $(seq 1200); do [ -e made ] && exec cat made; sleep 0.05; done; echo never");
  assert.equal(await run("echo new > file; echo made > .git/hooks/pre-commit; echo hello > made"), "");
  assert.equal(await waiting, "hello\n");
  assert.equal(await run("cat file .git/hooks/pre-commit"), "new\nmade\n");
  assert.equal(readFileSync(join(workspace, "file"), "utf8"), "old\n");
  assert.equal(existsSync(join(workspace, "made")), false);
});

test("a cell that waited for its command is in the same overlay", async () => {
  const line = "grep -q '[r]ead -r cloister_order' /proc/1/cmdline && cat made";
  for (let look = 0; look < 600; look++) {
    if ((await run(line)) === "hello\n") return;
    await wait(100);
  }
  assert.fail("no cell waited");
});

test("what is hidden is hidden in the overlay, and a planted link makes nothing outside", async () => {
  const outside = join(base, "outside");
  mkdirSync(outside);
  assert.match(await run("cat keys/secret"), /Permission denied/);
  // With `keys` shown, one command could swap it for a link while the mask for the next is being made.
  const open: CellView = { ...view, hidden: () => [] };
  await run(`mv keys other; ln -s /oldroot${outside} keys`, { view: open });
  await run("true");
  assert.ok(findings.some(({ kind, path }) => kind === "mount-refused" && path.endsWith("keys/secret")));
  assert.equal(existsSync(join(outside, "secret")), false);
  await run("rm keys; mv other keys", { view: open });
  await run("rm keys/secret", { view: open });
  assert.equal(await run("ls keys"), "", "nothing is made in the place of a hidden file that is gone");
});

test("what leads out of the cell leads out of the overlay no more than out of the workspace", async () => {
  const seen = await run(
    "cat /proc/self/status | grep -E '^(CapEff|NoNewPrivs|Seccomp):'; unshare -U true; " +
      "nsenter -t 1 -m true; mount -t tmpfs x /mnt; (cd /proc/1/root && ls oldroot) 2>&1; cat /proc/self/uid_map | wc -l",
  );
  assert.match(seen, /CapEff:\t0{16}/);
  assert.match(seen, /Seccomp:\t2/);
  assert.match(seen, /unshare failed|Operation not permitted/);
});

test("commands with a network of their own are in it too, and those without are in none", async () => {
  const scratch = join(base, "networked");
  mkdirSync(scratch);
  const network = await openCellNetwork({ user, node: process.execPath, ports: [0] });
  const own = await openOverlay({ workspace, scratch, user });
  const both = await own.share(network.namespace.enter);
  try {
    const around = both.around(plain);
    const networked: CellView = { ...view, networkNamespace: network.namespace };
    await run("echo there > there", { view: networked, cells: around });
    const links = "cat there; readlink /proc/self/ns/net";
    const [within, without] = [
      await run(links, { view: networked, cells: around }),
      await run(links, { cells: around }),
    ];
    assert.match(within, /^there\nnet:/);
    assert.match(without, /^there\nnet:/);
    assert.notEqual(within, without);
    assert.equal(within, await run(links, { view: networked, cells: around }));
  } finally {
    await both.close();
    own.discard();
    network.close();
  }
});

test("when the last cell has ended, all that was written is there to be looked at", async () => {
  await shared.close();
  await assert.rejects(run("true"), { code: "overlay-gone" });
  const { changes } = await overlay.writeSet();
  assert.deepEqual(
    changes.map(({ kind, path }) => `${kind} ${path}`),
    ["created .git/hooks/pre-commit", "changed file", "deleted keys/secret", "created made"],
  );
});
