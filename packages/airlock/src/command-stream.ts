/** Answers a command with what it prints meanwhile. One that is done within a tenth of a second is answered like any other. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { StringDecoder } from "node:string_decoder";
import { STREAM_TYPE } from "./command-answer.ts";
import type { CommandWorld } from "./command-begin.ts";
import { runCommand, type CommandRequest } from "./commands.ts";
import { sendJson } from "./door.ts";
import type { AirlockSession } from "./session.ts";

const INTERVAL_MS = 100;
/** Of one piece. It is for the eye, which reads no more in that time; the result holds both ends of the output. */
const PIECE_CHARS_MAX = 4096;

export interface CommandCall {
  readonly session: AirlockSession;
  readonly world: CommandWorld;
  readonly body: CommandRequest;
  readonly signal: AbortSignal;
}

export async function answerCommand(
  { session, world, body, signal }: CommandCall,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.headers.accept !== STREAM_TYPE) {
    sendJson(response, 200, await runCommand(session, world, body, signal));
    return;
  }
  const decoder = new StringDecoder("utf8");
  let text = "";
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    // Whoever reads more slowly than this is spared the rest: nothing is lost, for the result holds it.
    if (response.destroyed || response.writableNeedDrain) return;
    if (!response.headersSent) response.writeHead(200, { "content-type": STREAM_TYPE });
    response.write(`${JSON.stringify({ o: text })}\n`);
    text = "";
  };
  const onOutput = (chunk: Buffer): void => {
    text = (text + decoder.write(chunk)).slice(-PIECE_CHARS_MAX);
    timer ??= setTimeout(tell, INTERVAL_MS);
  };
  try {
    const result = await runCommand(session, world, body, signal, onOutput);
    if (response.headersSent) response.end(`${JSON.stringify({ result })}\n`);
    else sendJson(response, 200, result);
  } finally {
    clearTimeout(timer);
  }
}
