// One request on one connection, and what can become of it.

import { request, validateHeaderName, validateHeaderValue } from "node:http";
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { CloisterError, messageOf, systemCodeOf } from "@cloister/base";
import type { Clock } from "@cloister/base";
import type { Asking } from "./connections.ts";

/** Of one answer's head, all headers together. */
const headBytesMax = 16 * 1024;
/** Answers of the kind 1xx before the real one: a server that has more of them has no answer. */
const interimAnswersMax = 32;

export interface OutgoingRequest {
  /** Whose server it is for. */
  readonly to: URL;
  /** As it stands on the request line. */
  readonly path: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Those that frame the message are made here, and refused when given. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parts are not joined: a long history stays where it is, and is not copied for each attempt. */
  readonly body: readonly Uint8Array[];
  readonly signal: AbortSignal;
  /** How long the server may say nothing once it is connected: before the head, and between pieces. Default: for ever. */
  readonly silence?: Silence;
}

export interface Silence {
  readonly ms: number;
  readonly clock: Clock;
}

export interface IncomingAnswer {
  readonly status: number;
  /** Names in lower case, each with all its values in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Once, as it arrives; throws RequestFailure. Leaving the loop closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * `unconnected`: nothing of the request left this machine. `stale`: it was sent on a kept connection which then ended
 * without a byte of answer: the server had closed it, silently, between two requests. llama-server does so after every
 * streamed answer. `silent`: the server took longer than was allowed. `broken`: all else. The cause is what came first.
 */
export type FailureKind = "unconnected" | "stale" | "silent" | "broken";

export class RequestFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = "RequestFailure";
    this.kind = kind;
  }
}

/**
 * Resolves with the head. When the signal fires, also while connecting, the connection is closed at once; the failure is
 * then of any kind.
 * @throws RequestFailure; CloisterError `bad-header` before anything is sent.
 */
export async function sendRequest(agent: Agent, outgoing: OutgoingRequest): Promise<IncomingAnswer> {
  const { signal } = outgoing;
  if (signal.aborted) throw new RequestFailure("unconnected", signal.reason);
  const call = new Call(begin(agent, outgoing), outgoing);
  return await call.answer();
}

function begin(agent: Agent, outgoing: OutgoingRequest): ClientRequest {
  const { to, path, method, body, signal } = outgoing;
  const asking: Asking = { to, attempt: signal };
  const length = body.reduce((sum, part) => sum + part.length, 0);
  const sent = request({
    ...asking,
    ...{ agent, host: to.hostname, port: to.port, path, method, timeout: 0 },
    // Said here, so that no flag of the process makes the parser lenient or its limits others.
    ...{ insecureHTTPParser: false, maxHeaderSize: headBytesMax },
    headers: {
      host: to.host,
      ...checked(outgoing.headers),
      ...(method === "POST" && { "content-length": length }),
    },
  });
  // Without a socket yet, the parts wait as they are, and go out with the head in one system call.
  for (const part of body) sent.write(part);
  return sent.end();
}

/** What frames a message decides where the next one begins: two opinions of that are how requests are smuggled. */
const framing: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "upgrade", "expect"],
  ...["content-length", "transfer-encoding", "te", "trailer"],
]);

function checked(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch (error) {
      // The cause is not kept: nothing may repeat a value, which may be a key.
      const why = `holds what no header may (${systemCodeOf(error) ?? "unknown error"})`;
      throw badHeader(name, why, "copy its value again, without line feeds and invisible characters");
    }
    if (framing.has(name.toLowerCase())) {
      throw badHeader(name, "is not for callers to set", "take it out of the configured headers");
    }
  }
  return headers;
}

function badHeader(name: string, why: string, next: string): CloisterError {
  return new CloisterError(`the header ${JSON.stringify(name)} ${why}`, { code: "bad-header", next });
}

class Call {
  readonly #sent: ClientRequest;
  readonly #outgoing: OutgoingRequest;
  #response: IncomingMessage | undefined;
  /** What went wrong first: after an alert of TLS, or nonsense, the stream also ends, which is an error of its own. */
  #first: Error | undefined;
  /** Undefined until there is a connection. */
  #isSilent: (() => boolean) | undefined;
  #interimAnswers = 0;

