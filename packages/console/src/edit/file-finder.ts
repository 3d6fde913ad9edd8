import { createFuzzySearch, type FuzzySearch } from "./fuzzy.ts";

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
    const found = (names: readonly string[]): void => {
      search = createFuzzySearch(names);
      on.ready();
    };
    list().then(found, on.trouble);
    return search;
  };
}
