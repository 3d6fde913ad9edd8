/**
 * strip-ansi 6.0.1 depends on ansi-regex 5; version 6 is an ES module, so the upgrade breaks its `require`. Twice: with
 * what was installed before, since the cell has no network; and installing it in the cell, from the one allowed host.
 */
import assert from "node:assert/strict";
import { install } from "./checkout.ts";
import type { RegistryAddress } from "./registry.ts";
import { after, bash, call, edit, plan, read, type RealTask } from "./task.ts";

export const upgradeVersions: readonly string[] = ["5.0.1", "6.1.0"];

const steps = ["Write tests of what it does now", "Upgrade", "Adapt the code", "Run the tests"];

const tests = `import assert from 'node:assert/strict';
import test from 'node:test';
import stripAnsi from './index.js';

test('strips colours and links', () => {
	assert.equal(stripAnsi('\\u001B[31mred\\u001B[39m'), 'red');
	assert.equal(stripAnsi('\\u001B]8;;https://a.test\\u0007link\\u001B]8;;\\u0007'), 'link');
});

test('lets other values pass', () => {
	assert.equal(stripAnsi(5), 5);
});
`;

const prepare = `npm pkg delete devDependencies
npm pkg set scripts.test="node --test"
npm pkg set exports="./index.js"
${install}`;

const prompt =
  "Upgrade ansi-regex to version 6. strip-ansi itself may become an ES module for it. It has no tests: write some first.";

const oldCode = `'use strict';
const ansiRegex = require('ansi-regex');

module.exports = string => typeof string === 'string' ? string.replace(ansiRegex(), '') : string;
`;
const newCode = `import ansiRegex from 'ansi-regex';

export default function stripAnsi(string) {
	return typeof string === 'string' ? string.replace(ansiRegex(), '') : string;
}
`;

const before: RealTask["turns"] = [
  {
    text: "First what is there.",
    calls: [plan(steps, 0), read("package.json"), read("index.js"), read("index.d.ts")],
  },
  after(["export"], {
    calls: [call("Write", { file_path: "test.mjs", content: tests }), bash("npm test 2>&1 | tail -12")],
  }),
];

const afterwards: RealTask["turns"] = [
  {
    calls: [plan(steps, 2), bash("npm test 2>&1 | grep -E 'TypeError|^# |^ℹ (pass|fail)'")],
  },
  after(["TypeError"], {
    text: "Version 6 is an ES module, so this becomes one.",
    calls: [
      // The model forgets that the file has a line between the two.
      edit("index.js", { from: oldCode.replace("\n\n", "\n"), to: newCode }),
    ],
  }),
  after(["old_string is not in index.js", "Nearest to it"], {
    calls: [
      edit("index.js", { from: oldCode, to: newCode }),
      edit("index.d.ts", { from: "export = stripAnsi;", to: "export default stripAnsi;" }),
      bash("npm pkg set type=module && npm pkg set engines.node='>=12'"),
    ],
  }),
  {
    calls: [
      plan(steps, 3),
      bash("npm test 2>&1 | grep -E '^ℹ (pass|fail)|^# (pass|fail)'; git status --short"),
    ],
  },
  after(["pass 2", "fail 0", "M index.js"], { text: "ansi-regex is 6.1.0; strip-ansi is an ES module now." }),
];

const check: RealTask["check"] = async ({ outside }) => {
  const run = await outside("npm test");
  assert.equal(run.code, 0, run.output);
  assert.match(run.output, /pass 2/);
  const installed = await outside("node -p 'require(\"./node_modules/ansi-regex/package.json\").version'");
  assert.equal(installed.output.trim(), "6.1.0");
  const asked = await outside(
    'node -p \'const p = require("./package.json"); [p.type, p.dependencies["ansi-regex"]].join()\'',
  );
  assert.equal(asked.output.trim(), "module,^6.1.0");
  const status = await outside("git status --short | grep -v package-lock.json");
  assert.equal(status.output, " M index.d.ts\n M index.js\n M package.json\n?? test.mjs\n");
};

const common = {
  archive: "strip-ansi@6.0.1",
  prompt,
  check,
  shown: ["index.d.ts", "index.js", "package.json"],
};

export const upgrade: RealTask = {
  ...common,
  name: "a dependency upgrade, fetched beforehand: strip-ansi 6.0.1 to ansi-regex 6",
  prepare: `${prepare}\n${install} --no-save ansi-regex@6.1.0`,
  turns: [
    ...before,
    // A model tries what it knows, and is told by npm that there is nobody to ask.
    { calls: [bash("npm install ansi-regex@6 2>&1 | tail -5")] },
    after(["npm error"], {
      text: "No network here; node_modules already has it, so I only name it.",
      calls: [
        plan(steps, 1),
        bash("node -p 'require(\"ansi-regex/package.json\").version'"),
        edit("package.json", { from: '"ansi-regex": "^5.0.1"', to: '"ansi-regex": "^6.1.0"' }),
      ],
    }),
    ...afterwards,
  ],
};

/** @param registry a stand-in on loopback, which has both versions */
export function upgradeFromRegistry({ url, allow }: RegistryAddress): RealTask {
  return {
    ...common,
    name: "a dependency upgrade, installed in the cell from the one host that is allowed",
    prepare,
    args: ["--allow-host", allow],
    turns: [
      ...before,
      {
        calls: [
          plan(steps, 1),
          bash(`${install} --registry ${url} ansi-regex@6 2>&1 | tail -5; ls node_modules`),
        ],
      },
      after(["ansi-regex"], { calls: [bash("cat node_modules/ansi-regex/package.json | grep version")] }),
      ...afterwards.map((turn, n) => (n === 0 ? after(['"6.1.0"'], turn) : turn)),
    ],
  };
}
