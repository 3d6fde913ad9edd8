/** Reads an object of a request field by field, and knows which fields nobody asked for: those are the losses. */
import { CloisterError, isRecord, type Json, type JsonObject } from "@cloister/base";
import type { Loss } from "../../turn.ts";

const LOSSES_MAX = 1000;

/** What a translation could not carry. A hostile body cannot make the list longer than `LOSSES_MAX`. */
export class Losses {
  readonly #list: Loss[] = [];

  get list(): readonly Loss[] {
    return this.#list;
  }

  add(loss: Loss): void {
    if (this.#list.length < LOSSES_MAX - 1) this.#list.push(loss);
    // What is left out may have been semantic, so the last line says so.
    else if (this.#list.length < LOSSES_MAX) {
      this.#list.push({ path: loss.path, reason: "this and more after it", severity: "semantic" });
    }
  }
}

/** null is read as "not given" everywhere: clients write out their optional fields. */
export class Fields {
  readonly path: string;
  readonly #object: JsonObject;
  readonly #read: Set<string> = new Set();

  /** @throws CloisterError `bad-request` when it is no object */
  constructor(value: Json | undefined, path: string) {
    if (!isRecord(value)) throw badRequest(path, "must be an object");
    this.#object = value;
    this.path = path;
  }

  value(name: string): Json | undefined {
    this.#read.add(name);
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined;
  }

  number(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "number") return value;
    throw badRequest(this.at(name), "must be a number");
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw badRequest(this.at(name), "must be true or false");
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "string") return value;
    throw badRequest(this.at(name), "must be a string");
  }

  textNeeded(name: string): string {
    const value = this.text(name);
    if (value !== undefined && value !== "") return value;
    throw badRequest(this.at(name), "must be a string that is not empty");
  }

  list(name: string): readonly Json[] | undefined {
    const value = this.value(name);
    if (value === undefined || Array.isArray(value)) return value as readonly Json[] | undefined;
    throw badRequest(this.at(name), "must be a list");
  }

  record(name: string): JsonObject | undefined {
    const value = this.value(name);
    if (value === undefined || isRecord(value)) return value;
    throw badRequest(this.at(name), "must be an object");
  }

  fields(name: string): Fields | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : new Fields(value, this.at(name));
  }

  at(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  /** Puts every field that was not read on the list. */
  lose(losses: Losses, severityOf: (name: string) => Loss["severity"]): void {
    for (const [name, value] of Object.entries(this.#object)) {
      if (this.#read.has(name) || value === null) continue;
      losses.add({ path: this.at(name), reason: "not carried", severity: severityOf(name) });
    }
  }
}

export function badRequest(path: string, what: string): CloisterError {
  return new CloisterError(`${path} ${what}`, { code: "bad-request" });
}
