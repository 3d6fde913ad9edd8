/** Memory for the bodies of all requests at a door together: each may be long, and there may be many at once. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { CloisterError } from "@cloister/base";

const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** A window of a million tokens is some 5 MB; this is for dozens of those at the same time. */
const BODIES_BYTES_MAX = 256 * 1024 * 1024;

/** Of one door. */
export interface BodyBudget {
  /**
   * The whole body. It counts until the `response` is closed, for it is held while the model is at work. What is refused
   * is still taken off the wire, byte by byte and kept nowhere, so that the client hears why.
   * @throws CloisterError `request-too-long`, `bodies-full`
   */
  read(request: IncomingMessage, response: ServerResponse, bytesMax?: number): Promise<Buffer>;
}

export function createBodyBudget(bodiesBytesMax: number = BODIES_BYTES_MAX): BodyBudget {
  let held = 0;

  const gather = async (
    request: IncomingMessage,
    response: ServerResponse,
    bytesMax: number,
  ): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isGone = response.closed;
    response.once("close", () => {
      isGone = true;
      held -= bytes;
    });
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (bytes + chunk.length > bytesMax) {
        throw new CloisterError(`the request is longer than ${bytesMax} bytes`, {
          code: "request-too-long",
        });
      }
      if (held + chunk.length > bodiesBytesMax) {
        throw new CloisterError("the requests at work hold all the memory there is for them", {
          code: "bodies-full",
          next: "ask again when others are done, or ask for less at once",
        });
      }
      if (isGone) break;
      chunks.push(chunk);
      bytes += chunk.length;
      held += chunk.length;
    }
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  };

  return {
    read: async (request, response, bytesMax = BODY_BYTES_MAX) => {
      try {
        return await gather(request, response, bytesMax);
      } catch (error) {
        // The rest goes nowhere; a connection that is cut instead would swallow the answer.
        request.resume();
        throw error;
      }
    },
  };
}
