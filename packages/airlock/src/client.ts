/** The cell's side of the keeper's socket: what the agent is given as its models and its commands. */
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { CloisterError, isRecord, messageOf, parseJson, type JsonObject } from "@cloister/base";
import { errorText, readAnswer, type AnswerEvent } from "@cloister/wire";
import type { RunResult } from "@cloister/cell";
import { formatChangedCall, readChangedVerdict, type ChangedVerdict } from "./changed-verdict.ts";
import { readGuardedFileAnswer, type GuardedFile, type GuardedFileAnswer } from "./guarded-file-answer.ts";
import { readCommandAnswer, STREAM_TYPE } from "./command-answer.ts";
import type { CommandLine } from "./commands.ts";
import { breakOff, startProcess } from "./process-client.ts";
import type { ProcessRequest, RunningProcess } from "./process-request.ts";
import { readFetchedPage, type FetchedPage } from "./web/fetched-page.ts";

export type { ProcessEnd, ProcessOutput, ProcessRequest, RunningProcess } from "./process-request.ts";

export interface KeeperClient {
  /** Never throws: trouble is the last event. */
  readonly ask: (body: readonly Uint8Array[], signal: AbortSignal) => AsyncGenerator<AnswerEvent>;
  readonly run: (
    line: CommandLine,
    options: {
      readonly timeoutMs: number;
      readonly signal: AbortSignal;
      /** Told what it prints as it comes, for the eye: at most ten times a second, and a part of it when it is much. */
      readonly onOutput?: (text: string) => void;
    },
  ) => Promise<RunResult>;
  /**
   * Starts a process that goes on. Rejects with what the keeper says against it: `denied`, `unknown-process`,
   * `too-many-processes`, `no-terminal`, or `cancelled`. Aborting ends it at once, later too.
   */
  readonly start: (request: ProcessRequest, signal: AbortSignal) => Promise<RunningProcess>;
  /** A page through the keeper. Rejects when the keeper is gone, or cannot write its ledger. */
  readonly fetchPage: (url: string, signal: AbortSignal) => Promise<FetchedPage>;
  /** Whether a call may be made that is another than the model's: a hook changed it. Rejects as `fetchPage` does. */
  readonly judge: (
    call: { readonly id: string; readonly name: string; readonly args: JsonObject },
    signal: AbortSignal,
  ) => Promise<ChangedVerdict>;
  /** Has the keeper write a file that no cell may write. Rejects as `fetchPage` does. */
  readonly saveGuarded: (file: GuardedFile) => Promise<GuardedFileAnswer>;
  close(): void;
}

