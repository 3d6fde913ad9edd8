import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { decidePermission } from "./decide.ts";
import { parseRules } from "./rules.ts";
import { suggestRules } from "./suggest.ts";

const places = { workspace: "/proj", home: undefined };
const { rules } = parseRules(
  { allow: ["Bash(good *)", "Bash(fine)"], ask: ["Bash(doubtful *)"], deny: ["Bash(bad *)", "Bash(worse)"] },
  { isTrusted: true },
);

function verdictOf(text: string): string {
  return decidePermission(rules, "default", { tool: "Bash", text, places, canAsk: true }).verdict;
}

test("a command is as strict as its strictest part, however it is quoted, spaced and put together", () => {
  const seed = Number(process.env["SEED"] ?? "7");
  const random = createRandom(seed);
  for (let round = 0; round < 1500; round += 1) {
    const { text, verdict } = grow(random, 0);
    assert.equal(verdictOf(text), verdict, `seed ${seed}: ${text}`);
  }
});

interface Grown {
  readonly text: string;
  readonly verdict: string;
}

const parts: readonly (readonly [string, readonly string[]])[] = [
  ["allow", ["good", "a"]],
  ["allow", ["good", "a b; bad x"]],
  ["allow", ["fine"]],
  ["allow", ["ls", "-l"]],
  ["allow", ["echo", "$(bad x)"]],
  ["ask", ["doubtful", "a"]],
  ["ask", ["other"]],
  ["ask", ["goodness", "a"]],
  ["ask", ["fine", "a"]],
  ["deny", ["bad", "a"]],
  ["deny", ["bad"]],
  ["deny", ["worse"]],
];

function grow(random: () => number, depth: number): Grown {
  const choice = depth > 2 ? 0 : random();
  if (choice < 0.4) return simple(random);
  const first = grow(random, depth + 1);
  const second = grow(random, depth + 1);
  const blank = pick(["", " ", "  ", "\t", " \\\n "], random);
  const verdict =
    ["deny", "ask", "allow"].find((each) => each === first.verdict || each === second.verdict) ?? "";
  if (choice < 0.7) {
    const operator = pick(["&&", "||", ";", "|", "|&", "&", "\n", "# x\n"], random);
    const space = operator.startsWith("#") ? ` ${blank}` : blank;
    return {
      text: `${first.text}${operator === "#" ? " " : ""}${space}${operator}${blank === " \\\n " ? " " : blank}${second.text}`,
      verdict,
    };
  }
  const both = pick(
    [
      `( ${first.text}${blank})\n${second.text}`,
      `{ ${first.text}\n}; ${second.text}`,
      `if ${first.text}\nthen ${second.text}\nfi`,
      `for i in a b; do ${first.text}\n${second.text}\ndone`,
      `case a in a) ${first.text};; b|c) ${second.text};; esac`,
      `echo $( ${first.text})\n${second.text}`,
      `echo "$( ${first.text}
)"; ${second.text}`,
      `{ cat <(${first.text}) <<E${depth}\n$( ${second.text.replaceAll("\\\n", " ")})\nE${depth}\n}`,
      `{ cat <<'E${depth}'\n$(bad x)\nE${depth}\n${first.text}\n${second.text}\n}`,
      `! ${first.text} && ${second.text}`,
      `while ${first.text}\ndo ${second.text}\ndone`,
    ],
    random,
  );
  return { text: both, verdict };
}

function simple(random: () => number): Grown {
  const [verdict, words] = pick(parts, random);
  const wrapper = pick(
    ["", "", "", "timeout 5 ", "nice -n 3 ", "nohup ", "command ", "NODE_ENV=a ", "time "],
    random,
  );
  return {
    text: wrapper + words.map((word) => quote(word, random)).join(pick([" ", "  ", "\t", " \\\n"], random)),
    verdict,
  };
}

function quote(word: string, random: () => number): string {
  const isPlain = /^[\w-]+$/u.test(word);
  const ways = [
    `'${word}'`,
    `"${word.replaceAll(/["$`\\]/gu, String.raw`\$&`)}"`,
    word.replaceAll(/[^\w-]/gu, String.raw`\$&`),
    `$'${word}'`,
    `${word.slice(0, 1).replace(/\W/u, String.raw`\$&`)}'${word.slice(1)}'`,
  ];
  return isPlain && random() < 0.6 ? word : pick(ways, random);
}

test("a hostile command is judged in bounded time, and never allowed for its size", () => {
  const long = 9990;
  const hostile = [
    "(".repeat(long),
    "$(".repeat(long / 2),
    "`".repeat(long),
    "{ ".repeat(long / 2),
    '"$('.repeat(long / 3),
    "${x:-".repeat(long / 5),
    "$((".repeat(long / 3),
    "((".repeat(long / 2),
    "if ".repeat(long / 3),
    "! ".repeat(long / 2),
    "time ".repeat(long / 5),
    "f()".repeat(long / 3),
    "a=(".repeat(long / 3),
    "case a in a) ".repeat(long / 13),
    "for a in b; do ".repeat(long / 15),
    `${"<<E ".repeat(long / 4)}\n`,
    "ls;".repeat(long / 3),
    "bad\\\\".repeat(long / 5),
    "sudo ".repeat(long / 5),
    "nohup ".repeat(long / 6),
    "eval ".repeat(long / 5),
    `find . ${"-exec x ".repeat(long / 8)}`,
    `${"env a=b ".repeat(long / 8)}x`,
    `bash -c '${"bash -c ".repeat(long / 9)}'`,
    "cd a;".repeat(long / 5),
    `sed -n '${"1p;".repeat(long / 3)}'`,
    `sed 's/${String.raw`\a`.repeat(long / 3)}'`,
    `${"a".repeat(long)} *`,
    "'".repeat(long - 1),
    "[[ ".repeat(long / 3),
    `echo ${"{a,b}".repeat(long / 5)} && x`,
    `${"\\\n".repeat(long / 2)}bad`,
    `echo ${"$'\\''".repeat(long / 5)}`,
    "x".repeat(200_000),
    `bad ${";bad ".repeat(40_000)}`,
  ];
  const { rules: many } = parseRules(
    {
      allow: Array.from({ length: 100 }, (_, index) => `Bash(*a*b*c*d*e*f*g${index} *)`),
      deny: [
        ...Array.from({ length: 100 }, (_, index) => `Bash(*${index}*a*a*a*a*a*a*a*a*a*b*)`),
        "Read(**/*a*a*a*/b)",
      ],
    },
    { isTrusted: true },
  );
  for (const text of hostile) {
    const { verdict } = neverHangs(text, () => {
      suggestRules({ tool: "Bash", text });
      return decidePermission(many, "default", { tool: "Bash", text, places, canAsk: false });
    });
    assert.notEqual(verdict, "allow", text.slice(0, 40));
  }
});

function pick<T>(list: readonly T[], random: () => number): T {
  const found = list[Math.floor(random() * list.length)];
  assert.ok(found !== undefined);
  return found;
}

/** mulberry32 */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
