/**
 * Processes that go on while the agent does something else: commands, the servers and hooks that a person registered.
 * Each is recorded before it starts, runs in a cell of its own, and is ended with all that it started when its client
 * goes away or the session closes.
 */
import type { Duplex } from "node:stream";
import { CloisterError, messageOf, parseJson } from "@cloister/base";
import { sayAgain } from "./process-again.ts";
import { openBridge } from "./process-bridge.ts";
import type { ProcessesOptions } from "./process-definition.ts";
import {
  createFrameReader,
  encodeFrame,
  encodeJsonFrame,
  INPUT_WINDOW_BYTES,
  piecesOf,
  type FrameKind,
} from "./process-frames.ts";
import { createGatedLines, type GatedLines, type LineGate } from "./process-lines.ts";
import { prepare, type Prepared } from "./process-prepare.ts";
import { badFrame, tooMany } from "./process-refusals.ts";
import { parseProcessRequest, parseTerminalSize, type ProcessRequest } from "./process-request.ts";
import { giveInput, startWork, type Sink, type Work, type WorkEnd } from "./process-work.ts";

export interface Processes {
  /** Owns the stream. */
  serve(socket: Duplex, head: Buffer): void;
  /** Ends all of them, and resolves when they are gone and that is recorded. */
  close(): Promise<void>;
}

/** Background commands, servers and hooks of a session together. */
const PROCESSES_MAX = 32;
const CLOSE_MS_MAX = 3000;
/** Pieces of input that a process has not taken; each costs more than its bytes. */
const UNTAKEN_FRAMES_MAX = 16_384;
/** What was said to a client that does not listen. Its output waits long before. */
const UNHEARD_BYTES_MAX = 1024 * 1024;
/** Lines that went through a gate and were not taken by the server. */
const GATED_BYTES_MAX = 32 * 1024 * 1024;

export function createProcesses(options: ProcessesOptions): Processes {
  const running = new Set<Attendance>();
  return {
    serve: (socket, head) => {
      const attendance = new Attendance(socket, options, running);
      attendance.begin(head);
    },
    close: async () => {
      const over = new AbortController();
      const gone = Promise.all([...running].map((attendance) => attendance.close()));
      // A bridge may not listen to its signal; nothing waits for that for ever.
      const waited = options.session.clock.sleep(CLOSE_MS_MAX, over.signal).catch(() => {
        /* all were gone before */
      });
      await Promise.race([gone, waited]);
      over.abort(new Error("all are gone"));
    },
  };
}

/** One stream from its first frame to its last. */
class Attendance {
  readonly #socket: Duplex;
  readonly #options: ProcessesOptions;
  readonly #running: Set<Attendance>;
  #started: Promise<void> | undefined;
  #work: Work | undefined;
  #lines: GatedLines | undefined;
  #inputBytes = 0;
  #outputBytes = 0;
  #untakenBytes = 0;
  #untakenFrames = 0;
  #gatedBytes = 0;
  #isGone = false;

  constructor(socket: Duplex, options: ProcessesOptions, running: Set<Attendance>) {
    this.#socket = socket;
    this.#options = options;
    this.#running = running;
  }

