/** The screen's commands by name. What each does is loaded when it is first called for. */
import type { Desk, SlashCommand } from "@cloister/console";
import type { ScreenCommandName } from "../words/type.ts";
import type { ScreenWorld } from "./world.ts";

type Deed = (world: ScreenWorld, desk: Desk, rest: string) => void | Promise<void>;

const deeds: Readonly<Record<ScreenCommandName, () => Promise<Deed>>> = {
  resume: async () => (await import("./resume.ts")).resume,
  rewind: async () => (await import("./rewind.ts")).rewind,
  clear: async () => (await import("./resume.ts")).clear,
  rename: async () => (await import("./saved.ts")).rename,
  export: async () => (await import("./saved.ts")).exportHere,
  model: async () => (await import("./model.ts")).model,
  context: async () => (await import("./context.ts")).context,
  cost: async () => (await import("./cost.ts")).cost,
  exposure: async () => (await import("./why.ts")).exposure,
  why: async () => (await import("./why.ts")).why,
  permissions: async () => (await import("./why.ts")).permissions,
  diff: async () => (await import("./diff.ts")).diff,
  review: async () => (await import("./prompts.ts")).review,
  init: async () => (await import("./prompts.ts")).init,
  memory: async () => (await import("./memory.ts")).memory,
  mcp: async () => (await import("./mcp.ts")).mcp,
  hooks: async () => (await import("./brought.ts")).hooks,
  agents: async () => (await import("./brought.ts")).agents,
  skills: async () => (await import("./brought.ts")).skills,
  tasks: async () => (await import("./tasks.ts")).tasks,
  todos: async () => (await import("./tasks.ts")).todos,
  trust: async () => (await import("./trust.ts")).trustHere,
  doctor: async () => (await import("./why.ts")).doctor,
  theme: async () => (await import("./choices.ts")).theme,
  language: async () => (await import("./choices.ts")).language,
};

/** What needs no session. */
const atOnce: ReadonlySet<string> = new Set<ScreenCommandName>(["theme", "language"]);

export function screenCommands(world: ScreenWorld): readonly SlashCommand[] {
  return Object.entries(deeds).map(([name, load]) => ({
    name,
    description: world.words.commands[name as ScreenCommandName],
    run: async (rest, desk) => {
      const [deed] = await Promise.all([load(), atOnce.has(name) ? undefined : world.ready()]);
      await deed(world, desk, rest.trim());
    },
  }));
}

/** What files define is called as the model's own would be: the agent knows them by their names. */
export function broughtCommands(
  skills: readonly { readonly name: string; readonly description: string; readonly isForPerson: boolean }[],
  taken: ReadonlySet<string>,
): readonly SlashCommand[] {
  return skills
    .filter(({ name, isForPerson }) => isForPerson && !taken.has(name))
    .map(({ name, description }) => ({
      name,
      description: description.split("\n", 1)[0] ?? "",
      run: (rest, desk) => desk.send(rest.trim() === "" ? `/${name}` : `/${name} ${rest}`),
    }));
}
