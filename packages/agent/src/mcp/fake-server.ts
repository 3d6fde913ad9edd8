/** For tests: a server in memory, with its words as a script. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { McpLink } from "./link.ts";

export interface FakeServer {
  readonly link: McpLink;
  /** What it was told, in order. */
  readonly heard: JsonObject[];
  say(message: JsonObject): void;
  /** Raw bytes, for what is no message. */
  print(text: string, stream?: "out" | "err"): void;
  die(exitCode: number): void;
  readonly isKilled: boolean;
}

/** `answer` gives the result of a request; undefined: it stays silent. */
export function createFakeServer(
  answer: (method: string, params: JsonObject) => JsonObject | undefined,
): FakeServer {
  const heard: JsonObject[] = [];
  const queue: { stream: "out" | "err"; bytes: Uint8Array }[] = [];
  const over = Promise.withResolvers<{ exitCode: number }>();
  let isOver = false;
  let isKilled = false;
  let wake = Promise.withResolvers<void>();
  const print = (text: string, stream: "out" | "err" = "out"): void => {
    queue.push({ stream, bytes: Buffer.from(text) });
    wake.resolve();
  };
  const say = (message: JsonObject): void => print(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const die = (exitCode: number): void => {
    isOver = true;
    over.resolve({ exitCode });
    wake.resolve();
  };
  async function* output(): AsyncGenerator<{ stream: "out" | "err"; bytes: Uint8Array }> {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (isOver) return;
      else {
        await wake.promise;
        wake = Promise.withResolvers();
      }
    }
  }
  return {
    heard,
    say,
    print,
    die,
    get isKilled() {
      return isKilled;
    },
    link: {
      output: output(),
      ended: over.promise,
      kill: () => {
        isKilled = true;
        die(137);
      },
      write: (bytes) => {
        const message = JSON.parse(Buffer.from(bytes).toString()) as JsonObject;
        heard.push(message);
        const { id, method } = message;
        if (typeof method !== "string" || id === undefined) return;
        const result = answer(method, isRecord(message["params"]) ? message["params"] : {});
        if (result !== undefined) say({ id, result });
      },
    },
  };
}

/** Answers the handshake and the lists with these tools, and calls with their arguments as text. */
export function answering(
  tools: readonly Json[],
  more: (method: string) => JsonObject | undefined = () => undefined,
): (method: string, params: JsonObject) => JsonObject | undefined {
  return (method: string, params: JsonObject): JsonObject | undefined => {
    switch (method) {
      case "initialize":
        return { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "fake" } };
      case "tools/list":
        return { tools };
      case "tools/call":
        return more(method) ?? { content: [{ type: "text", text: JSON.stringify(params["arguments"]) }] };
      default:
        return more(method) ?? {};
    }
  };
}
