/** The cell's side of a process that the keeper started for it. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CloisterError, isRecord, messageOf, parseJson } from "@cloister/base";
import {
  createFrameReader,
  encodeFrame,
  encodeJsonFrame,
  FRAME_BYTES_MAX,
  INPUT_WINDOW_BYTES,
  piecesOf,
  PROCESS_PATH,
  PROCESS_PROTOCOL,
  type FrameKind,
} from "./process-frames.ts";
import type { ProcessEnd, ProcessOutput, ProcessRequest, RunningProcess } from "./process-request.ts";

/** Of output that nobody has read yet; then the process has to wait. */
const OUTPUT_WAITING_BYTES_MAX = 1024 * 1024;
/** Of input that the process has not taken; beyond it whoever writes does not listen to `write`. */
const INPUT_WAITING_BYTES_MAX = 64 * 1024 * 1024;

/** Aborting ends the process at once, with all that it started. Rejects with what the keeper says against it. */
export async function startProcess(
  socketPath: string,
  request: ProcessRequest,
  signal: AbortSignal,
): Promise<RunningProcess> {
  const first = encodeJsonFrame("request", request);
  if (first.length > FRAME_BYTES_MAX) {
    throw new CloisterError("what the process is told is too long", { code: "request-too-long" });
  }
  const { socket, head } = await upgrade(socketPath, signal);
  return new Promise((resolve, reject) => {
    const link = new Link(socket, {
      onStarted: () => resolve(link),
      onRefused: (payload) => reject(toError(payload)),
    });
    const stop = (): void => link.breakOff();
    signal.addEventListener("abort", stop, { once: true });
    const hearEnd = async (): Promise<void> => {
      await link.ended;
      signal.removeEventListener("abort", stop);
      // Of no consequence when it was started.
      reject(signal.aborted ? cancelled() : unreachable("the stream ended before the process was started"));
    };
    void hearEnd();
    if (signal.aborted) stop();
    else link.begin(first, head);
  });
}

/** Ends all that are running. */
export function breakOff(processes: Iterable<RunningProcess>): void {
  for (const running of processes) if (running instanceof Link) running.breakOff();
}

function upgrade(socketPath: string, signal: AbortSignal): Promise<{ socket: Duplex; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { connection: "Upgrade", upgrade: PROCESS_PROTOCOL };
    const request = httpRequest({
      socketPath,
      path: PROCESS_PATH,
      method: "POST",
      headers,
      signal,
      agent: false,
    });
    request.on("error", (error) => reject(signal.aborted ? cancelled() : unreachable(messageOf(error))));
    request.on("upgrade", (_response: IncomingMessage, socket: Duplex, head: Buffer) =>
      resolve({ socket, head }),
    );
    request.on("response", (response) => {
      response.resume();
      reject(unreachable(`it answered ${response.statusCode}`));
    });
    request.end();
  });
}

interface Beginning {
  readonly onStarted: () => void;
  readonly onRefused: (payload: Buffer) => void;
}

class Link implements RunningProcess {
  readonly output: AsyncIterable<ProcessOutput>;
  readonly ended: Promise<ProcessEnd>;
  readonly #socket: Duplex;
  readonly #beginning: Beginning;
  readonly #end = Promise.withResolvers<ProcessEnd>();
  #heard: ProcessEnd | undefined;
  #isOver = false;
  #isDropping = false;
  #waitingOut: ProcessOutput[] = [];
  #waitingOutBytes = 0;
  #more = Promise.withResolvers<void>();
  #waitingIn: Uint8Array[] = [];
  #waitingInBytes = 0;
  #window = INPUT_WINDOW_BYTES;
  #isInputEnded = false;
  #isEndSent = false;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(socket: Duplex, beginning: Beginning) {
    this.#socket = socket;
    this.#beginning = beginning;
    this.output = { [Symbol.asyncIterator]: () => this.#read() };
    this.ended = this.#end.promise;
  }

