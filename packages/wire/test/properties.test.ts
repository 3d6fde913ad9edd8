import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "@cloister/base";
import { neverHangs } from "@cloister/fakes/hangs";
import { callsOf, readToolset, recoverText, summary, visibleText } from "./case.ts";
import { createRandom, type Random } from "./random.ts";
import { WRITERS, type WrittenCall } from "./writers.ts";

const tools = readToolset();
const ROUNDS = 10_000;
const FIRST_SEED = 20_261_121;

const WORDS = [
  "tide",
  "lamp",
  "buoy ",
  "  deck",
  "\n",
  "\t",
  "é",
  "码头",
  "🛟",
  "a < b",
  "x && y > 1",
  "{}",
  '"',
  "'",
];
const FOREIGN = [
  "<think>",
  "</think>",
  "```",
  "`code`",
  "&lt;",
  "\\n",
  "<a href='#'>",
  "</div>",
  "[ARGS]",
  "<|end|>",
];

test("calls written in any dialect and cut anywhere come out as they were, white space and markup included", () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const seed = FIRST_SEED + round;
    const random = createRandom(seed);
    const writer = random.pick(WRITERS);
    const calls = Array.from({ length: 1 + random.below(3) }, () => randomCall(random, writer.ownTags));
    const prose = writer.allowsProse && random.chance(0.5) ? `${randomProse(random)}\n` : "";
    const text = prose + writer.write(calls);
    const events = recoverText(randomCuts(text, random), "stop", tools);
    const wanted = calls.map(({ name, args }) => ({ name, arguments: args }));
    assert.ok(
      isDeepStrictEqual(callsOf(events), wanted),
      `seed ${seed}, ${writer.name}:\n${text}\n---\n${summary(events)}`,
    );
    assert.equal(visibleText(events).trimEnd(), prose.trimEnd(), `seed ${seed}, ${writer.name}: ${text}`);
  }
});

test("prose, code and Markdown that talk about markup make no call, and come through unchanged", () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const seed = FIRST_SEED + round;
    const random = createRandom(seed);
    const text = Array.from({ length: 1 + random.below(6) }, () => randomPassage(random)).join("\n\n");
    const events = recoverText(randomCuts(text, random), "stop", tools);
    const shown = visibleText(events);
    const others = events.filter(({ kind }) => kind !== "text" && kind !== "end");
    assert.ok(
      others.length === 0 && shown === text,
      `seed ${seed}:\n${text}\n---\n${shown}\n${summary(others)}`,
    );
  }
});

test("an answer cut anywhere inside its calls runs nothing, shows no markup, and says that it was cut", () => {
  for (let round = 0; round < ROUNDS / 5; round += 1) {
    const seed = FIRST_SEED + round;
    const random = createRandom(seed);
    const writer = random.pick(WRITERS);
    const text = writer.write([randomCall(random, [])]);
    // A bare object means a call only once it names a tool and its arguments.
    const from = writer.allowsProse ? 14 : text.search(/"(?:arguments|parameters)"/) + 12;
    const at = from + random.below(text.length - from);
    const events = recoverText(randomCuts(text.slice(0, at), random), "length", tools);
    assert.deepEqual(callsOf(events), [], `seed ${seed}, ${writer.name}`);
    const isSaid = events.some((event) => event.kind === "refused" && event.cause === "truncated");
    assert.ok(isSaid, `seed ${seed}, ${writer.name}:\n${text.slice(0, at)}\n---\n${summary(events)}`);
    assert.equal(visibleText(events).trim(), "", `seed ${seed}, ${writer.name}:\n${text.slice(0, at)}`);
  }
});

function randomCall(random: Random, ownTags: readonly string[]): WrittenCall {
  const text = (): string => randomText(random, ownTags);
  const optional = (args: JsonObject): JsonObject => (random.chance(0.5) ? args : {});
  const calls: (() => WrittenCall)[] = [
    () => ({ name: "git_status", args: {} }),
    () => ({
      name: "read_file",
      args: { path: randomPath(random), ...optional({ limit: random.below(900) }) },
    }),
    () => ({ name: "write_file", args: { path: randomPath(random), content: text() } }),
    () => ({
      name: "edit_file",
      args: {
        path: randomPath(random),
        old_text: text(),
        new_text: text(),
        ...optional({ replace_all: true }),
      },
    }),
    () => ({ name: "run_command", args: { command: "make lamp", ...optional({ background: false }) } }),
    () => ({
      name: "todo_write",
      args: { items: [{ title: randomPath(random), done: random.chance(0.5) }] },
    }),
    () => ({ name: "fetch_url", args: { url: "https://a.test/?q=<b>", headers: { accept: "*/*" } } }),
  ];
  return random.pick(calls)();
}

function randomPath(random: Random): string {
  return `src/${random.pick(["oar", "mast", "码头"])}/${random.below(99)}.ts`;
}

/** A body: not framed by the line breaks that are layout, and a closing tag in it is followed by words. */
function randomText(random: Random, ownTags: readonly string[]): string {
  const parts = Array.from({ length: random.below(8) }, () => {
    if (ownTags.length > 0 && random.chance(0.15)) return `${random.pick(ownTags)} is a tag`;
    return random.chance(0.3) ? random.pick(FOREIGN) : random.pick(WORDS);
  });
  return `${random.pick(["    ", ""])}a${parts.join(" ")}z${random.pick(["\n", "", "  "])}`;
}

