// Tasks on open-source packages, played by a rehearsal in real sessions: `node e2e/real-tasks/run.ts`. The packages come from
// the registry that npm is configured with; without it nothing can be said, and the exit code is 69.
import assert from "node:assert/strict";
import { isRecord, messageOf } from "@cloister/base";
import { cloister, rehearse } from "../harness.ts";
import { bugFix } from "./bug-fix.ts";
import { openCheckout, type Checkout } from "./checkout.ts";
import { openStandIn } from "./registry.ts";
import { rename } from "./rename.ts";
import type { RealTask } from "./task.ts";
import { upgrade, upgradeFromRegistry, upgradeVersions } from "./upgrade.ts";

type Outcome =
  | { readonly kind: "done"; readonly sessionMs: number; readonly requests: number }
  | { readonly kind: "wrong"; readonly why: string }
  | { readonly kind: "unreachable"; readonly why: string };

const UNAVAILABLE = 69;

async function attempt(task: RealTask): Promise<Outcome> {
  const opened = await openCheckout(task.archive, task.prepare);
  if (opened.kind === "unreachable") return opened;
  using checkout = opened.checkout;
  const rehearsal = await rehearse(task.turns);
  try {
    const started = performance.now();
    const args = ["-p", task.prompt, "--endpoint", rehearsal.url, ...(task.args ?? [])];
    const session = await cloister(checkout.place, args);
    const sessionMs = Math.round(performance.now() - started);
    // What the script waited for in vain says more than the session's own end.
    assert.deepEqual(rehearsal.failures, [], session.stderr);
    assert.equal(session.code, 0, session.stderr + session.stdout);
    assert.equal(rehearsal.requests.length, task.turns.length);
    await task.check(checkout);
    await checkRecord(task, checkout);
    return { kind: "done", sessionMs, requests: rehearsal.requests.length };
  } catch (error) {
    return { kind: "wrong", why: messageOf(error) };
  } finally {
    await rehearsal.close();
  }
}

/** The ledger holds, and its report names the files that the script read. */
async function checkRecord(task: RealTask, { place }: Checkout): Promise<void> {
  const verified = await cloister(place, ["ledger", "verify"]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const report: unknown = JSON.parse((await cloister(place, ["ledger", "exposure", "--json"])).stdout);
  assert.ok(isRecord(report) && Array.isArray(report["endpoints"]));
  const named = report["endpoints"]
    .filter(isRecord)
    .flatMap(({ files }) => (Array.isArray(files) ? files.filter(isRecord) : []))
    .map(({ path }) => path);
  assert.deepEqual(
    task.shown.filter((path) => !named.includes(path)),
    [],
    `not in the exposure report, which names ${named.join(", ")}`,
  );
}

function tell(task: RealTask, outcome: Outcome): void {
  switch (outcome.kind) {
    case "done":
      console.log(`done   ${task.name}: ${outcome.requests} requests, ${outcome.sessionMs} ms`);
      break;
    case "wrong":
      console.log(`WRONG  ${task.name}\n${outcome.why}`);
      process.exitCode = 1;
      break;
    case "unreachable":
      console.log(
        `not tried  ${task.name}: ${task.archive} could not be fetched or installed\n${outcome.why}`,
      );
      process.exitCode ??= UNAVAILABLE;
  }
}

for (const task of [bugFix, rename, upgrade]) tell(task, await attempt(task));
try {
  await using registry = await openStandIn("ansi-regex", upgradeVersions);
  const task = upgradeFromRegistry(registry);
  const outcome = await attempt(task);
  tell(task, outcome);
  if (outcome.kind === "done" && !registry.asked.some((path) => path.endsWith(".tgz"))) {
    tell(task, { kind: "wrong", why: "the package did not come through the door" });
  }
} catch (error) {
  console.log(`not tried  the stand-in registry: its packages could not be fetched\n${messageOf(error)}`);
  process.exitCode ??= UNAVAILABLE;
}
