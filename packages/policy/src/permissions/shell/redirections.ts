import { skipBlanks } from "./lines.ts";
import { plainWord, take, type Reading } from "./reading.ts";
import { Unreadable, type Redirection } from "./script.ts";
import { readWord } from "./words.ts";

const operators = /&>>|&>|<<<|<<-|<<|<>|<&|>>|>\||>&|<|>/uy;

/** From its operator on; a descriptor's number has been read. */
export function parseRedirection(reading: Reading): Redirection {
  const operator = take(reading, operators);
  if (operator === undefined) throw new Unreadable("a redirection has no operator");
  skipBlanks(reading);
  const target = readWord(reading);
  if (target === undefined) throw new Unreadable("a redirection has no target");
  if (operator === "<<" || operator === "<<-") {
    if (target.literal === undefined) throw new Unreadable("the end of a here-document is not plain");
    const redirection = { kind: "text", operator, target: plainWord("") } as const;
    const pending: { -readonly [K in keyof Redirection]: Redirection[K] } = { ...redirection };
    const dropsTabs = operator === "<<-";
    reading.bodies.push({
      delimiter: target.literal,
      isQuoted: target.isQuoted,
      dropsTabs,
      redirection: pending,
    });
    return pending;
  }
  if (operator === "<<<") return { kind: "text", operator, target };
  // zsh overwrites with `>!`, where Bash writes to a file of that name.
  if (/^[!|]/u.test(target.text)) throw new Unreadable(`"${operator}${target.text}" differs between shells`);
  if (operator.endsWith("&") && /^(?:\d+-?|-)$/u.test(target.literal ?? "")) {
    return { kind: "duplicate", operator, target };
  }
  if (operator === "<&") throw new Unreadable("a redirection copies a descriptor that is not known");
  return { kind: operator === "<" ? "read" : "write", operator, target };
}
