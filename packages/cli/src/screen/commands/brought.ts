/** What an organisation, the person and the project brought with them. */
import type { HookHandler } from "@cloister/agent/extensions";
import type { Desk, Line } from "@cloister/console";
import { line, span } from "@cloister/console";
import { extensionsOf, present, say, shortPath, type ScreenWorld } from "./world.ts";

export function hooks(world: ScreenWorld, desk: Desk): void {
  const { words } = world;
  const lines = extensionsOf(world).chosen.hooks.flatMap(({ event, matcher, handler, origin }): Line[] => {
    const what = whatOf(handler);
    const when = matcher.kind === "all" ? "" : ` ${matcher.written}`;
    return [row(`${event}${when}`, what, `${origin.scope}  ${shortPath(origin.path, world.environment)}`)];
  });
  list(desk, words.hooks, lines);
}

function whatOf(handler: HookHandler): string {
  switch (handler.kind) {
    case "command":
      return [handler.command, ...(handler.args ?? [])].join(" ");
    case "http":
      return handler.url;
    case "prompt":
    case "agent":
      return handler.prompt;
    case "mcp_tool":
      return `${handler.server} ${handler.tool}`;
    case "unsupported":
      return handler.type;
  }
}

export function agents(world: ScreenWorld, desk: Desk): void {
  const { chosen } = extensionsOf(world);
  const lines = chosen.agents.map(({ name, description, tools, origin }) =>
    row(
      name,
      firstLine(description),
      `${tools?.join(", ") ?? "*"}  ${shortPath(origin.path, world.environment)}`,
    ),
  );
  list(desk, world.words.agents, lines);
}

export function skills(world: ScreenWorld, desk: Desk): void {
  const { chosen } = extensionsOf(world);
  const lines = chosen.skills.map(({ name, description, kind, isForPerson, origin }) =>
    row(
      `${isForPerson ? "/" : ""}${name}`,
      firstLine(description),
      `${kind}  ${shortPath(origin.path, world.environment)}`,
    ),
  );
  list(desk, world.words.skills, lines);
}

function list(
  desk: Desk,
  { title, none }: { readonly title: string; readonly none: string },
  lines: readonly Line[],
): void {
  if (lines.length === 0) say(desk, none);
  else present(desk, title, lines);
}

function row(name: string, text: string, note: string): Line {
  return line(span(`  ${name}`, "accent"), `  ${text}`, span(`  ${note}`, "dim"));
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}
