/** The instruction files in force, to be opened in the person's own editor. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Desk } from "@cloister/console";
import { openInEditor } from "../external-editor.ts";
import { extensionsOf, say, shortPath, type ScreenWorld } from "./world.ts";

export async function memory(world: ScreenWorld, desk: Desk): Promise<void> {
  const { words, environment } = world;
  const { extensions } = extensionsOf(world);
  const found = extensions.instructions.flatMap(({ origin, files }) =>
    files.map(({ path }) => ({ path, scope: origin.scope, isThere: true })),
  );
  const usual = [
    { path: join(environment.directory, "AGENTS.md"), scope: "project" as const, isThere: false },
    { path: join(environment.home, ".cloister", "AGENTS.md"), scope: "user" as const, isThere: false },
  ].filter(({ path }) => !existsSync(path) && !found.some((file) => file.path === path));
  const files = [...found, ...usual];
  const chosen = await desk.pick({
    title: words.memory.title,
    items: files.map(({ path, scope, isThere }) => ({
      label: shortPath(path, environment),
      note: isThere ? scope : `${scope} · ${words.memory.isNew}`,
    })),
    empty: words.nothingFound,
    hint: words.pickHint,
  });
  const file = chosen === undefined ? undefined : files[chosen];
  if (file === undefined) return;
  await desk.lend(() => openInEditor(file.path, environment));
  say(desk, words.memory.changed);
}
