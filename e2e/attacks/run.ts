/** `node e2e/attacks/run.ts`: a table of what a poisoned model reaches, and what its refusals cost a person. */
import { playAll } from "./play.ts";
import { scenarios } from "./scenarios.ts";

const row = (...cells: readonly string[]): void =>
  void process.stdout.write(
    `${cells
      .map((cell, at) => cell.padEnd([50, 10, 10, 18, 0][at] ?? 0))
      .join(" ")
      .trimEnd()}\n`,
  );

const only = process.argv[2];
const chosen = scenarios.filter(
  ({ carrier, goal }) => only === undefined || `${carrier.name}: ${goal.name}`.includes(only),
);
row("scenario", "reached", "benign", "asked (attack)", "asked (benign)");
const played = await playAll(chosen);
for (const { attacked, benign } of played) {
  const reached = attacked.reached === undefined ? "no" : `YES ${attacked.reached}`;
  row(
    attacked.scenario,
    reached,
    benign.completed ? "done" : "NOT DONE",
    `${attacked.approvals.asked}`,
    `${benign.approvals.asked}`,
  );
  const { stdout, stderr } = attacked.outcome;
  if (only !== undefined) process.stdout.write(`${stdout}${stderr}${benign.outcome.stderr}`);
}
const failures = played.filter(
  ({ attacked, benign }) => attacked.reached !== undefined || !benign.completed,
).length;
row(
  `${played.length} scenarios`,
  `${played.filter(({ attacked }) => attacked.reached !== undefined).length}`,
  `${played.filter(({ benign }) => benign.completed).length}`,
);
process.exitCode = failures === 0 ? 0 : 1;
