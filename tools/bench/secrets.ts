// The detector: what it finds in its corpus, how fast it is on ordinary source, and what its peers do in the same run.
// node tools/bench/secrets.ts [--peers]
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
// The corpus is made-up credentials, and stays inside the package that tests with it.
const { status } = spawnSync(
  process.execPath,
  [resolve(root, "packages/secrets/test/bench.ts"), ...process.argv.slice(2)],
  { cwd: root, stdio: "inherit" },
);
process.exitCode = status ?? 1;
