/**
 * The two-way stream between the agent and a process that the keeper started for it, over the keeper's socket after
 * an HTTP upgrade. A frame is one byte for its kind, four for the length of what follows (big-endian), and that.
 *
 * The client begins with `request`; the keeper answers with `started`, or with `refused` and the end. Then the client
 * may send `input`, `input-end`, `size` and `kill`, and the keeper `out`, `err`, `taken` and, last, `ended`.
 *
 * No more than `INPUT_WINDOW_BYTES` of input are under way: what the process took is told by `taken`. So the keeper
 * never has to stop listening, and hears of a kill, and of a client that is gone, however slowly a process reads. In
 * the other direction the socket itself slows the process down.
 */
import { CloisterError } from "@cloister/base";

export const PROCESS_PATH = "/cloister/processes";
export const PROCESS_PROTOCOL = "cloister-process";
export const INPUT_WINDOW_BYTES: number = 256 * 1024;
/** Of `input`, `out` and `err`; longer pieces are sent in several. */
export const PIECE_BYTES_MAX: number = 64 * 1024;
/** Of `request`, which may hold what a hook is told of a call. */
export const FRAME_BYTES_MAX: number = 16 * 1024 * 1024;

export type FrameKind =
  | "request"
  | "input"
  | "input-end"
  | "size"
  | "kill"
  | "started"
  | "refused"
  | "taken"
  | "out"
  | "err"
  | "ended";

const codes: Readonly<Record<FrameKind, number>> = {
  request: 1,
  input: 2,
  "input-end": 3,
  size: 4,
  kill: 5,
  started: 17,
  refused: 18,
  taken: 19,
  out: 20,
  err: 21,
  ended: 22,
};
const kinds: ReadonlyMap<number, FrameKind> = new Map(
  (Object.keys(codes) as FrameKind[]).map((kind) => [codes[kind], kind]),
);
const HEAD_BYTES = 5;

export function encodeFrame(kind: FrameKind, payload: Uint8Array = new Uint8Array()): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame[0] = codes[kind];
  frame.writeUInt32BE(payload.length, 1);
  frame.set(payload, HEAD_BYTES);
  return frame;
}

export function encodeJsonFrame(kind: FrameKind, value: unknown): Buffer {
  return encodeFrame(kind, Buffer.from(JSON.stringify(value)));
}

export function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES_MAX) yield bytes.subarray(at, at + PIECE_BYTES_MAX);
}

/** Takes the stream as it comes and hands on whole frames. @throws CloisterError `bad-frame` */
export function createFrameReader(
  onFrame: (kind: FrameKind, payload: Buffer) => void,
): (chunk: Buffer) => void {
  // Put together only when a frame is whole, so that a long one is copied once.
  let chunks: Buffer[] = [];
  let bytes = 0;
  let wanted = HEAD_BYTES;
  return (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted) return;
    let all = Buffer.concat(chunks);
    wanted = HEAD_BYTES;
    while (all.length >= HEAD_BYTES) {
      const kind = kinds.get(all[0] ?? 0);
      const length = all.readUInt32BE(1);
      if (kind === undefined || length > (kind === "request" ? FRAME_BYTES_MAX : PIECE_BYTES_MAX)) {
        throw new CloisterError("the stream of a process holds something that is no frame", {
          code: "bad-frame",
        });
      }
      wanted = HEAD_BYTES + length;
      if (all.length < wanted) break;
      onFrame(kind, all.subarray(HEAD_BYTES, wanted));
      all = all.subarray(wanted);
      wanted = HEAD_BYTES;
    }
    chunks = [all];
    bytes = all.length;
  };
}
