/** Looks at what the agent says to a server, line by line, before the server hears it. */
import { CloisterError } from "@cloister/base";

/** Of one line: what is to reach the server in its place, what the agent is answered instead, or neither. */
export type LineGate = (line: string) => { readonly pass: string } | { readonly answer: string } | undefined;

export interface GatedLines {
  take(bytes: Uint8Array): void;
  /** What has no line end yet counts as a line. */
  end(): void;
}

export interface GatedEnds {
  readonly pass: (line: Buffer) => void;
  readonly answer: (line: Buffer) => void;
}

const LINE_BYTES_MAX = 16 * 1024 * 1024;
const LINE_FEED = 10;

/** `take` throws CloisterError `bad-frame` for a line that is too long. */
export function createGatedLines(gate: LineGate, { pass, answer }: GatedEnds): GatedLines {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const hold = (bytes: Uint8Array): void => {
    heldBytes += bytes.length;
    if (heldBytes > LINE_BYTES_MAX) {
      throw new CloisterError("a line to a server has no end", { code: "bad-frame" });
    }
    held.push(bytes);
  };
  const flush = (): void => {
    const line = Buffer.concat(held).toString("utf8");
    held = [];
    heldBytes = 0;
    const said = line.trim() === "" ? undefined : gate(line);
    if (said === undefined) return;
    if ("pass" in said) pass(Buffer.from(`${said.pass}\n`));
    else answer(Buffer.from(`${said.answer}\n`));
  };
  return {
    take(bytes) {
      let from = 0;
      for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
        hold(bytes.subarray(from, at));
        flush();
        from = at + 1;
      }
      if (from < bytes.length) hold(bytes.slice(from));
    },
    end: flush,
  };
}