function randomProse(random: Random): string {
  const words = [
    "Let",
    "me",
    "look",
    "at",
    "the",
    "tide",
    "table,",
    "then",
    "write",
    "码头",
    "(again)",
    "x < y",
  ];
  return Array.from({ length: 1 + random.below(12) }, () => random.pick(words)).join(" ");
}

const MENTIONS = [
  "<tool_call>",
  "<function=run_command>",
  "</tool_call>",
  '<｜DSML｜invoke name="run_command">',
  "[TOOL_CALLS]",
  "<|channel|>",
  "<|tool_call_begin|>",
  '<invoke name="x">',
  "]<]minimax[>[",
  "<|open|>",
  "<|tool_call>",
  "<start_function_call>",
  "<|tool_call_start|>",
  "<TOOLCALL>",
  "<tool_calls>",
  "<seed:tool_call>",
  "[TOOL_REQUEST]",
  "functools",
  "<think>",
  "</think>",
  "<arg_key>",
  "<|im_end|>",
];

function randomPassage(random: Random): string {
  const call = random.pick(WRITERS).write([randomCall(random, [])]);
  const passages: (() => string)[] = [
    () => `${randomProse(random)}.`,
    () => `The ${random.pick(MENTIONS)} marker is a word here, and the parser goes on.`,
    () => `Quoted: \`${random.pick(MENTIONS)}\` in code.`,
    () => `As code: \`${call.replaceAll(/[\n`]/g, " ")}\` on one line.`,
    () => `An example:\n\n${fenced(call, random)}\n\nNothing of it runs.`,
    () => `Said before:\n\n${call.replaceAll(/^/gm, "> ")}\n\nby another model.`,
    () => `- one\n- two \`${random.pick(MENTIONS)}\`\n\n| a | b |\n|---|---|\n| 1 | [x](y) |`,
    () => `Text with {"name": "run_command", "arguments": {"command": "ls"}} inside.`,
    () => `Types such as Map<string, Row<number>> and a[0] < b[1] are no markup.`,
  ];
  // The first words make an answer that is no call as a whole.
  return `So ${random.pick(passages)()}`;
}

function fenced(text: string, random: Random): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const mark = random.pick(["`", "~"]).repeat(longest + 1);
  const isTilde = mark.startsWith("~") && text.includes("~~~");
  return `${isTilde ? "~~~~" : mark}${random.pick(["", "xml", "text"])}\n${text}\n${isTilde ? "~~~~" : mark}`;
}

function randomCuts(text: string, random: Random): string[] {
  const most = random.pick([1, 3, 8, 40, 4000]);
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = at + 1 + random.below(most);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

test("a megabyte of hostile text is read to its end, whole and in small pieces", () => {
  const hostile: Record<string, string> = {
    plain: "The tide comes in and goes out again. ",
    blanks: "\n  \t",
    backticks: "`",
    openers: "<tool_call>\n<function=write_file>\n<parameter=path>\n",
    "hermes heads": '<tool_call>\n{"name": "run_command", "arguments": {"command": "',
    closers: "</parameter>\n</function>\n",
    "doubled wrappers": "<tool_call>",
    "glm keys": "<tool_call>read_file<arg_key>path",
    angles: "<",
    brackets: "[TOOL_CALLS]",
    dsml: '<｜DSML｜invoke name="write_file"><｜DSML｜parameter name="content" string="true">',
    harmony: "<|start|>assistant<|channel|>final<|message|>",
    json: '{"name": {"a": [',
    thinking: "<think>\n<tool_call>\n",
    "wordy wrappers": "<tool_call>\nsome words\n",
    "kimi k3 tags": '<|open|>call tool="write_file" index="1"<|sep|><|open|>argument key="content"<|sep|>',
    "gemma strings": '<|tool_call>call:write_file{content:<|"|><tool_call|><|"|>,',
    "minimax elements": "]<]minimax[>[<items>]<]minimax[>[<item>",
    "quoted calls": '"<tool_call>{"name": "git_status", "arguments": {}}</tool_call>" ',
    layout: "<|close|>response<|sep|>",
    "whole calls": '<tool_call>{"name": "git_status", "arguments": {}}</tool_call>\n',
    "bare objects": '{"name": "git_status", "arguments": {}}\n',
  };
  for (const [name, unit] of Object.entries(hostile)) {
    for (const prefix of ["", "<tool_call>\n<function=write_file>\n<parameter=content>\n"]) {
      const text = prefix + unit.repeat(Math.ceil(1_000_000 / unit.length));
      for (const size of prefix === "" ? [text.length, 9] : [text.length]) {
        const pieces: string[] = [];
        for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
        neverHangs(`${name}, pieces of ${size}`, () => recoverText(pieces, "stop", tools));
      }
    }
  }
});

test("plain text passes in the pieces it came in, none held back for the next", () => {
  const piece = "The tide comes in, and goes out; nothing here looks like markup at all.\n";
  const pieces = Array.from({ length: 100_000 }, (): Json => piece).map(String);
  const events = recoverText(pieces, "stop", tools);
  assert.equal(events.length, pieces.length + 1);
});
