/** What real shells run, the parser must have found: random command lines, run by Bash and by `sh`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseShell } from "../src/permissions/shell/parse.ts";

const SAMPLES = 400;
const MARK = "MARK";

const templates = [
  ...[
    "MARK",
    "MARK a",
    "a @",
    "@; @",
    "@ && @",
    "@ || @",
    "@ | @",
    "@ & @",
    "@\n@",
    "( @ )",
    "{ @; }",
    "! @",
  ],
  ...["echo $(@)", 'echo "$(@)"', "echo `@`", 'echo "`@`"', "x=$(@)", "x=1 @", "if @; then @; else @; fi"],
  ...[
    "for i in a b; do @; done",
    "case a in a) @;; b) @ ;; esac",
    "case $(@) in *) @; esac",
    "cat <<E\n@\nE",
    "cat <<E\n$(@)\nE\n@",
  ],
  ...[
    "cat <<'E'\n@\nE\n@",
    "cat <<-E\n\t@\n\tE\n@",
    "echo '@'",
    'echo "@"',
    "echo $'@'",
    "echo ${x:-@}",
    "echo ${x:-$(@)}",
    "echo # @\n@",
  ],
  ...[
    "echo $((1 + $(@)))",
    "echo $((1))\n@",
    "[[ -n a && -n $(@) ]]",
    "f() { @; }; f",
    "cat <(@)",
    "@ > /dev/null",
    "@ 2>&1",
    "> /dev/null @",
  ],
  ...[
    "echo a\\\n@",
    "echo a \\\n; @",
    "echo {a,@}",
    "echo a;\\\n@",
    "(@) && @",
    "((1)) && @",
    "time @",
    "[ -n a ] && @",
    "echo ${x#@}",
    "\\@",
    "eval '@'",
  ],
  ...[
    'echo \\"; @',
    "echo '\\'; @",
    'echo "\\\\"; @',
    "echo $'\\''; @ #'",
    "echo $\\\n(@)",
    "x=(a @)",
    "cat <<< @",
    "cat <<E; @\na\nE",
    "echo a#@",
    "if @\nthen @\nfi",
  ],
  ...[
    'echo "${x:-\'@}"; @',
    'echo ${x:-"@"}',
    'echo "a\n@\n"',
    "echo `echo \\`@\\``",
    "echo $(case a in a) @;; esac)",
    "echo $(cat <<E\n@\nE\n)",
    'echo "$(echo ")"; @)"',
  ],
];
const noise = [
  ...[
    "'",
    '"',
    "`",
    "\\",
    "$",
    "(",
    ")",
    "{",
    "}",
    "#",
    "\n",
    ";",
    "&",
    "|",
    "<",
    ">",
    "$(",
    "${",
    "$((",
    "))",
    "<<E\n",
    "\nE\n",
    "\\\n",
    "$'",
    " ",
    "!",
    "~",
    "*",
  ],
  ...[
    "<(",
    "((",
    "[[",
    "]]",
    "&>",
    ">|",
    "<<<",
    "2>",
    "=",
    "a=",
    "[",
    "]",
    "'E'",
    "E",
    "${x:-",
    '$"',
    ";;",
    "\t",
    "]]",
    "in ",
    "do ",
    "esac",
    "fi",
    "then ",
  ],
];

test("every command that a shell runs is found, or the text is said to be unclear", () => {
  const seed = Number(process.env["SEED"] ?? "1");
  const count = Number(process.env["SAMPLES"] ?? SAMPLES);
  const random = createRandom(seed);
  const samples = Array.from({ length: count }, () => mutate(grow(random, 0), random));
  const found = samples.map(findsMark);
  // Else the claim would be an empty one.
  assert.ok(found.filter((each) => !each).length > count / 20);
  assert.ok(samples.filter((sample) => parseShell(sample).kind === "script").length > count / 3);
  const missed = ["bash", "sh"].flatMap((shell) =>
    runAll(shell, samples)
      .filter((index) => found[index] === false)
      .map((index) => `${shell}: ${JSON.stringify(samples[index])}`),
  );
  assert.deepEqual(missed, [], `seed ${seed}`);
});

function findsMark(sample: string): boolean {
  const script = parseShell(sample);
  if (script.kind === "unreadable" || script.doubts.length > 0) return true;
  return script.commands.some(({ words }) => {
    const [program] = words;
    if (program === undefined) return false;
    return (
      program.literal === undefined || program.literal === MARK || /^(?:eval|time)$/u.test(program.literal)
    );
  });
}

/** @returns the numbers of the samples that ran the mark */
function runAll(shell: string, samples: readonly string[]): readonly number[] {
  const folder = mkdtempSync(join(tmpdir(), "cloister-shell-"));
  try {
    samples.forEach((sample, index) => writeFileSync(join(folder, `s${index}`), sample));
    const script = [
      "exec 9>&1",
      // It ends its shell, so that no loop runs for ever.
      `${MARK}() { echo "$number" >&9; exit 1; }`,
      "cd empty || exit 9",
      "number=0",
      `while [ $number -lt ${samples.length} ]; do`,
      "  text=$(cat ../s$number; echo x); text=${text%x}",
      '  ( eval "$text" ) >/dev/null 2>&1 </dev/null',
      "  number=$((number + 1))",
      "done",
    ].join("\n");
    spawnSync("mkdir", [join(folder, "empty")]);
    const options = {
      cwd: folder,
      encoding: "utf8",
      timeout: 60_000,
      env: { PATH: "/usr/bin:/bin" },
    } as const;
    const { stdout, status, stderr } = spawnSync(shell, ["-c", script], options);
    assert.equal(status, 0, stderr);
    return stdout
      .split("\n")
      .filter((line) => /^\d+$/u.test(line))
      .map(Number);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function grow(random: () => number, depth: number): string {
  const template = pick(templates, random);
  return template.replaceAll("@", () =>
    depth > 3 ? pick([MARK, ":", "echo"], random) : pick([MARK, "echo b", grow(random, depth + 1)], random),
  );
}

function mutate(sample: string, random: () => number): string {
  let text = sample;
  for (let left = Math.floor(random() * 4); left > 0; left -= 1) {
    const at = Math.floor(random() * (text.length + 1));
    const cut = random() < 0.4 ? 1 : 0;
    text = text.slice(0, at) + (random() < 0.7 ? pick(noise, random) : "") + text.slice(at + cut);
  }
  return text;
}

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
