// The screen as a person sees it, in a real terminal. UPDATE_SCREENS=1 stores what is seen for the next time.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPlace, rehearse, until, type Place } from "./harness.ts";
import { openPane, steady, type Pane } from "./tmux.ts";

const PROMPT = "What shall be done?";
const screens = join(import.meta.dirname, "screens");

function compare(name: string, pane: Pane, place: Place): void {
  const path = join(screens, `${name}.txt`);
  const seen = `${steady(pane.screen(), place)}\n`;
  if (process.env["UPDATE_SCREENS"] === "1") {
    mkdirSync(screens, { recursive: true });
    writeFileSync(path, seen);
  }
  assert.equal(seen, readFileSync(path, "utf8"), name);
}

async function start(pane: Pane, url: string): Promise<void> {
  await pane.sees("$");
  pane.type(`cloister --endpoint ${url}`);
  pane.press("Enter");
  await pane.sees(/rehearsal .*internal/);
}

const cart = "export function price(p, d) {\n  // percent\n  const factor = d;\n  return p * factor;\n}\n";
const task = [
  {
    text: "I will look at **cart.js** first.",
    calls: [{ name: "Read", arguments: { file_path: "src/cart.js" } }],
  },
  {
    calls: [
      {
        name: "Edit",
        arguments: {
          file_path: "src/cart.js",
          old_string: "  const factor = d;",
          new_string: "  const factor = 1 - d / 100;",
        },
      },
      { name: "Bash", arguments: { command: "grep -c factor src/cart.js" } },
    ],
  },
  {
    text: "The discount is a percentage now:\n\n- `price` uses **1 - d / 100**\n- 中文 and 👩‍💻 keep their places\n\n```js\nreturn p * factor; // \u001b[31mnot red\n```\n",
  },
];

for (const [columns, rows] of [
  [80, 24],
  [200, 60],
] as const) {
  const size = `${columns}x${rows}`;
  test(`a task with a read, an edit and a command looks as it did, at ${size}`, async () => {
    using place = createPlace({ "src/cart.js": cart });
    const rehearsal = await rehearse(task);
    using pane = openPane(place, { columns, rows });
    await start(pane, rehearsal.url);
    compare(`first-${size}`, pane, place);
    pane.type("mend the price");
    pane.press("Enter");
    await pane.sees(/✓ .*3 turns/);
    await pane.sees(PROMPT);
    compare(`task-${size}`, pane, place);
    pane.press("C-o");
    await pane.sees("Transcript");
    pane.press("q");
    await pane.sees(PROMPT);
    compare(`task-${size}`, pane, place);
    await rehearsal.close();
  });
}

test("what is typed is shown while the model writes; it is told now, queued, and interrupted", async () => {
  using place = createPlace();
  const long = `${"word ".repeat(400)}\n`;
  const rehearsal = await rehearse([{ text: long }, { text: "After." }, { text: "More." }], { paceMs: 20 });
  using pane = openPane(place);
  await start(pane, rehearsal.url);
  pane.type("write");
  pane.press("Enter");
  await pane.sees("word word");
  pane.type("while it writes");
  await pane.sees("❯ while it writes");
  pane.press("Tab");
  await pane.sees("next: while it writes");
  pane.press("Escape");
  await pane.sees("interrupted");
  // What was queued goes on its way once the work is over.
  await pane.sees(/❯ while it writes\n[^]*✓/);
  await rehearsal.close();
});

