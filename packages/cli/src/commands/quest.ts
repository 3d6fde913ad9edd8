/** `cloister quest`: work by specification. */
import { createInterface } from "node:readline/promises";
import { checkWorkspace } from "../command-cell.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { visible } from "../print/style.ts";
import { createQuest, listQuests, openQuest, type Document } from "../quest/quest-files.ts";
import type { QuestArguments } from "../quest/quest-arguments.ts";
import { runQuest, type QuestOutcome, type QuestProgress, type Verdict } from "../quest/quest.ts";
import { createSessionWork } from "../quest/quest-work.ts";
import type { QuestWords } from "../words/type.ts";
import { wordsFor } from "../words/words.ts";

export async function quest(args: QuestArguments, environment: Environment): Promise<number> {
  const workspace = checkWorkspace(environment.directory, environment.home);
  const words = wordsFor(environment.lang).quest;
  const { stdout, stderr } = environment;
  const names = listQuests(workspace);
  if (args.goal === "") {
    stdout.write(names.length === 0 ? `${words.none}\n` : names.map((name) => `${visible(name)}\n`).join(""));
    return exit.ok;
  }
  const files = names.includes(args.goal)
    ? openQuest(workspace, args.goal)
    : createQuest(workspace, args.goal);
  stderr.write(`${words.begins(visible(files.name), files.folder)}\n`);
  const session = createSessionWork(args.run, environment);
  const outcome = await runQuest(files, {
    ...session,
    approve: (document, path) =>
      args.isYes ? Promise.resolve({ kind: "yes" }) : askPerson(document, path, environment, words),
    tell: (progress) => stderr.write(`${describe(progress, words)}\n`),
  });
  stdout.write(`${describeEnd(outcome, files.name, words)}\n`);
  return outcome.kind === "stuck" ? exit.failed : exit.ok;
}

/** Without a terminal nobody can say yes: the document waits. */
async function askPerson(
  document: Document,
  path: string,
  { stdin, stderr }: Environment,
  words: QuestWords,
): Promise<Verdict> {
  if (!stdin.isTTY) return { kind: "later" };
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const said = (await lines.question(`${words.approve(document, path)} `)).trim();
    if (/^(?:y|yes|j|ja|是|好)$/i.test(said)) return { kind: "yes" };
    return said === "" ? { kind: "later" } : { kind: "again", words: said };
  } finally {
    lines.close();
  }
}

function describe(progress: QuestProgress, words: QuestWords): string {
  switch (progress.kind) {
    case "writing":
      return words.writing(progress.document);
    case "task":
      return words.task(progress.number, progress.of, visible(progress.task.title));
    case "checked":
      return words.checked(visible(progress.command), progress.outcome.passed);
    case "task-done":
      return words.taskDone(visible(progress.task.title));
  }
}

function describeEnd(outcome: QuestOutcome, name: string, words: QuestWords): string {
  switch (outcome.kind) {
    case "done":
      return words.done(outcome.tasks);
    case "waits":
      return words.waits(outcome.path, visible(name));
    case "stuck":
      return words.stuck(visible(outcome.what), visible(outcome.why), visible(name));
  }
}
