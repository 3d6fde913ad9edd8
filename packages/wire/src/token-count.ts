/** More than any answer takes: what is above is no count. */
const TOKENS_MAX = 1_000_000_000;

/** What a server counted; undefined for what is no number of tokens, by which a cost would fall or a sum break. */
export function tokenCount(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= TOKENS_MAX ? value : undefined;
}
