/** `cloister -p "…" --models a,b`: one task, each model in a worktree and a session of its own, and what came of it. */
import type { AgentEvent, Ending } from "@cloister/agent";
import { formatError } from "@cloister/base";
import type { AgentHandle } from "../agent-host.ts";
import { run } from "../commands/run.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openBinding } from "../policy/binding.ts";
import { visible } from "../print/style.ts";
import type { RunArguments } from "../run-arguments.ts";
import { toLines } from "../screen/notices.ts";
import type { OpenedSession } from "../screen/opened.ts";
import type { Worktree } from "../sessions/worktree-places.ts";
import { keepWork, mainBranch, openWorktree, type WorktreeOptions } from "../sessions/worktree.ts";
import { readSettings, type Settings } from "../settings.ts";
import type { VersusArguments } from "./versus-arguments.ts";
import { formatEntries, type Entry } from "./table.ts";

/** Servers of one's own have few slots, and each session has cells of its own. */
const AT_ONCE_MAX = 2;
/** What a terminal's line has room for. */
const SLUG_CHARS_MAX = 20;

export async function versus(args: VersusArguments, environment: Environment): Promise<number> {
  const settings = readSettings(environment.home);
  const options: WorktreeOptions = {
    tier: (await openBinding(environment)).tier(args.run.tier ?? settings.cell?.tier),
    ...{ environment, signal: new AbortController().signal },
  };
  const mark = environment.clock.now().toString(36).slice(-5);
  // One after the other: they write in the same repository.
  const trials: Trial[] = [];
  for (const [index, model] of args.models.entries()) {
    const worktree = await openWorktree(`try-${mark}-${index + 1}-${slugOf(model)}`, options);
    trials.push({ model, worktree });
  }

  const entries: Entry[] = [];
  const waiting = [...trials];
  const work = async (): Promise<void> => {
    for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) {
      const entry = await runTrial(trial, { args, settings, options, environment });
      entries.push(entry);
      environment.stderr.write(`cloister: ${visible(trial.model)}: ${entry.outcome}\n`);
      // Whoever interrupts means all of it.
      if (entry.outcome === "cancelled") waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, work));

  const ordered = trials.flatMap(({ model }) => entries.filter((entry) => entry.model === model));
  environment.stdout.write(
    args.run.format === "text" ? formatEntries(ordered) : `${JSON.stringify(ordered)}\n`,
  );
  const [first] = trials;
  const into = first === undefined ? undefined : mainBranch(first.worktree);
  environment.stderr.write(
    `cloister: take one over with git merge BRANCH${into === undefined ? "" : ` (into ${into})`}; ` +
      "look at it with git diff HEAD...BRANCH; remove the others with cloister worktrees remove NAME --force\n",
  );
  if (ordered.some(({ outcome }) => outcome === "cancelled")) return exit.cancelled;
  const isGood = ({ outcome, check }: Entry): boolean => outcome === "done" && check !== "failed";
  return ordered.some(isGood) ? exit.ok : exit.failed;
}

interface Trial {
  readonly model: string;
  readonly worktree: Worktree;
}

interface TrialParts {
  readonly args: VersusArguments;
  readonly settings: Settings;
  readonly options: WorktreeOptions;
  readonly environment: Environment;
}

/** Never rejects: that one model cannot be had is a row of the table. */
async function runTrial({ model, worktree }: Trial, parts: TrialParts): Promise<Entry> {
  const { args, settings, options, environment } = parts;
  const { clock, stderr } = environment;
  const started = clock.now();
  let opened: OpenedSession | undefined;
  let agent: AgentHandle | undefined;
  let ending: Ending | undefined;
  let check: Entry["check"];
  let trouble: string | undefined;
  const finish = async (): Promise<void> => {
    if (args.check !== undefined && opened !== undefined && ending?.outcome === "done") {
      const ran = await opened.run(args.check, options.signal);
      check = ran.exit === "0" ? "passed" : "failed";
    }
    agent?.close();
  };
  const event = (told: AgentEvent): void => {
    if (told.kind !== "end") return;
    ending = told.ending;
    // The session is still open: its cells are where the check belongs.
    finish().catch((error: unknown) => {
      trouble = formatError(error);
      agent?.close();
    });
  };
  try {
    await run(
      // One that is down has lost: another's work under its name would be no comparison.
      {
        ...args.run,
        ...placeOf(model, settings),
        fallbacks: [],
        session: { ...args.run.session, worktree: undefined },
      },
      {
        ...environment,
        directory: worktree.path,
        stderr: toLines((text) => stderr.write(`${visible(`${model}: ${text}`)}\n`)),
      },
      {
        printer: { event, end: (outcome) => (ending ??= outcome.ending) },
        begin: () => {},
        onOpen: (session) => {
          opened = session;
        },
        drive: (handle) => {
          agent = handle;
          handle.send({ text: args.run.prompt });
        },
      },
    );
  } catch (error) {
    trouble = formatError(error);
  }
  const files = await keepWork(worktree, `cloister: ${slugOf(model)}`, options).catch((error: unknown) => {
    trouble ??= formatError(error);
    return [];
  });
  const { promptTokens = 0, completionTokens = 0 } = ending?.usage ?? {};
  return {
    ...{ model, outcome: trouble === undefined ? (ending?.outcome ?? "failed") : "failed", files },
    ...(check === undefined ? {} : { check }),
    ...{ promptTokens, completionTokens, ms: clock.now() - started },
    ...{ branch: worktree.branch, worktree: worktree.name, path: worktree.path },
    text: trouble ?? ending?.error?.message ?? ending?.text ?? "",
  };
}

/** `NAME/MODEL` and `NAME` of the settings' endpoints, as for subagents; any other is a model of the session's endpoint. */
export function placeOf(
  model: string,
  { endpoints = [] }: Pick<Settings, "endpoints">,
): Pick<RunArguments, "model"> & Partial<Pick<RunArguments, "endpoint">> {
  const [name, ...rest] = model.split("/");
  const named = endpoints.find((endpoint) => endpoint.name === name);
  if (named === undefined) return { model };
  return { endpoint: named.url, model: rest.length > 0 ? rest.join("/") : named.models[0] };
}

/** What a branch and a folder may be called. */
function slugOf(model: string): string {
  return model
    .replaceAll(/[^A-Za-z0-9]+/gu, "-")
    .replaceAll(/^-|-$/gu, "")
    .slice(-SLUG_CHARS_MAX)
    .replace(/^-/u, "");
}