  begin(first: Buffer, head: Buffer): void {
    const read = createFrameReader((kind, payload) => this.#take(kind, payload));
    const readOrBreakOff = (chunk: Buffer): void => {
      try {
        read(chunk);
      } catch {
        this.breakOff(); // the keeper speaks in riddles: whoever waits hears that the stream broke
      }
    };
    this.#socket.on("data", readOrBreakOff);
    this.#socket.on("error", () => {
      /* `close` follows */
    });
    this.#socket.on("close", () => this.#finish(this.#heard ?? { timedOut: false }));
    if (head.length > 0) readOrBreakOff(head);
    this.#socket.write(first);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isInputEnded || this.#isOver) return true;
    if (this.#waitingInBytes + bytes.length > INPUT_WAITING_BYTES_MAX) {
      throw new CloisterError(`more than ${INPUT_WAITING_BYTES_MAX} bytes wait for a process to take them`, {
        code: "input-too-long",
        next: "wait for `drained` when `write` says false",
      });
    }
    // A copy: whoever writes may use its buffer again.
    this.#waitingIn.push(Uint8Array.from(bytes));
    this.#waitingInBytes += bytes.length;
    this.#send();
    return this.#waitingInBytes === 0;
  }

  drained(): Promise<void> {
    if (this.#waitingInBytes === 0 || this.#isOver) return Promise.resolve();
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  end(): void {
    if (this.#isInputEnded) return;
    this.#isInputEnded = true;
    this.#send();
  }

  resize(columns: number, rows: number): void {
    if (!this.#isOver) this.#socket.write(encodeJsonFrame("size", { columns, rows }));
  }

  kill(): void {
    if (this.#isOver) return;
    this.#isDropping = true;
    this.#socket.resume();
    this.#socket.write(encodeFrame("kill"));
  }

  breakOff(): void {
    this.#isDropping = true;
    this.#socket.destroy();
    this.#finish({ timedOut: false });
  }

  #take(kind: FrameKind, payload: Buffer): void {
    switch (kind) {
      case "started":
        return this.#beginning.onStarted();
      case "refused":
        return this.#beginning.onRefused(payload);
      case "taken":
        this.#window += payload.length === 4 ? payload.readUInt32BE() : 0;
        return this.#send();
      case "out":
      case "err":
        return this.#keep({ stream: kind, bytes: Uint8Array.from(payload) });
      case "ended":
        this.#heard = parseEnd(payload);
        this.#socket.end();
        return this.#finish(this.#heard);
      case "request":
      case "input":
      case "input-end":
      case "size":
      case "kill":
        return this.breakOff();
    }
  }

  #keep(piece: ProcessOutput): void {
    if (this.#isDropping && this.#waitingOutBytes > OUTPUT_WAITING_BYTES_MAX) return;
    this.#waitingOut.push(piece);
    this.#waitingOutBytes += piece.bytes.length;
    if (this.#waitingOutBytes > OUTPUT_WAITING_BYTES_MAX && !this.#isDropping) this.#socket.pause();
    this.#wake();
  }

  async *#read(): AsyncGenerator<ProcessOutput> {
    for (;;) {
      const pieces = this.#waitingOut;
      this.#waitingOut = [];
      this.#waitingOutBytes = 0;
      this.#socket.resume();
      yield* pieces;
      if (this.#waitingOut.length > 0) continue;
      if (this.#isOver) return;
      await this.#more.promise;
    }
  }

  /** As much as the window takes; the end of the input only after the last byte of it. */
  #send(): void {
    while (this.#window > 0 && !this.#isOver) {
      const next = this.#waitingIn.shift();
      if (next === undefined) break;
      const now = next.subarray(0, this.#window);
      for (const piece of piecesOf(now)) this.#socket.write(encodeFrame("input", piece));
      this.#window -= now.length;
      this.#waitingInBytes -= now.length;
      if (now.length < next.length) this.#waitingIn.unshift(next.subarray(now.length));
    }
    if (this.#waitingInBytes > 0 || this.#isOver) return;
    this.#room?.resolve();
    this.#room = undefined;
    if (!this.#isInputEnded || this.#isEndSent) return;
    this.#isEndSent = true;
    this.#socket.write(encodeFrame("input-end"));
  }

  #finish(end: ProcessEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waitingIn = [];
    this.#room?.resolve();
    this.#end.resolve(end);
    this.#wake();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

/** The keeper is trusted; a field of another kind is left out. */
function parseEnd(payload: Buffer): ProcessEnd {
  const value = parseJson(payload.toString("utf8"), "the end of a process");
  if (!isRecord(value)) return { timedOut: false };
  const { exitCode, signal, timedOut, note } = value;
  return {
    ...(typeof exitCode === "number" ? { exitCode } : {}),
    ...(typeof signal === "string" ? { signal } : {}),
    ...(typeof note === "string" ? { note } : {}),
    timedOut: timedOut === true,
  };
}

function toError(payload: Buffer): CloisterError {
  const value = parseJson(payload.toString("utf8"), "the keeper's refusal");
  const { message, code, next, rule } = isRecord(value) ? value : {};
  return new CloisterError(typeof message === "string" ? message : "refused", {
    code: typeof code === "string" ? code : "refused",
    ...(typeof next === "string" ? { next } : {}),
    ...(typeof rule === "string" ? { rule } : {}),
  });
}

function unreachable(why: string): CloisterError {
  return new CloisterError(`the keeper started no process: ${why}`, { code: "keeper-unreachable" });
}

function cancelled(): CloisterError {
  return new CloisterError("cancelled", { code: "cancelled" });
}
