const BYTES_FIRST = 64 * 1024;

/** Bytes that only grow at their end. A view stays as it is while more is appended: nothing is ever written twice. */
export class GrowingBytes {
  #buffer: Buffer = Buffer.alloc(BYTES_FIRST);
  #length = 0;

  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.view());
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = needed;
  }

  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}
