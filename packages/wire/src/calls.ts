import type { CallFragment } from "./chat.ts";

export interface RawCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote it; the guard decides whether it is one. */
  readonly arguments: string;
}

/** Joins fragments of calls. Servers reuse an index, leave it out or count from 1: a new id begins a new call. */
export class CallAssembler {
  readonly #calls: { id: string; index: number | undefined; name: string; arguments: string }[] = [];

  get count(): number {
    return this.#calls.length;
  }

  add(fragment: CallFragment): void {
    const last = this.#calls.at(-1);
    const known =
      fragment.id !== undefined
        ? this.#calls.find((call) => call.id === fragment.id)
        : (this.#calls.findLast((call) => fragment.index !== undefined && call.index === fragment.index) ??
          last);
    if (
      known === undefined ||
      (fragment.id === undefined && fragment.name !== undefined && known.arguments !== "")
    ) {
      this.#calls.push({
        id: fragment.id ?? `call_${this.#calls.length + 1}`,
        index: fragment.index,
        name: fragment.name ?? "",
        arguments: fragment.arguments,
      });
      return;
    }
    known.name ||= fragment.name ?? "";
    known.arguments += fragment.arguments;
  }

  finish(): RawCall[] {
    return this.#calls.map(({ id, name, arguments: text }) => ({ id, name, arguments: text }));
  }
}
