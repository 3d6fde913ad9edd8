/** The language servers of a session, and what they say about what the model does. */
import type { StartServer } from "../mcp/link.ts";
import { formatDiagnostics, newOnes, type Diagnostic } from "./diagnostics.ts";
import { createLanguageServer, endingOf, type LanguageServer, type LspWorld } from "./server.ts";
import type { LanguageServerWish } from "./wish.ts";

export interface Languages {
  /** The server for this file, whether it runs or not. */
  serverFor(path: string): LanguageServer | undefined;
  /** What is new after a file was changed, for the model. Starts the server, and waits for it a moment only. */
  afterChange(path: string, signal: AbortSignal): Promise<Problems | undefined>;
  /** The model was shown this file: what is wrong in it now will not be news. */
  saw(path: string): void;
  /** For a model that asks in vain. */
  readonly titles: readonly string[];
  close(): void;
}

export interface Problems {
  readonly text: string;
  readonly about: readonly Diagnostic[];
}

/** How long the result of an edit may be kept back. */
export const DIAGNOSTICS_WAIT_MS: number = 1500;
const SHORT_WAIT_MS = 150;
const DIAGNOSTICS_SHOWN_MAX = 10;
const SERVERS_MAX = 8;
/** Nobody waits for it. */
const LOOK_MS_MAX = 30_000;

export interface LanguagesWorld extends Omit<LspWorld, "startServer"> {
  /** Without it there are none, whatever is wished for. */
  readonly startServer?: StartServer;
  readonly hidden?: (path: string) => object | undefined;
}

export function openLanguages(wishes: readonly LanguageServerWish[], world: LanguagesWorld): Languages {
  const { startServer, clock } = world;
  const chosen = startServer === undefined ? [] : wishes.slice(0, SERVERS_MAX);
  const servers: LanguageServer[] = chosen.map((wish) =>
    createLanguageServer(wish, { ...world, startServer: startServer as StartServer }),
  );
  /** What the model was told of a file, or could see in it itself. */
  const told = new Map<string, readonly Diagnostic[]>();
  const changed = new Set<string>();
  /** Whoever keeps silent is not waited for as long the next time. */
  const patience = new Map<LanguageServer, number>();
  const serverFor = (path: string): LanguageServer | undefined =>
    servers.find(({ wish }) => Object.hasOwn(wish.languages, endingOf(path)));

  const newsOf = (server: LanguageServer, edited: string): Diagnostic[] => {
    const found: Diagnostic[] = [];
    const all = server.diagnostics();
    // Of the file that was edited first, for only so many are shown.
    for (const path of new Set([edited, ...all.keys()])) {
      const now = all.get(path) ?? [];
      if (world.hidden?.(path) !== undefined) continue;
      const before = told.get(path);
      told.set(path, now);
      // Of a file that was never looked at, nobody knows which of its warnings are old.
      if (before !== undefined) found.push(...newOnes(now, before));
      else if (path === edited) found.push(...now.filter(({ severity }) => severity === "error"));
    }
    return found;
  };

  return {
    serverFor,
    titles: servers.map(({ wish }) => wish.title),
    afterChange: async (path, signal) => {
      const server = serverFor(path);
      if (server === undefined) return undefined;
      changed.add(path);
      const wait = patience.get(server) ?? DIAGNOSTICS_WAIT_MS;
      const over = clock.now() + wait;
      const isReady = await server.ready(wait, signal);
      const hasSpoken = isReady && (await server.check(path, Math.max(over - clock.now(), 0), signal));
      patience.set(server, hasSpoken ? DIAGNOSTICS_WAIT_MS : Math.max(wait / 2, SHORT_WAIT_MS));
      if (!isReady) return undefined;
      const news = newsOf(server, path);
      if (news.length === 0) return undefined;
      const rows = formatDiagnostics(news, DIAGNOSTICS_SHOWN_MAX);
      return { text: [`New problems, says ${server.wish.title}:`, ...rows].join("\n"), about: news };
    },
    saw: (path) => {
      const server = serverFor(path);
      // Reading starts no server.
      if (server === undefined || !server.isRunning || server.isOpen(path)) return;
      const look = async (): Promise<void> => {
        const never = new AbortController().signal;
        if (!(await server.ready(LOOK_MS_MAX, never))) return;
        await server.check(path, LOOK_MS_MAX, never);
        const now = server.diagnostics().get(path);
        // What was changed meanwhile is not as it was shown.
        if (now !== undefined && !changed.has(path)) told.set(path, now);
      };
      look().catch(() => {
        /* an aid only: without it an edit tells a little more */
      });
    },
    close: () => {
      for (const server of servers) server.close();
    },
  };
}