  constructor(sent: ClientRequest, outgoing: OutgoingRequest) {
    this.#sent = sent;
    this.#outgoing = outgoing;
    const { signal } = outgoing;
    const onAbort = (): void => this.#end(new Error("aborted"));
    signal.addEventListener("abort", onAbort, { once: true });
    sent
      .once("close", () => signal.removeEventListener("abort", onAbort))
      // For as long as there is a connection: the parser complains here even when the head is long read.
      .on("error", (error) => {
        // Node adds the bytes that it could not parse; they are nobody's to read in a log.
        if ("rawPacket" in error) delete error.rawPacket;
        this.#first ??= error;
      })
      .once("socket", (socket) => {
        // A kept connection has carried answers before, and of a tunnel's the proxy has spoken.
        const bytesBefore = socket.bytesRead;
        this.#isSilent = () => socket.bytesRead === bytesBefore;
      })
      .once("response", (response) => {
        // At once: whoever cancels in the same turn of the event loop must find it.
        this.#response = response;
        // Read or not, a body that breaks off must not end the process.
        response.on("error", () => {});
      })
      .on("information", () => {
        this.#interimAnswers += 1;
        if (this.#interimAnswers > interimAnswersMax) this.#end(nonsense("HTTP_ENDLESS_1XX"));
      })
      .once("upgrade", (_, socket) => {
        this.#first ??= nonsense("HTTP_UNASKED_UPGRADE");
        socket.destroy();
      });
  }

  async answer(): Promise<IncomingAnswer> {
    let response: IncomingMessage;
    try {
      response = await this.#head();
    } catch (error) {
      throw this.#failure(error);
    }
    return {
      status: response.statusCode ?? 0,
      headers: response.headersDistinct as Record<string, readonly string[]>,
      body: this.#body(response),
    };
  }

  async #head(): Promise<IncomingMessage> {
    const sent = this.#sent;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // Nobody may be waiting for it any more.
    promise.catch(() => {});
    const connected = new Promise<void>((done) => sent.once("socket", () => done()));
    sent
      .once("response", resolve)
      .once("error", reject)
      .once("close", () => reject(nonsense("ECONNRESET")));
    await Promise.race([connected, promise]);
    return await this.#unlessSilent(promise);
  }

  async *#body(response: IncomingMessage): AsyncGenerator<Uint8Array> {
    const pieces = (response as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#unlessSilent(pieces.next());
        if (next.done === true) break;
        yield next.value;
      }
    } catch (error) {
      throw this.#failure(error);
    } finally {
      await pieces.return?.();
      // An answer may come, and be whole, before the request is: what is left of that is for nobody.
      if (!this.#sent.writableFinished) this.#sent.destroy();
    }
  }

  #unlessSilent<T>(coming: Promise<T>): Promise<T> {
    const { silence } = this.#outgoing;
    return silence === undefined ? coming : this.#within(silence, coming);
  }

  async #within<T>({ ms, clock }: Silence, coming: Promise<T>): Promise<T> {
    const heard = new AbortController();
    const tooLong = clock.sleep(ms, heard.signal).then(() => {
      const failure = new RequestFailure("silent", new Error(`nothing in ${ms} ms`));
      this.#end(failure);
      throw failure;
    });
    try {
      return await Promise.race([coming, tooLong]);
    } finally {
      tooLong.catch(() => {}); // it was heard in time
      heard.abort();
    }
  }

  #end(why: Error): void {
    // The response first: a request whose answer has arrived but is not read would drop it and call that an end.
    (this.#response ?? this.#sent).destroy(why);
  }

  #failure(error: unknown): RequestFailure {
    if (error instanceof RequestFailure) return error;
    const cause = this.#first ?? error;
    if (this.#isSilent === undefined) return new RequestFailure("unconnected", cause);
    const isStale = this.#response === undefined && this.#sent.reusedSocket && this.#isSilent();
    return new RequestFailure(isStale ? "stale" : "broken", cause);
  }
}

function nonsense(code: string): Error {
  return Object.assign(new Error(code), { code });
}
