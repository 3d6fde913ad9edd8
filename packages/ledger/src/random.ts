import { randomFillSync } from "node:crypto";

const POOL_BYTES = 4096;
let pool: Buffer = Buffer.alloc(0);

/** Random bytes, each given out once. From a pool: asking for each salt singly costs more than encrypting under it. */
export function takeRandom(bytes: number): Buffer {
  if (pool.length < bytes) pool = randomFillSync(Buffer.allocUnsafeSlow(Math.max(POOL_BYTES, bytes)));
  const taken = Buffer.from(pool.subarray(0, bytes));
  // Not left behind where a later reader of this memory would find a key twice.
  pool.fill(0, 0, bytes);
  pool = pool.subarray(bytes);
  return taken;
}
