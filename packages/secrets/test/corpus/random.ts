/** Values without meaning, the same for the same seed. */
export interface Random {
  /** A whole number from 0 up to, not including, `below`. */
  number(below: number): number;
  pick<T>(list: readonly T[]): T;
  from(alphabet: string, chars: number): string;
  base62(chars: number): string;
  hex(chars: number): string;
  digits(chars: number): string;
  uuid(): string;
  base64(bytes: number): string;
  /** A password as people choose them. */
  password(): string;
  words(count: number): string;
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const BASE62 = LOWER + LOWER.toUpperCase() + DIGITS;

const NAMES =
  "Orchid Falcon Harbour Winter Granite Lotus Saffron Meadow Tundra Comet Juniper Velvet Magnet Panda Bamboo Dragon Silver Copper".split(
    " ",
  );
const PROSE =
  "the service reads its settings once at start and keeps them until it ends every request carries an identifier so that logs can be joined when a node is lost its work is handed to others after a short time".split(
    " ",
  );

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const number = (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
  const pick = <T>(list: readonly T[]): T => {
    const item = list[number(list.length)];
    if (item === undefined) throw new Error("an empty list has nothing to pick");
    return item;
  };
  const from = (alphabet: string, chars: number): string =>
    Array.from({ length: chars }, () => alphabet.charAt(number(alphabet.length))).join("");
  const hex = (chars: number): string => from("0123456789abcdef", chars);
  return {
    number,
    pick,
    from,
    base62: (chars) => from(BASE62, chars),
    hex,
    digits: (chars) => from(DIGITS, chars),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${pick(["8", "9", "a", "b"])}${hex(3)}-${hex(12)}`,
    base64: (bytes) => Buffer.from(Array.from({ length: bytes }, () => number(256))).toString("base64"),
    password() {
      const name = pick(NAMES);
      return pick([
        () => `${name}${pick(["!", "@", "#", "_", "$"])}${1900 + number(150)}`,
        () => `${name.slice(0, 1)}${number(10)}${name.slice(2).toLowerCase()}-${pick(NAMES)}${number(100)}`,
        () => `${from(BASE62, 7)}${pick(["!", "%", "^", "*", "&"])}${from(BASE62, 5)}`,
        () => `${name.toLowerCase()}${pick(NAMES).toLowerCase()}${100 + number(900)}`,
        () => from(BASE62, 16),
        () =>
          `${pick(["zhang", "liwei", "Wang", "Prod", "Root"])}@${pick(["2024", "1qaz", "Db01", "8848"])}${pick(["!", "#", "x9"])}`,
      ])();
    },
    words: (count) => Array.from({ length: count }, () => pick(PROSE)).join(" "),
  };
}
