/** One language server of a session: started when it is first needed, told of files as they are now, asked, and heard. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CloisterError, isRecord, messageOf, type Clock, type Json, type JsonObject } from "@cloister/base";
import type { StartServer } from "../mcp/link.ts";
import { readTextFile } from "../tools/text-file.ts";
import { answerServer } from "./answers.ts";
import { clientCapabilities } from "./capabilities.ts";
import { parseDiagnostics, type Diagnostic } from "./diagnostics.ts";
import { toPath, toUri } from "./positions.ts";
import { createLspRpc, type LspRpc } from "./rpc.ts";
import { heard, within } from "./waiting.ts";
import type { LanguageServerWish } from "./wish.ts";

export interface LanguageServer {
  readonly wish: LanguageServerWish;
  /** It was started, and has not ended. */
  readonly isRunning: boolean;
  /** Why it is not there, if it was tried in vain. */
  readonly whyNot: string | undefined;
  /** Starts it where it is not running. False when it is not there in time; it goes on starting. */
  ready(timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** Tells it of these files, and of all open ones that changed on the disk. Only when it is ready. */
  sync(paths: readonly string[]): Promise<void>;
  isOpen(path: string): boolean;
  /** The same, and waits until it has said what it thinks of the file. False when it has not within `msMax`. */
  check(path: string, msMax: number, signal: AbortSignal): Promise<boolean>;
  /** What it said last, of every file. */
  diagnostics(): ReadonlyMap<string, readonly Diagnostic[]>;
  /** @throws CloisterError as `LspRpc.request`; `lsp-ended` when it is not there */
  request(method: string, params: JsonObject, signal: AbortSignal): Promise<Json>;
  /** Resolves when it reads the project no more, or after `msMax`. False when it did not read. */
  settled(msMax: number, signal: AbortSignal): Promise<boolean>;
  close(): void;
}

export interface LspWorld {
  readonly workspace: string;
  readonly clock: Clock;
  readonly startServer: StartServer;
}

const STARTS_MAX = 2;
const START_MS_MAX = 60_000;
const REQUEST_MS_MAX = 30_000;
const OPEN_MAX = 40;
const WORKING_MAX = 100;
const TEXT_CHARS_MAX = 2_000_000;
const PUBLISHED_MAX = 2000;
/** Servers say first what the syntax tells, and a moment later the rest. */
const QUIET_MS = 250;
/** Of open files, asked one by one after an edit. */
const PULLED_MAX = 10;

interface Live {
  readonly rpc: LspRpc;
  readonly pulls: boolean;
}

interface Document {
  readonly version: number;
  readonly text: string;
}