  begin(head: Buffer): void {
    const read = createFrameReader((kind, payload) => this.#take(kind, payload));
    const readOrLeave = (chunk: Buffer): void => {
      try {
        read(chunk);
      } catch {
        this.#socket.destroy(); // no client of ours: whatever it has started is ended with it
      }
    };
    this.#socket.on("data", readOrLeave);
    this.#socket.on("error", () => {
      /* `close` follows */
    });
    // A client that says no more may still listen, but none of ours does that.
    this.#socket.on("end", () => this.#leave());
    this.#socket.on("close", () => this.#leave());
    if (head.length > 0) readOrLeave(head);
  }

  async close(): Promise<void> {
    this.#leave();
    await this.#started;
  }

  #leave(): void {
    this.#isGone = true;
    this.#work?.kill();
    this.#socket.destroy();
  }

  #take(kind: FrameKind, payload: Buffer): void {
    if (kind === "request" && this.#started === undefined) {
      this.#started = this.#attend(payload);
      return;
    }
    const work = this.#work;
    if (work === undefined) throw badFrame("nothing runs yet");
    switch (kind) {
      case "input":
        return this.#input(work, payload);
      case "input-end":
        this.#lines?.end();
        return work.end();
      case "size":
        return work.resize(parseTerminalSize(parseJson(payload.toString("utf8"), "a terminal's size")));
      case "kill":
        return work.ask();
      case "request":
      case "started":
      case "refused":
      case "taken":
      case "out":
      case "err":
      case "ended":
        throw badFrame(`a client says no "${kind}"`);
    }
  }

  #input(work: Work, payload: Buffer): void {
    this.#inputBytes += payload.length;
    this.#untakenBytes += payload.length;
    this.#untakenFrames += 1;
    // One that says nothing, or hears nothing, could make the keeper remember without end.
    const isTooMuch =
      payload.length === 0 ||
      this.#untakenBytes > INPUT_WINDOW_BYTES ||
      this.#untakenFrames > UNTAKEN_FRAMES_MAX ||
      this.#socket.writableLength > UNHEARD_BYTES_MAX;
    if (isTooMuch) throw badFrame("the client does not keep to the window");
    const bytes = Uint8Array.from(payload);
    const taken = (): void => {
      this.#untakenBytes -= bytes.length;
      this.#untakenFrames -= 1;
      const count = Buffer.alloc(4);
      count.writeUInt32BE(bytes.length);
      if (!this.#isGone) this.#socket.write(encodeFrame("taken", count));
    };
    if (this.#lines === undefined) return work.write(bytes, taken);
    // A line may be longer than the window, so it is taken before it is whole.
    this.#lines.take(bytes);
    taken();
  }

  #openLines(gate: LineGate, work: Work): GatedLines {
    return createGatedLines(gate, {
      pass: (line) => {
        this.#gatedBytes += line.length;
        if (this.#gatedBytes > GATED_BYTES_MAX) throw badFrame("it takes no input");
        work.write(line, () => (this.#gatedBytes -= line.length));
      },
      answer: (line) => void this.#send("out", line),
    });
  }

  /** Never rejects. */
  async #attend(payload: Buffer): Promise<void> {
    this.#running.add(this);
    try {
      if (this.#running.size > PROCESSES_MAX) throw tooMany(PROCESSES_MAX);
      const request = parseProcessRequest(parseJson(payload.toString("utf8"), "the process to start"));
      const { work, finish, gate } = await this.#start(request);
      this.#work = work;
      if (gate !== undefined) this.#lines = this.#openLines(gate, work);
      if (this.#isGone) work.kill();
      else this.#socket.write(encodeFrame("started"));
      const end = await work.ended;
      const note = finish({ ...end, inputBytes: this.#inputBytes, outputBytes: this.#outputBytes });
      this.#last("ended", { ...toJson(end), ...(note === undefined ? {} : { note }) });
    } catch (error) {
      // Nobody waits for an answer any more: what went wrong at its end is told to the keeper's own people.
      if (this.#work !== undefined) this.#options.session.onTrouble(error);
      const { code, next, rule } = error instanceof CloisterError ? error : { code: "internal" };
      this.#last("refused", { message: messageOf(error), code, next, rule });
    } finally {
      this.#running.delete(this);
    }
  }

  #last(kind: "ended" | "refused", value: unknown): void {
    if (this.#isGone) return;
    this.#socket.end(encodeJsonFrame(kind, value));
  }

  /** What cannot be started has an end on record, too. */
  async #start(request: ProcessRequest): Promise<StartedWork> {
    const prepared = await prepare(this.#options, request);
    const { cells } = this.#options.commands;
    const sink: Sink = (stream, bytes) => {
      prepared.beforeOutput();
      return this.#send(stream, bytes);
    };
    const { finish, launch } = prepared;
    if (this.#isGone) {
      finish({ ...neverStarted, outputBytes: 0 });
      throw new CloisterError("the client went away", { code: "cancelled" });
    }
    if ("said" in launch) return { work: sayAgain(launch.said, sink), finish };
    if ("bridge" in launch) {
      const work = openBridge(launch.bridge, sink);
      giveInput(work, prepared.input);
      return { work, finish };
    }
    try {
      const work = startWork({ cells, ...launch, timeoutMs: prepared.timeoutMs, sink });
      giveInput(work, prepared.input);
      return { work, finish, gate: prepared.gate };
    } catch (error) {
      finish({ ...neverStarted, outputBytes: 0 });
      throw error;
    }
  }

  async #send(stream: "out" | "err", bytes: Uint8Array): Promise<void> {
    this.#outputBytes += bytes.length;
    for (const piece of piecesOf(bytes)) {
      if (this.#isGone || this.#socket.write(encodeFrame(stream, piece))) continue;
      await new Promise<void>((resolve) => {
        const go = (): void => {
          this.#socket.off("drain", go).off("close", go);
          resolve();
        };
        this.#socket.on("drain", go).on("close", go);
      });
    }
  }
}

const neverStarted: WorkEnd = { exitCode: undefined, signal: undefined, timedOut: false };

function toJson({ exitCode, signal, timedOut }: WorkEnd): object {
  return { exitCode, signal, timedOut };
}

interface StartedWork extends Pick<Prepared, "finish" | "gate"> {
  readonly work: Work;
}
