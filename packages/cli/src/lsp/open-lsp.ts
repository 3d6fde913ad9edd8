/** Registers the language servers of this machine with a session's keeper: each in a cell that reads the workspace and writes nothing of it. */
import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LanguageServerWish } from "@cloister/agent";
import type { ServerDefinition } from "@cloister/airlock";
import type { CellView } from "@cloister/cell";
import { findLanguageServers, type FoundServer } from "./find-servers.ts";

export interface LspWorld {
  /** What commands see. */
  readonly view: CellView;
  readonly environment: Readonly<Record<string, string>>;
  /** Where commands find programs. */
  readonly path: readonly string[];
  /** A private folder of the session's. */
  readonly scratch: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** What the project brings in its own node_modules is part of the repository, and waits for a person's trust. */
  readonly isTrusted: boolean;
}

export interface OpenedLsp {
  readonly servers: ReadonlyMap<string, ServerDefinition>;
  /** For the agent. */
  readonly wishes: readonly LanguageServerWish[];
}

/** Nothing is started: that waits until a file of the language is changed, or asked about. */
export function openLsp(world: LspWorld): OpenedLsp {
  const { view, path, isTrusted } = world;
  const inside = `${view.workspace}/`;
  const folders = [
    ...(isTrusted ? [join(view.workspace, "node_modules", ".bin")] : []),
    ...path.filter((folder) => isTrusted || !`${folder}/`.startsWith(inside)),
  ];
  const found = findLanguageServers(folders);
  return {
    servers: new Map(found.map((server) => [nameOf(server), define(server, world)])),
    wishes: found.map(toWish),
  };
}

function toWish(server: FoundServer): LanguageServerWish {
  const { title, languages, settings } = server;
  return { name: nameOf(server), title, languages, ...(settings === undefined ? {} : { settings }) };
}

function nameOf({ program }: FoundServer): string {
  return `lsp:${program}`;
}

function define(
  { file, args, program }: FoundServer,
  { view, environment, scratch, user }: LspWorld,
): ServerDefinition {
  const own = join(scratch, `lsp-${program}`);
  mkdirSync(own, { mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(own, user.uid, user.gid);
  return {
    argv: [file, ...args],
    environment: {
      ...environment,
      // Their caches may not go into the home, nor into the project.
      XDG_CACHE_HOME: join(own, "cache"),
      GOCACHE: join(own, "go-build"),
      CARGO_TARGET_DIR: join(own, "target"),
    },
    directory: view.workspace,
    // The workspace is shown for reading; what the cell takes for its workspace is a folder of its own.
    view: { ...view, writable: [], workspace: own, readable: [...view.readable, view.workspace] },
  };
}