export function createLanguageServer(wish: LanguageServerWish, world: LspWorld): LanguageServer {
  const { workspace, clock } = world;
  const whole = new AbortController();
  const documents = new Map<string, Document>();
  const published = new Map<string, readonly Diagnostic[]>();
  /** How often it spoke of a file. */
  const spoken = new Map<string, number>();
  const working = new Set<string>();
  let news = Promise.withResolvers<void>();
  let live: Live | undefined;
  let starting: Promise<void> | undefined;
  let starts = 0;
  let version = 0;
  let whyNot: string | undefined;

  const wake = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };
  const forget = (why: string): void => {
    live = undefined;
    starting = undefined;
    whyNot = why;
    documents.clear();
    working.clear();
    wake();
  };
  const publish = (path: string, list: unknown): void => {
    if (published.size >= PUBLISHED_MAX && !published.has(path)) return;
    published.set(path, parseDiagnostics(path, list));
    spoken.set(path, (spoken.get(path) ?? 0) + 1);
    wake();
  };
  const hear = (method: string, params: JsonObject): void => {
    if (method === "$/progress") {
      const token = JSON.stringify(params["token"] ?? null);
      const kind = isRecord(params["value"]) ? params["value"]["kind"] : undefined;
      if (kind === "begin" && working.size < WORKING_MAX) working.add(token);
      if (kind === "end") working.delete(token);
      wake();
    } else if (method === "textDocument/publishDiagnostics") {
      const { uri, version: about } = params;
      const path = typeof uri === "string" ? toPath(workspace, uri) : undefined;
      // What it says of an earlier text is no news.
      const isLate = typeof about === "number" && about < (documents.get(path ?? "")?.version ?? 0);
      if (path !== undefined && !isLate) publish(path, params["diagnostics"]);
    }
  };

  const start = async (): Promise<void> => {
    starts += 1;
    const link = await world.startServer(wish.name, whole.signal);
    const rpc = createLspRpc(
      link,
      { request: (method, params) => answerServer(method, params, world, wish), notification: hear },
      clock,
    );
    void rpc.ended.then(forget);
    try {
      const uri = pathToFileURL(workspace).href;
      const hello = await rpc.request(
        "initialize",
        {
          processId: null,
          clientInfo: { name: "cloister" },
          rootUri: uri,
          rootPath: workspace,
          workspaceFolders: [{ uri, name: "workspace" }],
          capabilities: clientCapabilities,
          initializationOptions: wish.settings ?? null,
        },
        { timeoutMs: START_MS_MAX, signal: whole.signal },
      );
      rpc.notify("initialized", {});
      if (wish.settings !== undefined) {
        rpc.notify("workspace/didChangeConfiguration", { settings: wish.settings });
      }
      const capabilities = isRecord(hello) && isRecord(hello["capabilities"]) ? hello["capabilities"] : {};
      live = { rpc, pulls: capabilities["diagnosticProvider"] !== undefined };
      whyNot = undefined;
    } catch (error) {
      rpc.close();
      throw error;
    }
  };
  const begin = (): Promise<void> => {
    if (starting !== undefined) return starting;
    if (starts >= STARTS_MAX || whole.signal.aborted) return Promise.resolve();
    // Why it failed is told to whoever asks for it.
    return (starting = start().catch((error: unknown) => forget(messageOf(error))));
  };

  const close = (path: string): void => {
    if (!documents.delete(path)) return;
    live?.rpc.notify("textDocument/didClose", { textDocument: { uri: toUri(workspace, path) } });
  };
  /** False when it knows it already. */
  const tell = async (path: string): Promise<boolean> => {
    const file = await readTextFile(join(workspace, path));
    const known = documents.get(path);
    if (live === undefined || (file.kind === "text" && known?.text === file.text)) return false;
    // What is longer was written by a program; the server may read it from the disk.
    if (file.kind !== "text" || file.text.length > TEXT_CHARS_MAX) {
      close(path);
      return false;
    }
    documents.delete(path); // to stand last, as the one that was used last
    documents.set(path, { version: ++version, text: file.text });
    const uri = toUri(workspace, path);
    if (known === undefined) {
      const languageId = wish.languages[endingOf(path)] ?? "plaintext";
      live.rpc.notify("textDocument/didOpen", {
        textDocument: { uri, languageId, version, text: file.text },
      });
    } else {
      live.rpc.notify("textDocument/didChange", {
        textDocument: { uri, version },
        contentChanges: [{ text: file.text }],
      });
      live.rpc.notify("textDocument/didSave", { textDocument: { uri } });
    }
    const [oldest] = documents.keys();
    if (documents.size > OPEN_MAX && oldest !== undefined) close(oldest);
    return true;
  };
  /** True when the last of them is news. */
  const sync = async (paths: readonly string[]): Promise<boolean> => {
    let isNews = false;
    for (const path of new Set([...documents.keys()].filter((open) => !paths.includes(open)).concat(paths))) {
      isNews = await tell(path);
    }
    return isNews;
  };
  const pull = async (path: string, signal: AbortSignal): Promise<void> => {
    const asked = documents.get(path)?.version;
    const textDocument = { uri: toUri(workspace, path) };
    const report = await live?.rpc.request(
      "textDocument/diagnostic",
      { textDocument },
      { timeoutMs: REQUEST_MS_MAX, signal },
    );
    const isNow = asked === documents.get(path)?.version;
    if (isNow && isRecord(report) && report["kind"] === "full") publish(path, report["items"]);
  };

  const check = async (path: string, signal: AbortSignal): Promise<void> => {
    const before = spoken.get(path) ?? 0;
    const isNews = await sync([path]);
    if (live?.pulls === true) {
      // What one edit breaks may stand in another file.
      const others = [...documents.keys()].filter((open) => open !== path).slice(-PULLED_MAX);
      await Promise.all([path, ...others].map((each) => pull(each, signal)));
      return;
    }
    if (!isNews && before > 0) return;
    const isSilent = (): boolean => live !== undefined && (spoken.get(path) ?? 0) === before;
    while (isSilent()) await heard(news.promise, signal);
    for (let isQuiet = false; !isQuiet;) {
      const said = news.promise.then(() => false);
      isQuiet = await Promise.race([said, clock.sleep(QUIET_MS, signal).then(() => true)]);
    }
  };

  return {
    wish,
    get isRunning() {
      return starting !== undefined;
    },
    get whyNot() {
      return live === undefined ? whyNot : undefined;
    },
    ready: async (timeoutMs, signal) => {
      await within(begin(), { clock, timeoutMs, signal });
      return live !== undefined;
    },
    sync: async (paths) => void (await sync(paths)),
    isOpen: (path) => documents.has(path),
    check: async (path, timeoutMs, signal) => {
      const late = new AbortController();
      let hasSpoken = false;
      const wait = async (): Promise<void> => {
        try {
          await check(path, AbortSignal.any([signal, late.signal]));
          hasSpoken = live !== undefined;
        } catch {
          // Late, ended or interrupted: what it has said so far is all there is.
        }
      };
      try {
        await within(wait(), { clock, timeoutMs, signal });
        return hasSpoken;
      } finally {
        late.abort(new Error("too late"));
      }
    },
    diagnostics: () => published,
    request: (method, params, signal) => {
      if (live !== undefined) return live.rpc.request(method, params, { timeoutMs: REQUEST_MS_MAX, signal });
      throw new CloisterError(`${wish.title} is not there: ${whyNot ?? "it has not answered yet"}`, {
        code: "lsp-ended",
        next: "go on without it: Grep finds names too",
      });
    },
    settled: async (msMax, signal) => {
      if (working.size === 0) return false;
      const over = clock.now() + msMax;
      while (working.size > 0 && clock.now() < over) {
        await within(news.promise, { clock, timeoutMs: over - clock.now(), signal });
      }
      // Some begin and never say that they are done: that is waited for once.
      working.clear();
      return true;
    },
    close: () => {
      whole.abort(new Error("the session ended"));
      live?.rpc.close();
    },
  };
}

export function endingOf(path: string): string {
  return /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
}
