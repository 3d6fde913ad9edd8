/** What a session remembers of a folder that its cells may write, so that a command need not walk it again. */
import { lstatSync } from "node:fs";
import {
  censusOf,
  compareCensus,
  isQuarantined,
  openFacts,
  quarantine,
  type Census,
  type Finding,
} from "./census.ts";
import { guardsOf } from "./guard.ts";
import type { Guard } from "./guarded-names.ts";
import { hardLinksTo } from "./hide.ts";

export interface Ground {
  /** As of now; the folders below are looked at in turns (`tree.ts`). */
  guards(): Guard[];
  /** Socket files of the host. */
  sockets(): string[];
  /** Other names below of hidden files. */
  hardLinks(hidden: readonly string[]): string[];
  /** As of the last look. */
  census(): Census;
  /** What is new since, each told once; with `aside`, what would run by itself is put aside. */
  sweep(before: Census, options: { readonly aside: boolean; readonly whole?: boolean }): Finding[];
}

/** A command waits for this look; the one after it, which finds what it made, takes in more. */
const LOOKED_AT_BEFORE = 64;
/** Further repositories are found by the census all the same. */
const REPOSITORIES_MAX = 64;

export function openGround(root: string): Ground {
  const facts = openFacts(root);
  const told = new Set<string>();
  let links: { readonly key: string; readonly names: string[] } | undefined;
  const census = (): Census => censusOf(root, facts);
  return {
    guards: () => {
      facts.refresh(LOOKED_AT_BEFORE);
      const repositories = [...facts.inspected()].flatMap((folder) => folder.repositories);
      return guardsOf(root, repositories.slice(0, REPOSITORIES_MAX));
    },
    sockets: () => [...facts.inspected()].flatMap(({ sockets }) => sockets),
    hardLinks: (hidden) => {
      const key = hidden.map(identityOf).join("\0");
      if (links?.key !== key) links = { key, names: hardLinksTo(root, hidden) };
      return links.names;
    },
    census,
    sweep: (before, { aside, whole }) => {
      if (whole === true) facts.refreshAll();
      else facts.refresh();
      // What is put aside is put aside each time; what is only told is told once.
      const found = compareCensus(before, census()).filter(
        ({ kind, path }) => (aside && isQuarantined(kind)) || !told.has(`${kind}:${path}`),
      );
      for (const { kind, path } of found) told.add(`${kind}:${path}`);
      return found.map((finding) => (aside ? quarantine(finding, before) : finding));
    },
  };
}

/** Another link to the file changes it too. */
function identityOf(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return `${path}:${stats?.dev}:${stats?.ino}:${stats?.nlink}`;
}
