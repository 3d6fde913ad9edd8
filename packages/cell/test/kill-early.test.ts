import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, runningWith } from "@cloister/fakes/machine";
import { killTree, openCells } from "../src/index.ts";

test("a cell that is killed while it starts leaves nothing behind, at whatever moment", async () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "kill-early-")));
  const workspace = join(base, "work");
  mkdirSync(workspace);
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const cells = await openCells({
    tier: "bubblewrap",
    scratch: join(base, "cells"),
    architecture: process.arch,
    user,
  });
  const view = { workspace, home: "/home/somebody", readable: [], sockets: [], system: "whole" } as const;
  const mark = `661${process.pid}`;
  for (let n = 0; n < 40; n++) {
    const child = cells.spawn(view, {
      ...{
        argv: ["/bin/sh", "-c", `sleep ${mark}`],
        directory: workspace,
        environment: { PATH: "/usr/bin:/bin" },
      },
      stdio: ["ignore", "ignore", "ignore"],
    });
    const closed = new Promise((resolve) => child.on("close", resolve));
    // bubblewrap makes its process 1 within the first few milliseconds.
    await sleep(n % 10);
    killTree(cells, child);
    await closed;
  }
  await eventually("the end of all", () => runningWith(mark).length === 0);
  cells.close();
  rmSync(base, { recursive: true, force: true });
});
