import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lineWidth, linesOf } from "@cloister/console";
import { parseArguments, runOptionNames, type Arguments } from "../../arguments.ts";
import { cellOptions } from "../../cell-arguments.ts";
import { trustOptions } from "../../extension/extension-arguments.ts";
import { helpTopics, type HelpTopic } from "../../help-arguments.ts";
import { mcpOptions } from "../../mcp/mcp-arguments.ts";
import { permissionsOptionNames } from "../../permissions/permission-arguments.ts";
import { policyOptions } from "../../policy/policy-arguments.ts";
import { scanOptions } from "../../scan-arguments.ts";
import { sessionsOptions } from "../../sessions/session-arguments.ts";
import { settingNames } from "../../settings.ts";
import { en } from "./en.ts";
import { helpFor } from "./help.ts";
import { zh } from "./zh.ts";

/** The compiler asks for a place for each command there is. */
const topicOf: Readonly<Record<Exclude<Arguments["command"], "help" | "version">, HelpTopic>> = {
  run: "run",
  interactive: "run",
  versus: "run",
  tour: "tour",
  "ledger-verify": "ledger",
  "ledger-show": "ledger",
  "ledger-exposure": "ledger",
  airlock: "airlock",
  acp: "acp",
  rehearse: "rehearse",
  cell: "cell",
  "cell-review": "cell",
  "cell-doctor": "cell",
  "permissions-list": "permissions",
  "permissions-why": "permissions",
  "policy-check": "policy",
  "policy-show": "policy",
  "policy-schema": "policy",
  "policy-sign": "policy",
  "policy-explain": "policy",
  "policy-fingerprint": "policy",
  scan: "scan",
  mcp: "mcp",
  "mcp-serve": "mcp",
  trust: "trust",
  plugin: "plugin",
  quest: "quest",
  wiki: "wiki",
  "sessions-list": "sessions",
  "sessions-show": "sessions",
  "sessions-rename": "sessions",
  "sessions-export": "sessions",
  "sessions-delete": "sessions",
  "sessions-rewind": "sessions",
  "worktrees-list": "worktrees",
  "worktrees-remove": "worktrees",
};

/** What each page's parser takes. Pages without a table share the one of a run. */
const ownTables: Partial<Readonly<Record<HelpTopic, readonly string[]>>> = {
  cell: Object.keys(cellOptions),
  mcp: Object.keys(mcpOptions),
  permissions: permissionsOptionNames,
  policy: Object.keys(policyOptions),
  scan: Object.keys(scanOptions),
  sessions: Object.keys(sessionsOptions),
  trust: Object.keys(trustOptions),
  worktrees: Object.keys(sessionsOptions),
  plugin: [],
};

function optionsIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/(?<![\w-])--([a-z][a-z-]*)/gu)].map(([, name = ""]) => name));
}

const guide = readFolder("guide") + readFolder("operate");

function readFolder(name: string): string {
  const folder = join(import.meta.dirname, "../../../../../docs", name);
  const pages = readdirSync(folder).filter((file) => file.endsWith(".md"));
  return pages.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
}

test("the first page fits a small terminal, in both languages, and leads to every other", () => {
  for (const { first } of [en, zh]) {
    const lines = first.trimEnd().split("\n");
    assert.ok(lines.length <= 22, "two lines are the shell's own");
    for (const line of lines) assert.ok(lineWidth(linesOf(line).flat()) < 80, line);
    const missing = helpTopics.filter((topic) => !new RegExp(`\\b${topic}\\b`, "u").test(first));
    assert.deepEqual(missing, []);
  }
});

test("every command that the product knows stands on its page, in both languages", () => {
  for (const { pages } of [en, zh]) {
    for (const [command, topic] of Object.entries(topicOf)) {
      const [noun = "", verb] = command.split("-");
      if (topic === "run") assert.match(pages.run, /^cloister .*\ncloister -p /u);
      else if (verb === "list") assert.match(pages[topic], new RegExp(`cloister ${noun} \\[list\\]`, "u"));
      else assert.match(pages[topic], new RegExp(`cloister ${command.replace("-", " ")}\\b`, "u"));
    }
  }
});

