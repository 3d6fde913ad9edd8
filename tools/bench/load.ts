// Asks a door again and again, and notes when the first and the last token came.
import { Agent, request, type IncomingMessage } from "node:http";
import { CloisterError } from "@cloister/base";
import { createRequests, tokenAt, type Body, type Shape } from "./requests.ts";

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Load {
  readonly shape: Shape;
  readonly body: Body;
  readonly requests: number;
  /** Clients that ask at the same time, each with a conversation of its own. */
  readonly clients: number;
  readonly tokens: number;
  readonly seed: number;
}

export interface Timing {
  readonly firstTokenMs: number;
  readonly wholeMs: number;
}

/** @throws CloisterError `bench-run-failed` when an answer is not whole */
export async function ask(target: Target, load: Load): Promise<Timing[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.clients });
  const each = Math.ceil(load.requests / load.clients);
  const client = async (number: number): Promise<Timing[]> => {
    const requests = createRequests(load.shape, load.body, load.seed * 1000 + number);
    const timings: Timing[] = [];
    // The first one opens the connection and the conversation, and is not counted.
    for (let sent = 0; sent <= each; sent++) {
      const timing = await exchange(agent, target, load, Buffer.from(requests.next()));
      if (sent > 0) timings.push(timing);
    }
    return timings;
  };
  try {
    return (await Promise.all(Array.from({ length: load.clients }, (_, number) => client(number)))).flat();
  } finally {
    agent.destroy();
  }
}

const paths: Readonly<Record<Shape, string>> = { chat: "/chat/completions", messages: "/messages" };

async function exchange(agent: Agent, target: Target, load: Load, body: Buffer): Promise<Timing> {
  const startedAt = performance.now();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": body.length,
      "user-agent": "cloister-bench/1",
      ...target.headers,
    };
    request(target.url + paths[load.shape], { agent, method: "POST", headers }, resolve)
      .on("error", reject)
      .end(body);
  });
  const first = tokenAt(0);
  const last = tokenAt(load.tokens - 1);
  let text = "";
  let firstTokenMs = Number.NaN;
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (Number.isNaN(firstTokenMs) && text.includes(first)) firstTokenMs = performance.now() - startedAt;
  }
  if (response.statusCode !== 200 || Number.isNaN(firstTokenMs) || !text.includes(last)) {
    throw new CloisterError(`${target.url} answered ${response.statusCode}: ${text.slice(0, 500)}`, {
      code: "bench-run-failed",
      next: "figures of answers that are not whole mean nothing; mend that first",
    });
  }
  return { firstTokenMs, wholeMs: performance.now() - startedAt };
}
