/** Edits that make tests easier to pass rather than code better. */
import { excerptOf, type AddedLine, type CodeFinding, type FileEdit } from "./edit.ts";

const testFiles =
  /(^|\/)(tests?|specs?|__tests__|e2e)\/|[._-](test|spec)\.[a-z]+$|(^|\/)test_[^/]+\.py$|_test\.(go|py|rb|ts|js|exs|cc|cpp)$|Tests?\.(java|kt|cs|swift)$|_spec\.rb$/;

const skips =
  /\b(it|test|describe|context|suite)\.(skip|todo|failing|fixme)\b|\b(xit|xtest|xdescribe|xcontext|pending)\s*\(|@(pytest\.mark\.(skip|xfail)|unittest\.skip|Ignore|Disabled)\b|\bt\.(Skip|SkipNow|Skipf)\(|#\[ignore\b|\bskip:\s*true|\braise\s+(unittest\.)?SkipTest|\bit\.only\b|\bpytest\.skip\(/;
const hollow =
  /\bexpect\((true|1)\)\.(toBe|toEqual)\((true|1)\)|\bassert(\.ok|\.equal|True|_true)?\s*\(?\s*(true|True|1)\s*(,\s*(true|True|1)\s*)?\)?\s*;?\s*$|\bassert\s+True\b|\bassert!\(true\)/;
const assertions =
  /\b(assert\w*|expect|should|require\.\w+|t\.(Error|Fatal|Errorf|Fatalf|is|equal|deepEqual)|EXPECT_\w+|ASSERT_\w+|XCTAssert\w*)\b/g;
const threshold =
  /\b(fail_under|minimum_coverage|lines|branches|functions|statements|coverageThreshold)\b["']?\s*[:=]\s*(\d+)/;

export function findWeakenedTests(edit: FileEdit, added: readonly AddedLine[]): CodeFinding[] {
  const found: CodeFinding[] = [];
  const report = (line: number | undefined, text: string, why: string): void => {
    found.push({ kind: "weakened-test", line, excerpt: excerptOf(text), why });
  };
  for (const { text, line } of added) {
    if (
      /(npm (run )?test|pytest|cargo test|go test|make (check|test)|jest|vitest)\b.*\|\|\s*(true|:|exit 0)\b/.test(
        text,
      )
    ) {
      report(line, text, "tests that fail do not count any more");
    }
    if (/continue-on-error:\s*true|allow_failure:\s*true/.test(text)) {
      report(line, text, "a step that fails does not count any more");
    }
  }
  checkThreshold(edit, added, report);
  if (!testFiles.test(edit.path)) return found;
  if (edit.after === undefined) {
    if (edit.before !== undefined && count(edit.before) > 0) {
      report(undefined, edit.path, "a file of tests goes away");
    }
    return found;
  }
  for (const { text, line } of added) {
    if (skips.test(text)) report(line, text, "a test is left out");
    if (hollow.test(text)) report(line, text, "it can never fail");
  }
  const lost = count(edit.before ?? "") - count(edit.after);
  if (lost > 0) report(undefined, edit.path, `${lost} checks less than before`);
  return found;
}

function count(text: string): number {
  return text.match(assertions)?.length ?? 0;
}

function checkThreshold(
  edit: FileEdit,
  added: readonly AddedLine[],
  report: (line: number, text: string, why: string) => void,
): void {
  for (const { text, line } of added) {
    const [, name = "", now = ""] = threshold.exec(text) ?? [];
    const before =
      name === ""
        ? undefined
        : new RegExp(`\\b${name}\\b["']?\\s*[:=]\\s*(\\d+)`).exec(edit.before ?? "")?.[1];
    if (before !== undefined && Number(now) < Number(before)) report(line, text, `${name} was ${before}`);
  }
}