/** `ready` is waited for before anything is asked. */
export function createKeeperClient(
  socketPath: string,
  ready: () => Promise<void> = () => Promise.resolve(),
): KeeperClient {
  // A name for TLS, which is not spoken here: Node would look whether `localhost` is an address, by an expression that
  // takes ten milliseconds to compile.
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ...{ servername: "" } });
  const running = new Set<RunningProcess>();
  const post = async (
    path: string,
    body: readonly Uint8Array[],
    signal: AbortSignal,
    more: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> => {
    await ready();
    return new Promise((resolve, reject) => {
      const length = body.reduce((sum, part) => sum + part.length, 0);
      const headers = { "content-type": "application/json", "content-length": length, ...more };
      const request = httpRequest({ agent, socketPath, path, method: "POST", headers, signal }, resolve);
      request.on("error", reject);
      for (const part of body) request.write(part);
      request.end();
    });
  };

  return {
    async *ask(body, signal) {
      try {
        const response = await post("/v1/chat/completions", body, signal);
        if (response.statusCode === 200) yield* namingCancel(readAnswer(response), signal);
        else yield refusal(response.statusCode ?? 0, await text(response));
      } catch (error) {
        if (signal.aborted) yield { kind: "failed", code: "cancelled", message: "cancelled" };
        else yield { kind: "failed", code: "keeper-unreachable", message: messageOf(error) };
      }
    },
    async run(line, { timeoutMs, signal, onOutput }) {
      const body = Buffer.from(JSON.stringify({ ...line, timeoutMs }));
      const accept = onOutput === undefined ? {} : { accept: STREAM_TYPE };
      const response = await post("/cloister/commands", [body], signal, accept);
      if (response.headers["content-type"] === STREAM_TYPE) return readCommandAnswer(response, onOutput);
      const answer = await text(response);
      if (response.statusCode === 200) return parseJson(answer, "the keeper's answer") as RunResult;
      const { message, code, next } = toFailure(answer);
      throw new CloisterError(message, { code, ...(next === undefined ? {} : { next }) });
    },
    async start(request, signal) {
      await ready();
      const started = await startProcess(socketPath, request, signal);
      running.add(started);
      void started.ended.then(() => running.delete(started));
      return started;
    },
    async fetchPage(url, signal) {
      const response = await post("/cloister/web", [Buffer.from(JSON.stringify({ url }))], signal);
      const answer = await text(response);
      if (response.statusCode === 200) return readFetchedPage(parseJson(answer, "the keeper's answer"));
      const { message, code, next } = toFailure(answer);
      throw new CloisterError(message, { code, ...(next === undefined ? {} : { next }) });
    },
    async judge(call, signal) {
      const response = await post("/cloister/calls", [formatChangedCall(call)], signal);
      const answer = await text(response);
      if (response.statusCode === 200) return readChangedVerdict(parseJson(answer, "the keeper's answer"));
      const { message, code, next } = toFailure(answer);
      throw new CloisterError(message, { code, ...(next === undefined ? {} : { next }) });
    },
    async saveGuarded(file) {
      const response = await post(
        "/cloister/files",
        [Buffer.from(JSON.stringify(file))],
        new AbortController().signal,
      );
      const answer = await text(response);
      if (response.statusCode === 200) return readGuardedFileAnswer(parseJson(answer, "the keeper's answer"));
      const { message, code, next } = toFailure(answer);
      throw new CloisterError(message, { code, ...(next === undefined ? {} : { next }) });
    },
    close: () => {
      agent.destroy();
      breakOff(running);
    },
  };
}

/** An answer that we ourselves broke off is not the server's failure. */
async function* namingCancel(
  events: AsyncIterable<AnswerEvent>,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  for await (const event of events) {
    const isOurs = event.kind === "failed" && signal.aborted;
    yield isOurs ? { kind: "failed", code: "cancelled", message: "cancelled" } : event;
  }
}

function refusal(status: number, body: string): AnswerEvent {
  const { message, code, next } = toFailure(body);
  return {
    kind: "failed",
    code: code === "" ? `upstream-${status}` : code,
    message: message === "" ? `the model server answered ${status}` : message,
    next: next ?? nextFor(message),
  };
}

/** Servers say in many words that a prompt is too long; none says what to do. */
function nextFor(message: string): string {
  return /context (length|size|window)|maximum context|input length|token limit|too long/i.test(message)
    ? "the prompt does not fit the model's window: start the server with a larger one, or ask for less at once"
    : "the model server's own log says more";
}

function toFailure(body: string): { message: string; code: string; next: string | undefined } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: body.slice(0, 1000), code: "", next: undefined }; // a server's plain text says more than nothing
  }
  const error = isRecord(value) && isRecord(value["error"]) ? value["error"] : {};
  const rule = typeof error["rule"] === "string" ? ` (rule: ${error["rule"]})` : "";
  return {
    message: (errorText(value) ?? body.slice(0, 1000)) + rule,
    // OpenAI's own codes have underscores; ours, and what a person reads here, do not.
    code: typeof error["code"] === "string" ? error["code"].replaceAll("_", "-") : "",
    next: typeof error["next"] === "string" ? error["next"] : undefined,
  };
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
