/** Reads the fields of untyped values one by one, and notes everything that is wrong with its place, not only the first. */
import { isRecord } from "@cloister/base";
import type { RuleSource } from "./policy.ts";

export interface Problem {
  /** `bans[0].from` */
  readonly path: string;
  readonly line: number | undefined;
  readonly message: string;
}

type Path = readonly (string | number)[];

const LIST_MAX = 10_000;

export class FieldReader {
  readonly #fields: Record<string, unknown>;
  readonly #path: Path;
  readonly #lineOf: (path: Path) => number | undefined;
  readonly #problems: Problem[];

  constructor(value: unknown, path: Path, lineOf: (path: Path) => number | undefined, problems: Problem[]) {
    this.#path = path;
    this.#lineOf = lineOf;
    this.#problems = problems;
    this.#fields = isRecord(value) ? value : {};
    if (!isRecord(value) && value !== undefined) this.#note(path, "must be a mapping of names to values");
  }

  /** Notes each field that is none of these. */
  only(names: readonly string[]): void {
    for (const name of Object.keys(this.#fields)) {
      if (!names.includes(name)) this.wrong(name, `is not known here; there are ${names.join(", ")}`);
    }
  }

  raw(name: string): unknown {
    return this.#fields[name] ?? undefined;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === "string") return value;
    this.wrong(name, "must be text");
    return undefined;
  }

  needed(name: string): string {
    const value = this.text(name);
    return value === undefined || value === "" ? this.missing(name, "") : value;
  }

  number(name: string): number | undefined {
    const value = this.raw(name);
    return typeof value === "number" ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === "boolean") return value;
    this.wrong(name, "must be true or false");
    return undefined;
  }

  oneOf<T extends string>(name: string, known: readonly T[]): T | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const found = known.find((item) => item === value);
    if (found === undefined) this.wrong(name, `must be one of ${known.join(", ")}`);
    return found;
  }

  texts(name: string): string[] {
    const value = this.raw(name);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.length <= LIST_MAX && value.every((item) => typeof item === "string")) {
      return value;
    }
    this.wrong(name, "must be a list of texts");
    return [];
  }

  list(name: string): FieldReader[] {
    const value = this.raw(name);
    if (value === undefined) return [];
    if (!Array.isArray(value) || value.length > LIST_MAX) {
      this.wrong(name, `must be a list of at most ${LIST_MAX}`);
      return [];
    }
    return value.map(
      (item, at) => new FieldReader(item, [...this.#path, name, at], this.#lineOf, this.#problems),
    );
  }

  inner(name: string): FieldReader {
    return new FieldReader(this.raw(name), [...this.#path, name], this.#lineOf, this.#problems);
  }

  /** A day, `2026-07-10`, as the milliseconds of its beginning in UTC. */
  day(name: string): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const text = value instanceof Date ? value.toISOString().slice(0, 10) : value;
    const time =
      typeof text === "string" && /^\d{4}-\d\d-\d\d$/.test(text)
        ? Date.parse(`${text}T00:00:00Z`)
        : Number.NaN;
    // Date.parse takes the 31st of any month.
    const isDay = !Number.isNaN(time) && new Date(time).toISOString().startsWith(text as string);
    if (!isDay) this.wrong(name, "must be a day, such as 2026-07-10");
    return isDay ? time : undefined;
  }

  source(...inner: Path): RuleSource {
    const path = [...this.#path, ...inner];
    return { rule: written(path), line: this.#lineOf(path) };
  }

  wrong(name: string, message: string): void {
    this.#note([...this.#path, name], message);
  }

  /** Notes that a field is needed, and stands in for it so that reading can go on. */
  missing<T>(name: string, stand: T): T {
    if (this.raw(name) === undefined || this.raw(name) === "") this.#note([...this.#path, name], "is needed");
    return stand;
  }

  #note(path: Path, message: string): void {
    this.#problems.push({ path: written(path), line: this.#lineOf(path), message });
  }
}

function written(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}
