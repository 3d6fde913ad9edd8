import { createFuzzySearch, type FuzzySearch } from "./fuzzy.ts";

/** Between two portions a key is answered. */
const PORTION = 5000;

/** The files that `@` finds. They are listed once, when the first one is looked for; until then there is no search. */
export function createFileFinder(
  list: (() => Promise<readonly string[]>) | undefined,
  on: { readonly ready: () => void; readonly trouble: (error: unknown) => void },
): () => FuzzySearch | undefined {
  let search: FuzzySearch | undefined;
  let isAsked = false;
  return () => {
    if (isAsked || list === undefined) return search;
    isAsked = true;
    const found = async (names: readonly string[]): Promise<void> => {
      const made = createFuzzySearch(names);
      while (made.prepare(PORTION)) await new Promise((resolve) => void setImmediate(resolve));
      search = made;
      on.ready();
    };
    list().then(found).catch(on.trouble);
    return search;
  };
}
