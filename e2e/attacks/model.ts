/** A model that is wholly in an attacker's hands: it does what its list says, call by call, whatever it is told. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isRecord, type JsonObject } from "@cloister/base";

export interface Call {
  readonly name: string;
  readonly args: JsonObject;
}

/** A call, or what it says at last. */
export type Step = Call | string;

export interface Model extends AsyncDisposable {
  readonly url: string;
  /** What it was shown, request by request. */
  readonly shown: readonly string[];
}

/** In a step, the first placeholder that the model was shown, or nothing. */
export const MARK = "%MARK%";

const BODY_CHARS_MAX = 10_000_000;

/** What to do next, from what it was shown and the request's number, from 0. */
export type Script = readonly Step[] | ((shown: string, number: number) => Step);

export async function openModel(script: Script): Promise<Model> {
  const shown: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8").slice(0, BODY_CHARS_MAX);
      if (request.method !== "POST") {
        const isList = request.url === "/v1/models";
        response.writeHead(isList ? 200 : 404, { "content-type": "application/json" });
        response.end(
          JSON.stringify(isList ? { object: "list", data: [{ id: "poisoned", object: "model" }] } : {}),
        );
        return;
      }
      const step =
        typeof script === "function" ? script(text, shown.length) : (script[shown.length] ?? "Done.");
      shown.push(text);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer(filled(step, text), shown.length)));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    shown,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function filled(step: Step, shown: string): Step {
  const mark = /CLS_[A-Z2-7]{8,}_[A-Z0-9]+/.exec(shown)?.[0] ?? "nothing";
  const value: unknown = JSON.parse(JSON.stringify(step).replaceAll(MARK, mark));
  return isRecord(value) ? (value as unknown as Call) : String(value);
}

function answer(step: Step, number: number): JsonObject {
  const call = typeof step === "string" ? undefined : step;
  const message = {
    role: "assistant",
    content: typeof step === "string" ? step : "As the note asks.",
    ...(call === undefined
      ? {}
      : {
          tool_calls: [
            {
              id: `call_${number}`,
              type: "function",
              function: { name: call.name, arguments: JSON.stringify(call.args) },
            },
          ],
        }),
  };
  return {
    id: `answer-${number}`,
    object: "chat.completion",
    created: 1,
    model: "poisoned",
    choices: [{ index: 0, message, finish_reason: call === undefined ? "stop" : "tool_calls" }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  };
}
