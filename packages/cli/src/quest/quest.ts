/** Work by specification: requirements, design and tasks as files that a person approves, then task by task with its check. */
import { CloisterError, isRecord, type Json, type JsonObject } from "@cloister/base";
import { documents, type Document, type QuestFiles } from "./quest-files.ts";
import {
  againPrompt,
  checkFailedPrompt,
  designPrompt,
  requirementsPrompt,
  taskPrompt,
  tasksPrompt,
  tasksSchema,
} from "./prompts.ts";
import { formatTasks, parseTasks, tickTask, type PlannedTask, type QuestTask } from "./tasks.ts";

export interface CheckOutcome {
  readonly passed: boolean;
  readonly output: string;
}

export type Verdict =
  | { readonly kind: "yes" }
  /** Written anew after these words. */
  | { readonly kind: "again"; readonly words: string }
  /** The person wants to read or edit it first. */
  | { readonly kind: "later" };

export interface Worked {
  readonly isDone: boolean;
  readonly text: string;
  readonly structured: Json | undefined;
  /** Why not, when it is not done. */
  readonly why: string;
}

export interface WorkOptions {
  /** Looks only: nothing is changed. */
  readonly isPlanning: boolean;
  readonly answerSchema?: JsonObject;
  /** Called when the model says it is done; what it answers is said to the model next, and the work goes on. */
  readonly after?: () => Promise<string | undefined>;
}

export interface QuestWorld {
  /** One session of the agent. */
  readonly work: (prompt: string, options: WorkOptions) => Promise<Worked>;
  /** Runs a command in a cell of the workspace. */
  readonly check: (command: string) => Promise<CheckOutcome>;
  readonly approve: (document: Document, path: string) => Promise<Verdict>;
  readonly tell: (progress: QuestProgress) => void;
}

export type QuestProgress =
  | { readonly kind: "writing"; readonly document: Document }
  | { readonly kind: "task"; readonly task: QuestTask; readonly number: number; readonly of: number }
  | { readonly kind: "checked"; readonly command: string; readonly outcome: CheckOutcome }
  | { readonly kind: "task-done"; readonly task: QuestTask };

export type QuestOutcome =
  | { readonly kind: "done"; readonly tasks: number }
  | { readonly kind: "waits"; readonly document: Document; readonly path: string }
  | { readonly kind: "stuck"; readonly what: string; readonly why: string };

/** How often a failed check is handed back to the model before a person has to look. */
const CHECKS_MAX = 3;
const REWRITES_MAX = 20;

/** Goes on from wherever the files stand. @throws what `work` and the file system throw; nothing is lost then */
export async function runQuest(files: QuestFiles, world: QuestWorld): Promise<QuestOutcome> {
  for (const document of documents) {
    const stop = await agreeOn(document, files, world);
    if (stop !== undefined) return stop;
  }
  return workThrough(files, world);
}

async function agreeOn(
  document: Document,
  files: QuestFiles,
  world: QuestWorld,
): Promise<QuestOutcome | undefined> {
  let words: string | undefined;
  for (let rewrites = 0; rewrites < REWRITES_MAX; rewrites++) {
    if (files.read(document) === undefined || words !== undefined) {
      const stop = await write(document, words, files, world);
      if (stop !== undefined) return stop;
    }
    if (files.isApproved(document)) return undefined;
    const path = files.pathOf(document);
    const verdict = await world.approve(document, path);
    if (verdict.kind === "later") return { kind: "waits", document, path };
    if (verdict.kind === "yes") {
      files.approve(document);
      return undefined;
    }
    words = verdict.words;
  }
  return { kind: "stuck", what: document, why: `it was written anew ${REWRITES_MAX} times` };
}

