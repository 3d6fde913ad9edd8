/**
 * The table of packed references (git-pack-refs(1)). Only some of them go back with a rewind, so the table is neither put
 * back nor removed whole: a remote's branch or a note that was packed since would be nowhere.
 */

interface Table {
  /** By name, with the line that names what an annotated tag stands for. */
  readonly lines: ReadonlyMap<string, string>;
  /** What the first line claims of all the others. */
  readonly claims: readonly string[];
}

const noTable: Table = { lines: new Map(), claims: ["peeled", "fully-peeled", "sorted"] };
const HEAD = "# pack-refs with:";

/** Undefined for a form that is not known here, and for what was too large to be kept. Latin-1 keeps each byte of a name. */
function read(table: Buffer | undefined): Table | undefined {
  if (table?.length === 0) return noTable;
  const text = table?.toString("latin1") ?? "";
  if (!text.endsWith("\n")) return undefined;
  const lines = new Map<string, string>();
  let claims: readonly string[] = [];
  let last: string | undefined;
  for (const [at, line] of text.slice(0, -1).split("\n").entries()) {
    if (at === 0 && line.startsWith(HEAD)) {
      claims = line.slice(HEAD.length).trim().split(" ");
      continue;
    }
    const [, name = last] = /^[0-9a-f]{40,64} (refs\/.+)$/.exec(line) ?? [];
    const isMore = name === last && /^\^[0-9a-f]{40,64}$/.test(line);
    if (name === undefined || (name === last && !isMore)) return undefined;
    lines.set(name, isMore ? `${lines.get(name)}\n${line}` : line);
    last = name;
  }
  return { lines, claims };
}

type IsState = (name: string) => boolean;

/** `wanted` for what is state, and for all else what is there now. Undefined for a form that is not known. */
export function mergePacked(
  wanted: Buffer | undefined,
  now: Buffer | undefined,
  isState: IsState,
): Buffer | undefined {
  const [before, after] = [read(wanted), read(now)];
  if (before === undefined || after === undefined) return undefined;
  const back = [...before.lines].filter(([name]) => isState(name));
  const others = [...after.lines].filter(([name]) => !isState(name));
  const merged = [...back, ...others].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const claims = noTable.claims.filter(
    (claim) => claim === "sorted" || (before.claims.includes(claim) && after.claims.includes(claim)),
  );
  const head = `${HEAD} ${claims.join(" ")} `;
  return Buffer.from(`${[head, ...merged.map(([, line]) => line)].join("\n")}\n`, "latin1");
}

/** Nothing in it goes back. */
export function isSamePacked(one: Buffer | undefined, other: Buffer | undefined, isState: IsState): boolean {
  const [a, b] = [one, other].map((table) => {
    const lines = read(table)?.lines;
    return lines === undefined
      ? undefined
      : [...lines].filter(([name]) => isState(name)).map(([, line]) => line);
  });
  return a !== undefined && b !== undefined && a.toSorted().join("\n") === b.toSorted().join("\n");
}
