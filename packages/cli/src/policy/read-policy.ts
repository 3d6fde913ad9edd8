/** The text of a policy file, read with the line of each rule. */
import { CloisterError } from "@cloister/base";
import { parsePolicy, type LineOf, type Policy, type Problem } from "@cloister/policy";

const FILE_CHARS_MAX = 4 * 1024 * 1024;
/** YAML lets a few lines of aliases stand for gigabytes. */
const ALIASES_MAX = 100;
const PROBLEMS_SHOWN_MAX = 20;

/** @throws CloisterError `bad-policy` with every fault and its line: a policy that is half read protects nobody */
export async function readPolicyText(text: string, path: string): Promise<Policy> {
  if (text.length > FILE_CHARS_MAX) throw badPolicy(path, `it is longer than ${FILE_CHARS_MAX} characters`);
  // Loaded only where there is a policy: a start without one must not pay for it.
  const { LineCounter, isNode, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    uniqueKeys: true,
    lineCounter: lines,
    prettyErrors: true,
  });
  const [error] = document.errors;
  if (error !== undefined) throw badPolicy(path, error.message);
  const lineOf: LineOf = (way) => {
    for (let length = way.length; length > 0; length--) {
      const node: unknown = document.getIn(way.slice(0, length), true);
      if (isNode(node) && Array.isArray(node.range)) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (cause) {
    throw badPolicy(path, "its aliases stand for too much", cause);
  }
  const parsed = parsePolicy(value, lineOf);
  if (parsed.kind === "policy") return parsed.policy;
  throw badPolicy(path, parsed.problems.slice(0, PROBLEMS_SHOWN_MAX).map(formatProblem).join("\n  "));
}

function formatProblem({ path, line, message }: Problem): string {
  return `line ${line ?? "?"}: ${path === "" ? "the file" : path} ${message}`;
}

function badPolicy(path: string, why: string, cause?: unknown): CloisterError {
  return new CloisterError(`${path} is no valid policy:\n  ${why}`, {
    code: "bad-policy",
    next: "mend it, and try it with: cloister policy check FILE; until then nothing is sent",
    cause,
  });
}
