import { createFuzzySearch, type FuzzySearch } from "./fuzzy.ts";

/** Lists names, some at a time. */
export type ListFiles = (take: (names: readonly string[]) => void) => Promise<void>;

/** The files that `@` finds. They are listed once, when the first one is looked for; until then there is no search. */
export function createFileFinder(
  list: ListFiles | undefined,
  on: { readonly ready: () => void; readonly trouble: (error: unknown) => void },
): () => FuzzySearch | undefined {
  let search: FuzzySearch | undefined;
  let isAsked = false;
  return () => {
    if (isAsked || list === undefined) return search;
    isAsked = true;
    // Packed as they come: between two folders a key is answered.
    const made = createFuzzySearch();
    const found = (): void => {
      search = made;
      on.ready();
    };
    list((names) => made.add(names)).then(found, on.trouble);
    return search;
  };
}
