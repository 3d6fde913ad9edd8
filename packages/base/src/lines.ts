import { StringDecoder } from "node:string_decoder";
import { CloisterError } from "./errors.ts";

/**
 * Splits a stream of bytes into lines, whatever the chunking and wherever a character is cut. The last line
 * needs no line feed. Empty lines are passed on.
 * @throws CloisterError `line-too-long` when no line feed comes within `lineCharsMax` characters.
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  limits: { readonly lineCharsMax: number },
): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of source) {
    rest += decoder.write(chunk);
    let from = 0;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", from)) {
      yield rest.slice(from, end);
      from = end + 1;
    }
    rest = rest.slice(from);
    if (rest.length > limits.lineCharsMax) {
      throw new CloisterError(`a line is longer than ${limits.lineCharsMax} characters`, {
        code: "line-too-long",
      });
    }
  }
  rest += decoder.end();
  if (rest !== "") yield rest;
}
