/** A function of qs 6.11.2 is renamed in its library and forgotten in its tests, which say so; then there too. */
import assert from "node:assert/strict";
import { install } from "./checkout.ts";
import { after, bash, call, edit, plan, read, type RealTask } from "./task.ts";

const steps = ["Find every use", "Rename in lib", "Run the tests"];

/** Those that its tests import; the rest is for publishing and checking style. */
const needed = [
  "for-each",
  "has-override-mistake",
  "has-property-descriptors",
  "has-symbols",
  "iconv-lite",
  "mock-property",
  "object-inspect",
  "qs-iconv",
  "safer-buffer",
  "tape",
];

const trim = `
const json = JSON.parse(require("fs").readFileSync("package.json", "utf8"));
const needed = ${JSON.stringify(needed)};
json.devDependencies = Object.fromEntries(needed.map((name) => [name, json.devDependencies[name]]));
json.scripts = { test: "tape \\"test/**/*.js\\"" };
require("fs").writeFileSync("package.json", JSON.stringify(json, null, 4) + "\\n");
`;

export const rename: RealTask = {
  name: "a rename across files: qs 6.11.2, combine becomes concatValues",
  archive: "qs@6.11.2",
  prepare: `cat > trim.cjs <<'END'\n${trim}END\nnode trim.cjs && rm trim.cjs\n${install}`,
  prompt: "Rename utils.combine to concatValues everywhere. dist/ is built at release, leave it alone.",
  turns: [
    {
      text: "I look for every use.",
      calls: [
        plan(steps, 0),
        call("Grep", { pattern: "\\bcombine\\b", path: "lib", output_mode: "content" }),
        call("Grep", { pattern: "utils.combine", output_mode: "files_with_matches" }),
      ],
    },
    after(["lib/parse.js"], {
      calls: [plan(steps, 1), read("lib/utils.js", 220, 40), read("lib/parse.js", 100, 12)],
    }),
    after(["utils.combine(obj[key], val)"], {
      calls: [
        // Copied with the number that Read puts before the line, and misremembered.
        edit("lib/utils.js", {
          from: "226\tvar combine = function combine(first, second) {",
          to: "var concatValues = function concatValues(a, b) {",
        }),
        edit("lib/utils.js", { from: "    combine: combine,", to: "    concatValues: concatValues," }),
        edit("lib/parse.js", { from: "utils.combine(", to: "utils.concatValues(" }),
      ],
    }),
    {
      expect: { bodyContains: ["Leave out the line numbers"], lastMessageContains: ["Edited lib/parse.js"] },
      calls: [
        edit("lib/utils.js", {
          from: "var combine = function combine(a, b) {",
          to: "var concatValues = function concatValues(a, b) {",
        }),
      ],
    },
    after(["Edited lib/utils.js"], {
      calls: [plan(steps, 2), bash("npm test 2>&1 | grep -v '^ok' | tail -30")],
    }),
    after(["utils.combine is not a function"], {
      text: "The tests use it too.",
      calls: [call("Grep", { pattern: "combine\\(", path: "test", output_mode: "content" })],
    }),
    after(["test/utils.js"], {
      calls: [
        edit("test/utils.js", { from: "utils.combine(", to: "utils.concatValues(", everywhere: true }),
        edit("test/utils.js", { from: "test('combine()'", to: "test('concatValues()'" }),
      ],
    }),
    after(["Edited test/utils.js"], {
      calls: [bash("npm test 2>&1 | tail -6; grep -rnw combine lib test README.md; git diff --stat")],
    }),
    after(["# ok", "3 files changed"], { calls: [plan(steps, steps.length)] }),
    { text: "combine is concatValues now, in lib and test; all tests pass." },
  ],
  shown: ["lib/parse.js", "lib/utils.js", "test/utils.js"],
  check: async ({ outside }) => {
    const tests = await outside("npm test");
    assert.equal(tests.code, 0, tests.output.slice(-2000));
    assert.match(tests.output, /# pass {2}569/);
    assert.equal((await outside("grep -rnw combine lib test")).output, "");
    const diff = await outside("git diff --numstat; git status --short");
    assert.equal(
      diff.output,
      "1\t1\tlib/parse.js\n2\t2\tlib/utils.js\n5\t5\ttest/utils.js\n M lib/parse.js\n M lib/utils.js\n M test/utils.js\n",
    );
  },
};
