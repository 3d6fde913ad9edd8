/** The models of several servers, as they come: each is asked by itself, a few at a time, and one that is silent says so. */
import type { Endpoint } from "@cloister/airlock";
import type { ServerDescription } from "@cloister/backend";

export type Model = ServerDescription["models"][number];

export type ModelRow =
  | { readonly kind: "model"; readonly model: Model; readonly endpoint: Endpoint; readonly isNow: boolean }
  /** A server that has not answered, or will not. */
  | { readonly kind: "asking" | "silent"; readonly name: string; readonly why?: string };

/** One or several servers that are asked together. Rejects when they cannot be asked. */
export interface ModelSource {
  readonly name: string;
  /** Nobody asked for it: it has no row of its own until it has something to show. */
  readonly isQuiet?: boolean;
  ask(signal: AbortSignal): Promise<readonly Extract<ModelRow, { kind: "model" }>[]>;
}

export interface ModelList {
  /** A row keeps its place for good; what comes later comes last. */
  readonly rows: readonly ModelRow[];
  /** All have answered, or will not. Never rejects. */
  readonly complete: Promise<void>;
}

const AT_ONCE_MAX = 4;
const MODELS_MAX = 500;

export interface ModelListOptions {
  /** Known without asking anybody. */
  readonly first: Extract<ModelRow, { kind: "model" }>;
  readonly sources: readonly ModelSource[];
  readonly signal: AbortSignal;
  readonly changed: () => void;
  readonly messageOf: (error: unknown) => string;
}

export function listModels({ first, sources, signal, changed, messageOf }: ModelListOptions): ModelList {
  const rows: ModelRow[] = [first];
  const waiting = sources.map((source) => {
    const at = source.isQuiet === true ? undefined : rows.push({ kind: "asking", name: source.name }) - 1;
    return { source, at };
  });
  const put = (at: number | undefined, found: readonly ModelRow[], name: string): void => {
    // The model in use is told of by its server with more than was known.
    const now = found.find((row) => row.kind === "model" && row.isNow);
    if (now !== undefined) rows[0] = now;
    const others = found.filter((row) => row !== now);
    if (at !== undefined) rows[at] = others[0] ?? { kind: "silent", name, why: "" };
    const rest = at === undefined ? others : others.slice(1);
    rows.push(...rest.slice(0, Math.max(0, MODELS_MAX - rows.length)));
  };
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { source, at } = next;
      const { name } = source;
      try {
        put(at, await source.ask(signal), name);
      } catch (error) {
        put(at, [{ kind: "silent", name, why: messageOf(error) }], name);
      }
      changed();
    }
  };
  const all = async (): Promise<void> => {
    await Promise.all(Array.from({ length: AT_ONCE_MAX }, work));
  };
  return { rows, complete: all() };
}
