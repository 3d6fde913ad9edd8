// `npm run picture`: draws a real run of the tour for the README. What it shows was printed by the product.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { toSvg } from "./svg.ts";

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "../..");
  const run = spawnSync(process.execPath, ["packages/cli/src/main.ts", "tour", "--lang", "en"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, FORCE_COLOR: "1" },
  });
  if (run.status !== 0) throw new Error(`the tour ended with ${run.status}: ${run.stderr}`);
  mkdirSync(join(root, "docs/pictures"), { recursive: true });
  writeFileSync(join(root, "docs/pictures/tour.svg"), toSvg(run.stdout));
  console.log("docs/pictures/tour.svg");
}
