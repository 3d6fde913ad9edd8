// A model server that costs next to nothing: it reads a request to its end and streams the same tokens at a fixed pace.
//   node model.ts TOKENS PACE_MS
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { modelName, tokenAt } from "./requests.ts";

function eventsOf(tokens: number): readonly Buffer[] {
  const event = (fields: object): Buffer => {
    const chunk = {
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 0,
      model: modelName,
      ...fields,
    };
    return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  const delta = (fields: object, finish: string | null = null): Buffer =>
    event({ choices: [{ index: 0, delta: fields, finish_reason: finish }] });
  const usage = { prompt_tokens: 1000, completion_tokens: tokens, total_tokens: 1000 + tokens };
  return [
    delta({ role: "assistant", content: "" }),
    ...Array.from({ length: tokens }, (_, index) => delta({ content: tokenAt(index) })),
    delta({}, "stop"),
    event({ choices: [], usage }),
    Buffer.from("data: [DONE]\n\n"),
  ];
}

/** Each event is a write of its own, as from a server that computes one token after the other. */
async function stream(response: ServerResponse, events: readonly Buffer[], paceMs: number): Promise<void> {
  response.socket?.setNoDelay(true);
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) {
    if (response.destroyed) return;
    response.write(event);
    await sleep(paceMs);
  }
  response.end();
}

if (import.meta.main) {
  const [tokens = 100, paceMs = 1] = process.argv.slice(2).map(Number);
  const events = eventsOf(tokens);
  const models = JSON.stringify({
    object: "list",
    data: [{ id: modelName, object: "model", created: 0, owned_by: "bench" }],
  });
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      if (request.method === "POST") void stream(response, events, paceMs);
      else response.writeHead(200, { "content-type": "application/json" }).end(models);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    console.log(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/v1`);
  });
  process.on("SIGTERM", () => {
    server.close();
    server.closeAllConnections();
  });
}
