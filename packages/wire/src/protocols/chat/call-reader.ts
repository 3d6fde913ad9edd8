/** From fragments of calls to whole calls, as early as they are known to be whole, and never a half one early. */
import { CloisterError, isRecord, sha256 } from "@cloister/base";
import { CallAssembler, type RawCall } from "../../calls.ts";
import type { CallFragment } from "../../chat.ts";

const CALLS_MAX = 512;
const CALL_CHARS_MAX = 16 * 1024 * 1024;

export class CallReader {
  readonly #assembler: CallAssembler = new CallAssembler();
  /** Ids that the server gave. The others are stand-ins until the call is given out. */
  readonly #idsOfServer: Set<string> = new Set();
  /** The index under which an id first came; another call under the same id has another one. */
  readonly #indexOfId: Map<string, number> = new Map();
  /** Indexes under which a call has begun. */
  readonly #indexes: Set<number> = new Set();
  readonly #given: RawCall[] = [];
  #chars = 0;
  #isStalled = false;

  get count(): number {
    return this.#assembler.count;
  }

  /** @throws CloisterError `calls-too-long` */
  add(fragment: CallFragment): void {
    const before = this.count;
    this.#assembler.add({ ...fragment, id: this.#idOf(fragment) });
    if (this.count > before && fragment.index !== undefined) this.#indexes.add(fragment.index);
    this.#chars += fragment.arguments.length;
    if (this.count > CALLS_MAX || this.#chars > CALL_CHARS_MAX) {
      const message = `the answer has more than ${CALLS_MAX} calls, or longer ones than can be held`;
      throw new CloisterError(message, { code: "calls-too-long" });
    }
  }

  #idOf({ id, index, name }: CallFragment): string | undefined {
    const isBegun = index !== undefined && this.#indexes.has(index);
    if (id === undefined) {
      // A name under a new index begins a call, also when the one before it has no arguments yet.
      const begins = name !== undefined && index !== undefined && !isBegun;
      return begins ? `stand-in ${index}` : undefined;
    }
    const first = this.#indexOfId.get(id);
    if (first !== undefined && index !== undefined && index !== first && (isBegun || name !== undefined)) {
      return `stand-in ${index} beside ${id}`;
    }
    if (first === undefined && index !== undefined) this.#indexOfId.set(id, index);
    // Some versions of vLLM give every fragment an id of its own: without a name, under a known index, it goes on.
    if (!this.#idsOfServer.has(id) && isBegun && name === undefined) return undefined;
    this.#idsOfServer.add(id);
    return id;
  }

  /**
   * The calls that are whole because another one has begun and their arguments parse (T5): servers may still write
   * to an earlier call while a later one is open. The rest waits for the end.
   */
  takeWhole(answerId: string): RawCall[] {
    const taken: RawCall[] = [];
    if (this.#isStalled || this.count <= this.#given.length + 1) return taken;
    const calls = this.#assembler.finish();
    for (const [at, call] of calls.slice(0, -1).entries()) {
      if (at < this.#given.length) continue;
      // Asked once, so that one broken call before many others is not parsed again and again.
      this.#isStalled = call.name === "" || !isJsonObject(call.arguments);
      if (this.#isStalled) break;
      taken.push(this.#give(call, at, answerId));
    }
    return taken;
  }

  /**
   * Everything that was not taken yet.
   * @throws CloisterError `upstream-broken` when a call went on after it was given out as whole
   */
  takeRest(answerId: string): RawCall[] {
    const calls = this.#assembler.finish();
    for (const [at, given] of this.#given.entries()) {
      if (calls[at]?.arguments.trimEnd() !== given.arguments.trimEnd()) {
        throw new CloisterError(`the server went on with the call ${given.name} after it was whole`, {
          code: "upstream-broken",
        });
      }
    }
    return calls.slice(this.#given.length).map((call) => this.#give(call, this.#given.length, answerId));
  }

  /** An id made here is the same whenever the same answer is read (G3), and another one in another turn. */
  #give(call: RawCall, at: number, answerId: string): RawCall {
    const seed = JSON.stringify([answerId, at, call.name, call.arguments]);
    const id = this.#idsOfServer.has(call.id) ? call.id : `call_${sha256(seed).toString("hex").slice(0, 24)}`;
    const given = { ...call, id };
    this.#given.push(given);
    return given;
  }
}

function isJsonObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false; // not whole yet, or never
  }
}
