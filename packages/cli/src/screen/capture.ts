/** What a command of the command line prints, as lines for the screen. Nobody is at its terminal, so it asks nothing. */
import { Readable, Writable } from "node:stream";
import type { Environment } from "../environment.ts";

const CHARS_MAX = 4_000_000;

/** Without colours. @throws what the command throws */
export async function capture(
  environment: Environment,
  run: (environment: Environment) => Promise<number>,
): Promise<readonly string[]> {
  let text = "";
  const sink = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      if (text.length < CHARS_MAX) text += chunk.toString();
      done();
    },
  });
  const stdout = Object.assign(sink, { isTTY: false }) as unknown as NodeJS.WriteStream;
  const stdin = Object.assign(Readable.from([]), { isTTY: false }) as unknown as NodeJS.ReadStream;
  await run({ ...environment, stdin, stdout, stderr: stdout, colour: false });
  return text.trim() === "" ? [] : text.trimEnd().split("\n");
}