async function write(
  document: Document,
  words: string | undefined,
  files: QuestFiles,
  { work, tell }: QuestWorld,
): Promise<QuestOutcome | undefined> {
  tell({ kind: "writing", document });
  const first = promptFor(document, files);
  const before = files.read(document);
  const prompt = words === undefined || before === undefined ? first : againPrompt(first, before, words);
  const isList = document === "tasks";
  const worked = await work(prompt, { isPlanning: true, ...(isList ? { answerSchema: tasksSchema } : {}) });
  if (!worked.isDone) return { kind: "stuck", what: document, why: worked.why };
  const text = isList ? formatTasks(files.goal, plannedIn(worked.structured)) : `${unfenced(worked.text)}\n`;
  if (isList) parseTasks(text, files.pathOf(document));
  files.write(document, text);
  return undefined;
}

function promptFor(document: Document, files: QuestFiles): string {
  const requirements = files.read("requirements") ?? "";
  switch (document) {
    case "requirements":
      return requirementsPrompt(files.goal);
    case "design":
      return designPrompt(files.goal, requirements);
    case "tasks":
      return tasksPrompt(files.goal, requirements, files.read("design") ?? "");
  }
}

/** Some models put a whole document into a fence. */
function unfenced(text: string): string {
  const [, inner] = /^\s*```(?:markdown|md)?\n([^]*)\n```\s*$/.exec(text) ?? [];
  return (inner ?? text).trim();
}

function plannedIn(structured: Json | undefined): readonly PlannedTask[] {
  const list: unknown = isRecord(structured) ? structured["tasks"] : undefined;
  return Array.isArray(list) ? (list as readonly PlannedTask[]) : [];
}

async function workThrough(files: QuestFiles, world: QuestWorld): Promise<QuestOutcome> {
  const path = files.pathOf("tasks");
  for (;;) {
    // Read anew each time: a person may have changed what comes next.
    const text = files.read("tasks");
    if (text === undefined) throw gone(path);
    const tasks = parseTasks(text, path);
    const index = tasks.findIndex(({ isDone }) => !isDone);
    const task = tasks[index];
    if (task === undefined) return { kind: "done", tasks: tasks.length };
    world.tell({ kind: "task", task, number: index + 1, of: tasks.length });
    const stop = await workOn(task, { files, tasks, world });
    if (stop !== undefined) return stop;
    world.tell({ kind: "task-done", task });
    if (!tickIn(files, task)) {
      return { kind: "stuck", what: task.title, why: `it is no longer in ${path}, or is ticked already` };
    }
  }
}

function tickIn(files: QuestFiles, task: QuestTask): boolean {
  const path = files.pathOf("tasks");
  const now = files.read("tasks") ?? "";
  // Meanwhile lines may have moved.
  const same = parseTasks(now, path).find(({ title, isDone }) => title === task.title && !isDone);
  if (same === undefined) return false;
  files.write("tasks", tickTask(now, same));
  return true;
}

interface Work {
  readonly files: QuestFiles;
  readonly tasks: readonly QuestTask[];
  readonly world: QuestWorld;
}

async function workOn(task: QuestTask, { files, tasks, world }: Work): Promise<QuestOutcome | undefined> {
  const plan = {
    goal: files.goal,
    requirements: files.read("requirements") ?? "",
    design: files.read("design") ?? "",
    tasks,
  };
  let checks = 0;
  let last: CheckOutcome | undefined;
  const after = async (): Promise<string | undefined> => {
    if (task.check === undefined) return undefined;
    last = await world.check(task.check);
    checks += 1;
    world.tell({ kind: "checked", command: task.check, outcome: last });
    return last.passed || checks >= CHECKS_MAX ? undefined : checkFailedPrompt(task.check, last.output);
  };
  const worked = await world.work(taskPrompt(plan, task), { isPlanning: false, after });
  if (!worked.isDone) return { kind: "stuck", what: task.title, why: worked.why };
  if (last?.passed === false) {
    return {
      kind: "stuck",
      what: task.title,
      why: `its check did not pass in ${checks} tries:\n${last.output}`,
    };
  }
  return undefined;
}

function gone(path: string): CloisterError {
  return new CloisterError(`${path} is gone`, {
    code: "bad-tasks",
    next: "put it back, or begin a new quest",
  });
}