test("lines, a long paste, history and its search, a file by @, a command of one's own", async () => {
  using place = createPlace({ "docs/manual.md": "x\n" });
  const rehearsal = await rehearse([{ text: "One." }, { text: "Two." }]);
  using pane = openPane(place);
  await start(pane, rehearsal.url);
  pane.type("first");
  pane.press("M-Enter");
  pane.type("second ");
  pane.paste("row\n".repeat(5000));
  await pane.sees(/❯ first\n {2}second \[Pasted 5,001 lines #1\]/);
  pane.press("Enter");
  await pane.sees(/One\.[^]*✓/);
  const sent = rehearsal.requests[0]?.body.toString("utf8") ?? "";
  assert.ok(sent.includes(`first\\nsecond ${"row\\n".repeat(4999)}row`));
  pane.type("see @man");
  await pane.sees("❯ docs/manual.md");
  pane.press("Tab");
  await pane.sees("❯ see @docs/manual.md");
  pane.press("C-u");
  pane.type("!echo $((40 + 2))");
  pane.press("Enter");
  await pane.sees(/! echo[^]*\n {2}42\n/);
  pane.press("C-r");
  pane.type("fi");
  await pane.sees("search: fi");
  pane.type("rs");
  // Found anew with each letter, it is the same paste.
  await pane.sees(/❯ \[Pasted 5,002 lines #1\]\n[^]*search: firs/);
  pane.press("Escape");
  await pane.sees(PROMPT);
  pane.type("/he");
  await pane.sees("❯ /help");
  pane.press("Enter");
  await pane.sees("Commands");
  const history = readFileSync(join(place.home, ".cloister", "history"), "utf8");
  assert.equal(history.split("\n").length, 4);
  await rehearsal.close();
});

test("a change of size, ctrl-z and fg leave one prompt; two ctrl-c leave the terminal as it was", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "Fine." }]);
  using pane = openPane(place);
  await start(pane, rehearsal.url);
  pane.type("hello");
  pane.press("Enter");
  await pane.sees(/Fine\.[^]*✓/);
  for (const [columns, rows] of [
    [50, 20],
    [120, 40],
    [80, 24],
  ] as const) {
    pane.resize(columns, rows);
    await pane.sees(new RegExp(`^─{${columns - 1}}$`, "mu"));
    await until("one prompt", () => (pane.screen().split(PROMPT).length === 2 ? true : undefined));
  }
  assert.match(pane.screen({ everything: true }), /❯ hello\n\n {2}Fine\./);
  pane.press("C-z");
  await pane.sees(/Stopped[^]*\$$/);
  pane.type("fg");
  pane.press("Enter");
  await pane.sees(PROMPT);
  pane.type("typed after");
  await pane.sees("❯ typed after");
  pane.press("C-c");
  await pane.sees(PROMPT);
  pane.press("C-c");
  await pane.sees("press ctrl-c again");
  pane.press("C-c");
  await pane.sees(/cloister ledger exposure\n\$$/);
  // Echo, line ends and the cursor are the shell's again.
  pane.type("stty -a | grep -o -- '-\\?echo\\b'; echo over");
  pane.press("Enter");
  await pane.sees(/\necho\nover\n\$$/);
  await rehearsal.close();
});

test("without a model four lines say how to start one, and enter looks again", async () => {
  using place = createPlace();
  using pane = openPane(place, { environment: { LANG: "zh_CN.UTF-8" } });
  await pane.sees("$");
  pane.type("cloister --endpoint http://127.0.0.1:9/");
  pane.press("Enter");
  await pane.sees("按回车重新查找");
  const before = pane.screen().split("✗").length;
  pane.press("Enter");
  await until("a second answer", () => (pane.screen().split("✗").length > before ? true : undefined));
});

test("what needs a person's word is shown whole, and their no reaches the model with its reason", async () => {
  using place = createPlace();
  const content = `on: push\njobs: {}\n# ${"x".repeat(200)}\n`;
  const rehearsal = await rehearse([
    {
      text: "I write it.",
      calls: [{ name: "Write", arguments: { file_path: ".github/workflows/ci.yml", content } }],
    },
    { text: "Then not." },
  ]);
  using pane = openPane(place, { rows: 40 });
  await start(pane, rehearsal.url);
  pane.type("write it");
  pane.press("Enter");
  const asked = await pane.sees("May this happen?");
  // What was said before stands above it.
  assert.match(asked, /I write it\.[^]*\? Write[^]*ci\.yml\n[^]*\+ jobs: \{\}/);
  assert.equal((asked.match(/x{2,}/g) ?? []).join("").length, 200);
  pane.type("n");
  await pane.sees(/not allowed[^]*✓/);
  await rehearsal.close();
});