test("every option that a parser takes stands on its page, and no page names one that is not taken", () => {
  for (const { pages } of [en, zh]) {
    const shared = new Set<string>();
    for (const topic of helpTopics) {
      const named = optionsIn(pages[topic]);
      const table = ownTables[topic];
      const taken = topic === "worktrees" ? [...named] : (table ?? [...named]);
      assert.deepEqual(
        taken.filter((name) => !named.has(name)),
        [],
        `not on the page ${topic}`,
      );
      const known = new Set(table ?? runOptionNames);
      // `--worktree` is what the sessions were begun with.
      if (topic === "worktrees") known.add("worktree");
      assert.deepEqual(
        [...named].filter((name) => !known.has(name)),
        [],
        `only on the page ${topic}`,
      );
      if (table === undefined) for (const name of named) shared.add(name);
    }
    assert.deepEqual(
      runOptionNames.filter((name) => !shared.has(name) && name !== "help"),
      [],
    );
  }
});

test("both languages name the same options and commands, page by page", () => {
  const codes = (text: string): string[] =>
    [...text.matchAll(/--[a-z-]+|cloister [a-z]+(?: [a-z]+)?/gu)].map(String).sort();
  for (const topic of helpTopics) assert.deepEqual(codes(zh.pages[topic]), codes(en.pages[topic]), topic);
  for (const page of [zh.first, ...Object.values(zh.pages)]) assert.match(page, /\p{Script=Han}/u);
  for (const page of [en.first, ...Object.values(en.pages)]) assert.doesNotMatch(page, /\p{Script=Han}/u);
});

test("the guides speak of every command and every option of the help", () => {
  const all = Object.values(en.pages).join("\n");
  const named = optionsIn(guide);
  assert.deepEqual(
    [...optionsIn(all)].filter((name) => !named.has(name)),
    [],
  );
  const silent = Object.keys(topicOf).filter((command) => {
    const [noun = "", verb] = command.split("-");
    if (["run", "interactive", "versus"].includes(noun)) return false;
    const said = verb === undefined || verb === "list" ? noun : `${noun} ${verb}`;
    return !new RegExp(`cloister ${said}\\b`, "u").test(guide);
  });
  assert.deepEqual(silent, []);
});

test("the page on settings names every setting of ours, and so do the guides", () => {
  for (const page of [en.pages.settings, zh.pages.settings]) {
    assert.deepEqual(
      settingNames.filter((name) => !page.includes(`"${name}"`)),
      [],
    );
  }
  assert.deepEqual(
    settingNames.filter((name) => !guide.includes(`"${name}"`)),
    [],
  );
});

test("help is asked for in whatever way comes to mind", () => {
  const help = (...argv: string[]): unknown => parseArguments(argv);
  for (const argv of [["--help"], ["-h"], ["help"]]) {
    assert.deepEqual(help(...argv), { command: "help", topic: undefined });
  }
  for (const topic of helpTopics) {
    assert.deepEqual(help("help", topic), { command: "help", topic });
    assert.deepEqual(help(topic, "--help"), { command: "help", topic });
  }
  assert.deepEqual(help("cell", "doctor", "-h"), { command: "help", topic: "cell" });
  assert.deepEqual(help("help", "cell", "doctor"), { command: "help", topic: "cell" });
  assert.deepEqual(help("-p", "--help"), { command: "help", topic: "run" });
  assert.deepEqual(help("--model", "x", "--help"), { command: "help", topic: "run" });
  assert.throws(() => help("help", "dance"), { code: "usage", next: /cloister help run \| sessions/u });
});

test("what stands behind -- is somebody else's, their --help too", () => {
  const { command } = parseArguments(["cell", "--", "npm", "--help"]);
  assert.equal(command, "cell");
});

test("the language of help is the locale's", () => {
  assert.equal(helpFor("zh_CN.UTF-8", undefined), zh.first);
  assert.equal(helpFor("C.UTF-8", "cell"), en.pages.cell);
});
