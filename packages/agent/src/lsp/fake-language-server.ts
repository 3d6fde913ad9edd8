/** For tests: a language server in memory, which speaks only when it is told to. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { McpLink } from "../mcp/link.ts";
import { encodeMessage } from "./frames.ts";

export interface FakeLanguageServer {
  readonly link: McpLink;
  /** What it was told, in order. */
  readonly heard: JsonObject[];
  say(message: JsonObject): void;
  print(bytes: Uint8Array): void;
  die(exitCode: number): void;
}

/** `answer` gives a request's result; undefined: it stays silent. */
export function createFakeLanguageServer(
  answer: (method: string, params: JsonObject) => Json | undefined,
): FakeLanguageServer {
  const heard: JsonObject[] = [];
  const queue: Uint8Array[] = [];
  const over = Promise.withResolvers<{ exitCode: number }>();
  let isOver = false;
  let wake = Promise.withResolvers<void>();
  const print = (bytes: Uint8Array): void => {
    queue.push(bytes);
    wake.resolve();
  };
  const say = (message: JsonObject): void => print(encodeMessage({ jsonrpc: "2.0", ...message }));
  const die = (exitCode: number): void => {
    isOver = true;
    over.resolve({ exitCode });
    wake.resolve();
  };
  async function* output(): AsyncGenerator<{ stream: "out"; bytes: Uint8Array }> {
    for (;;) {
      const bytes = queue.shift();
      if (bytes !== undefined) yield { stream: "out", bytes };
      else if (isOver) return;
      else {
        await wake.promise;
        wake = Promise.withResolvers();
      }
    }
  }
  const hear = (text: string): void => {
    const message = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)) as JsonObject;
    heard.push(message);
    const { id, method } = message;
    if (typeof method !== "string" || id === undefined) return;
    const result = answer(method, isRecord(message["params"]) ? message["params"] : {});
    if (result !== undefined) say({ id, result });
  };
  return {
    heard,
    say,
    print,
    die,
    link: {
      output: output(),
      ended: over.promise,
      kill: () => die(137),
      write: (bytes) => hear(Buffer.from(bytes).toString()),
    },
  };
}
