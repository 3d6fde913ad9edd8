/**
 * POST /v1/embeddings and the older /v1/completions: no conversation, and nothing to translate. The request is
 * labelled, sealed, decided and recorded like any; the server's answer passes as it comes, its placeholders with it.
 */
import type { ServerResponse } from "node:http";
import { CloisterError, type JsonObject } from "@cloister/base";
import { chatProtocol, type TurnRequest } from "@cloister/wire";
import { refuse } from "./airlock.ts";
import {
  endpointHeader,
  sendError,
  sendFailure,
  sendJson,
  sendRefusal,
  upstreamError,
  withoutAddress,
} from "./door.ts";
import { recordRaises } from "./labelling/record-raises.ts";
import { decide, type Decided, type Refused, type Rerouted } from "./stages/decide.ts";
import { startObservation, collect, toError, type Observation } from "./stages/dispatch.ts";
import { identify, type Arrival } from "./stages/identify.ts";
import { label } from "./stages/label.ts";
import { record, type Recorded } from "./stages/record.ts";
import { sealFields } from "./stages/seal.ts";
import { settleAttempt, settleFailure } from "./stages/settle.ts";
import { findWay } from "./way.ts";

export const plainPaths = ["/embeddings", "/completions"] as const;
export type PlainPath = (typeof plainPaths)[number];

export interface PlainArrival extends Arrival {
  readonly path: PlainPath;
  /** What the body says. */
  readonly request: JsonObject;
}

export async function answerPlain(arrival: PlainArrival, response: ServerResponse): Promise<void> {
  const { endpoint, route, path } = arrival;
  let recorded: Recorded | undefined;
  const observed = startObservation();
  try {
    if (route.upstream !== chatProtocol) {
      throw new CloisterError(
        `${endpoint.id} speaks the ${route.upstream.name} protocol, which has no /v1${path}`,
        {
          code: "not-found",
          next: "ask for a model of an endpoint with OpenAI's routes",
        },
      );
    }
    const admitted = await admitPlain(arrival);
    if ("kind" in admitted) return sendRefusal(response, chatProtocol, admitted);
    recorded = admitted;
    await relay(recorded, path, { response, observed });
  } catch (error) {
    if (recorded !== undefined && observed.status === undefined) settleFailure(recorded, error);
    observed.failed = true;
    sendFailure(response, chatProtocol, error, recorded?.endpoint ?? endpoint);
  } finally {
    if (recorded !== undefined && observed.status !== undefined) {
      settleAttempt({ ...recorded, upstream: { kind: "answer", frames: noFrames }, observed }, {});
    }
  }
}

async function admitPlain(arrival: PlainArrival): Promise<Recorded | Refused> {
  const decided = findWay(arrival, judge);
  return "kind" in decided ? refuse(arrival, decided) : record(decided);
}

function judge(arrival: PlainArrival): Decided | Refused | Rerouted {
  const { request, route, session, path } = arrival;
  const fields = { ...request, model: route.model };
  const notes = { ...arrival.notes, purpose: path.slice(1) };
  const turn = { given: request, request: noTurn, fields, fresh: [], losses: [] };
  const labelled = label({ ...identify({ ...arrival, notes }), turn });
  const part = sealFields(fields, session.seals);
  const sealed = {
    ...labelled,
    outgoing: [part.bytes, CLOSE],
    parts: [{ ...part, provenance: { source: "user" as const } }],
  };
  recordRaises(sealed);
  return decide(sealed);
}

async function relay(
  { endpoint, outgoing, signal, route, rerouted }: Recorded,
  path: PlainPath,
  { response, observed }: { readonly response: ServerResponse; readonly observed: Observation },
): Promise<void> {
  const answer = await endpoint.backend.send(path, outgoing, { signal, headers: route.upstream.headers });
  observed.status = answer.status;
  if (answer.status !== 200) {
    const body = await collect(answer.body);
    observed.bytesIn = body.length;
    const error = toError(answer, body.toString("utf8"));
    const message = withoutAddress(error.message, endpoint);
    if (lacksRoute(answer.status, message)) {
      return sendNoRoute(response, { path, status: answer.status, message });
    }
    return sendError(response, chatProtocol, upstreamError({ ...error, message }));
  }
  response.writeHead(200, {
    "content-type": answer.headers["content-type"] ?? "application/json",
    "cache-control": "no-cache",
    ...endpointHeader(rerouted, endpoint),
  });
  for await (const chunk of answer.body) {
    observed.bytesIn += chunk.length;
    if (!response.write(chunk)) await drained(response);
  }
  observed.ended = true;
  response.end();
}

/** A server may also answer 404 for a model that it does not have, and says so. */
function lacksRoute(status: number, message: string): boolean {
  return status === 405 || status === 501 || (status === 404 && !/\bmodel\b/i.test(message));
}

function sendNoRoute(
  response: ServerResponse,
  { path, status, message }: { readonly path: PlainPath; readonly status: number; readonly message: string },
): void {
  const { headers, body } = chatProtocol.writeError({
    cause: "unsupported",
    code: "no-such-route",
    message: `the model server has no /v1${path} (it answered ${status}: ${message})`,
    next: "name a model of a server that has it; llama.cpp wants --embeddings for it, vLLM a model made for it",
  });
  sendJson(response, status, body, headers);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      response.off("drain", over);
      response.off("close", over);
      resolve();
    };
    response.on("drain", over);
    response.on("close", over);
  });
}

const CLOSE = Buffer.from("}");

/** The stages before the record do not look into it. */
const noTurn: TurnRequest = {
  model: "",
  stream: false,
  system: [],
  items: [],
  tools: [],
  sampling: {},
  includeUsage: false,
  losses: [],
};

const noFrames: AsyncIterable<never> = {
  async *[Symbol.asyncIterator]() {
    // its bytes pass unread
  },
};
