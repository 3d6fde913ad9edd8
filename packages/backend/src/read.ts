// Bounded reading of answers that this package itself looks at.

import { CloisterError } from "@cloister/base";
import type { Answer } from "./exchange.ts";

/** Reads the beginning of an answer, up to about `bytesMax`, and gives back an answer whose body is still whole. */
export async function peek(answer: Answer, bytesMax: number): Promise<{ text: string; whole: Answer }> {
  const rest = answer.body[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  for (let bytes = 0; bytes < bytesMax;) {
    const step = await rest.next();
    if (step.done === true) break;
    seen.push(step.value);
    bytes += step.value.length;
  }
  const text = Buffer.concat(seen).toString();
  return { text, whole: { ...answer, body: chain(seen, rest) } };
}

/**
 * The whole answer as JSON, or undefined when it is something else.
 * @throws CloisterError `answer-too-large`; what the body throws.
 */
export async function readJson(answer: Answer, bytesMax: number): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body) {
    parts.push(part);
    bytes += part.length;
    if (bytes > bytesMax) {
      throw new CloisterError(`the server's description of itself exceeds ${bytesMax} bytes`, {
        code: "answer-too-large",
        next: "check that the endpoint's URL is that of a model server",
      });
    }
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    // Not being JSON is an answer too: that of a server of another kind.
    return undefined;
  }
}

async function* chain(
  seen: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* seen;
    for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
  } finally {
    // Leaving this loop early must leave the one below, too: that is what frees the connection.
    await rest.return?.();
  }
}
