/** A stream whose lines are said on a screen. */
import { Writable } from "node:stream";

export function toLines(say: (line: string) => void): NodeJS.WriteStream {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      for (const line of chunk.toString().split("\n")) {
        if (line.trim() !== "") say(line);
      }
      done();
    },
  });
  // Whoever asks is told that nobody reads this as a terminal.
  return Object.assign(stream, { isTTY: false }) as unknown as NodeJS.WriteStream;
}
