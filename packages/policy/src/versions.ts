/** Ranges of versions as a ban names them: `>=2.1.0 <3`, comparisons that must all hold. */

const comparison = /^(>=|<=|>|<|=)?v?(\d+(?:\.\d+){0,3})$/;

/** @returns undefined when the text is no range */
export function parseVersionRange(text: string): readonly VersionComparison[] | undefined {
  if (text.trim() === "*") return [];
  const parts = text.trim().split(/[\s,]+/);
  const comparisons = parts.map((part): VersionComparison | undefined => {
    const [, operator = "=", version] = comparison.exec(part) ?? [];
    return version === undefined ? undefined : { operator, version: numbersOf(version) };
  });
  return comparisons.every((item) => item !== undefined) ? comparisons : undefined;
}

export interface VersionComparison {
  readonly operator: string;
  readonly version: readonly number[];
}

/**
 * A client that does not tell its version is taken to be in every range: otherwise leaving it out would be the way
 * around a ban. Suffixes (`-beta.1`) do not count.
 */
export function isInRange(version: string, range: readonly VersionComparison[]): boolean {
  const [, plain] = /^v?(\d+(?:\.\d+)*)/.exec(version) ?? [];
  if (plain === undefined) return true;
  const asked = numbersOf(plain);
  return range.every(({ operator, version: limit }) => {
    const order = compare(asked, limit);
    if (operator === ">=") return order >= 0;
    if (operator === "<=") return order <= 0;
    if (operator === ">") return order > 0;
    return operator === "<" ? order < 0 : order === 0;
  });
}

function numbersOf(version: string): number[] {
  return version.split(".").map(Number);
}

function compare(first: readonly number[], second: readonly number[]): number {
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    const difference = (first[i] ?? 0) - (second[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
