/** `sed` can run commands (`e`, `s///e`) and write files (`w`, `s///w`, `-i`): only what surely does neither passes. */
import type { Word } from "./shell/script.ts";

const options =
  /^(?:-[nErsuz]+|--(?:quiet|silent|regexp-extended|null-data|separate|unbuffered|posix|sandbox))$/u;
const address = String.raw`(?:\d+|\$|/(?:[^/\\\n;{}]|\\[^\n])*/)`;
const statement = new RegExp(
  String.raw`^\s*(?:${address}(?:,\+?${address})?)?\s*!?\s*(?:[pdlnNDPhHgGx=]|q\d*|s([/|,#:@])(?:(?!\1)[^\\\n]|\\[^\n])*\1(?:(?!\1)[^\\\n]|\\[^\n])*\1[gpiI0-9]*)?\s*$`,
  "u",
);

export function isSafeSed(rest: readonly Word[]): boolean {
  const scripts: string[] = [];
  let hasExpression = false;
  let isOperand = false;
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at];
    if (word === undefined) break;
    if (isOperand || !word.start.startsWith("-") || word.literal === "-") {
      // An option may follow a file's name, so what is not known may be one.
      if (word.literal === undefined && (word.splits || word.start === "")) return false;
      if (!hasExpression && scripts.length === 0) {
        if (word.literal === undefined) return false;
        scripts.push(word.literal);
      }
    } else if (word.literal === "--") isOperand = true;
    else if (word.literal === "-e" || word.literal === "--expression") {
      // A script that stands before it is a file then: better asked.
      if (!hasExpression && scripts.length > 0) return false;
      hasExpression = true;
      at += 1;
      const expression = rest[at]?.literal;
      if (expression === undefined) return false;
      scripts.push(expression);
    } else if (!options.test(word.literal ?? "")) return false;
  }
  return scripts.length > 0 && scripts.every(isSafeScript);
}

function isSafeScript(script: string): boolean {
  if (script.length > 1000) return false;
  // As a whole first: a `;` may stand in a replacement. In pieces otherwise; a piece that was cut wrongly does not match.
  return statement.test(script) || script.split(/[;\n]/u).every((piece) => statement.test(piece));
}
