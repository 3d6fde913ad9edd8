import type { CallFragment } from "./chat.ts";

export interface RawCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote it; the guard decides whether it is one. */
  readonly arguments: string;
}

interface OpenCall {
  readonly id: string;
  readonly index: number | undefined;
  name: string;
  arguments: string;
  readonly bounds: ObjectBounds;
  /** The last fragment, as long as each one repeats the one before it from its beginning. */
  repeated: string | undefined;
}

/** Joins fragments of calls. Servers reuse an index, leave it out or count from 1: a new id begins a new call. */
export class CallAssembler {
  readonly #calls: OpenCall[] = [];

  get count(): number {
    return this.#calls.length;
  }

  add(fragment: CallFragment): void {
    const known = this.#find(fragment);
    if (known === undefined || beginsAnother(fragment, known)) {
      const bounds = new ObjectBounds();
      bounds.read(fragment.arguments);
      this.#calls.push({
        id: fragment.id ?? `call_${this.#calls.length + 1}`,
        index: fragment.index,
        name: fragment.name ?? "",
        arguments: fragment.arguments,
        bounds,
        repeated: fragment.arguments,
      });
      return;
    }
    known.name ||= fragment.name ?? "";
    if (fragment.arguments === "") return;
    known.arguments += fragment.arguments;
    known.bounds.read(fragment.arguments);
    const isRepeated = known.repeated !== undefined && fragment.arguments.startsWith(known.repeated);
    known.repeated = isRepeated ? fragment.arguments : undefined;
  }

  finish(): RawCall[] {
    return this.#calls.map(({ id, name, arguments: text, repeated }) => {
      // Some servers send all there is with every fragment: then the last one is the whole.
      const isGrowing = repeated !== undefined && repeated !== text && !isJson(text) && isJson(repeated);
      return { id, name, arguments: isGrowing ? repeated : text };
    });
  }

  #find({ id, index }: CallFragment): OpenCall | undefined {
    if (id !== undefined) return this.#calls.find((call) => call.id === id);
    const same = index === undefined ? undefined : this.#calls.findLast((call) => call.index === index);
    return same ?? this.#calls.at(-1);
  }
}

/** Without an id, a name says that a new call begins; but some servers repeat the name with every fragment. */
function beginsAnother({ id, name }: CallFragment, known: OpenCall): boolean {
  if (id !== undefined || name === undefined || known.name === "") return false;
  return known.arguments !== "" && (name !== known.name || known.bounds.isWhole);
}

/** Follows the braces of a JSON object as it comes in, so that its end is known without parsing it again and again. */
class ObjectBounds {
  #depth = 0;
  #hasBegun = false;
  #isInString = false;
  #isEscaped = false;

  get isWhole(): boolean {
    return this.#hasBegun && this.#depth <= 0;
  }

  read(text: string): void {
    for (const [mark] of text.matchAll(/["\\{}[\]]|[^"\\{}[\]]+/g)) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (mark === "\\") this.#isEscaped = this.#isInString;
      else if (mark === '"') this.#isInString = !this.#isInString;
      else if (!this.#isInString && (mark === "{" || mark === "[")) {
        this.#depth += 1;
        this.#hasBegun = true;
      } else if (!this.#isInString && (mark === "}" || mark === "]")) this.#depth -= 1;
    }
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // the question is whether it is whole
  }
}
