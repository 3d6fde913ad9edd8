/**
 * minimist 1.2.5 lets an option reach `Function.prototype` (CVE-2021-44906). The script finds it, writes the test that
 * fails, mends two mistakes of its own, and leaves all of the package's tests green.
 */
import assert from "node:assert/strict";
import { install } from "./checkout.ts";
import { after, bash, call, edit, plan, read, type RealTask } from "./task.ts";

const attack = "--_.concat.constructor.prototype.y";
const steps = ["Reproduce it", "Write a failing test", "Mend setKey", "Run all tests"];

const guard = `    function isConstructorOrProto (obj, key) {
        return key === '__proto__'
            || (key === 'constructor' && typeof obj[key] === 'function');
    }

`;

const newTest = `
test('proto pollution (constructor function)', function (t) {
    var argv = parse(['${attack}', '123']);
    function fnToBeTested() {}
    t.equal(fnToBeTested.y, undefined);
    t.equal(argv.y, undefined);
    t.end();
});
`;

const lastTest = `    var argv = parse(['--constructor.prototype.y','123']);
    t.equal({}.y, undefined);
    t.equal(argv.y, undefined);
    t.end();
});
`;

export const bugFix: RealTask = {
  name: "a bug fix with its test: minimist 1.2.5, CVE-2021-44906",
  archive: "minimist@1.2.5",
  // Its first test runner is of 2012; its tests are written for tape, which runs them.
  prepare: `npm pkg delete devDependencies.tap devDependencies.covert
npm pkg set scripts.test="tape test/*.js"
${install}`,
  prompt: `Options such as ${attack} can still write to Function.prototype. Mend it, with a test.`,
  turns: [
    {
      reasoning: "First see how keys are guarded now.",
      text: "I look at how keys are set, then reproduce it.",
      calls: [plan(steps, 0), call("Grep", { pattern: "__proto__", glob: "*.js", output_mode: "content" })],
    },
    after(["index.js", "test/proto.js"], { calls: [read("index.js", 55, 50), read("test/proto.js")] }),
    after(["proto pollution (constructor)"], {
      calls: [bash(`node -e 'require("./")(["${attack}", "123"]); console.log("y is", (function () {}).y)'`)],
    }),
    after(["y is 123"], {
      text: "Reproduced. Now a test that fails.",
      calls: [
        plan(steps, 1),
        edit("test/proto.js", { from: "    t.end();\n});\n", to: `    t.end();\n});\n${newTest}` }),
      ],
    }),
    after(["occurs 5 times in test/proto.js"], {
      calls: [edit("test/proto.js", { from: lastTest, to: lastTest + newTest })],
    }),
    after(["Edited test/proto.js"], { calls: [bash("npm test 2>&1 | tail -25")] }),
    after(["# fail  1"], {
      calls: [
        plan(steps, 2),
        edit("index.js", {
          from: "if (key === '__proto__') return;",
          to: "if (isConstructorOrProto(o, key)) return;",
          everywhere: true,
        }),
      ],
    }),
    after(["2 places"], { calls: [bash("npm test 2>&1 | tail -25")] }),
    after(["isConstructorOrProto is not defined"], {
      text: "The function itself is missing.",
      calls: [
        edit("index.js", {
          from: "    function setKey (obj, keys, value) {\n",
          to: `${guard}    function setKey (obj, keys, value) {\n`,
        }),
      ],
    }),
    after(["Edited index.js"], {
      calls: [plan(steps, 3), bash("npm test 2>&1 | tail -12; git diff --stat")],
    }),
    after(["# ok", "2 files changed"], { calls: [plan(steps, steps.length)] }),
    { text: "Keys that lead to a constructor are refused now; a test holds it, and all others pass." },
  ],
  shown: ["index.js", "test/proto.js"],
  check: async ({ outside }) => {
    const tests = await outside("npm test");
    assert.equal(tests.code, 0, tests.output);
    assert.match(tests.output, /# pass {2}146/);
    const probe = await outside(`node -p 'require("./")(["${attack}", "1"]); (function () {}).y'`);
    assert.equal(probe.output.trim(), "undefined");
    const diff = await outside("git status --short && git diff --numstat");
    assert.equal(
      diff.output,
      " M index.js\n M test/proto.js\n7\t2\tindex.js\n8\t0\ttest/proto.js\n",
      diff.output,
    );
  },
};
