// The conversation on a screen of its own, in a real terminal. UPDATE_SCREENS=1 stores what is seen for the next time.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
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
  if (process.env["UPDATE_SCREENS"] === "1") writeFileSync(path, seen);
  assert.equal(seen, readFileSync(path, "utf8"), name);
}

function set(place: Place, terminal: object): void {
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister", "settings.json"), JSON.stringify({ terminal }));
}

async function start(pane: Pane, url: string, options = ""): Promise<void> {
  await pane.sees("$");
  pane.type(`cloister --endpoint ${url} ${options}`);
  pane.press("Enter");
  await pane.sees(/rehearsal .*internal/);
}

/** What the terminal itself says of its state. */
function stateOf(place: Place): string {
  const args = ["-S", join(place.base, "tmux.sock"), "display-message", "-p"];
  return execFileSync("tmux", [...args, "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"], {
    encoding: "utf8",
  }).trim();
}

const numbers = Array.from({ length: 40 }, (_, index) => `line ${index + 1} of the file`).join("\n");
const answer = `${Array.from({ length: 30 }, (_, index) => `${index + 1}. point ${index + 1}`).join("\n")}\n\n中文的 needle 在这里。\n\nThe end.`;
const turns = [
  {
    text: "I will look at **a.txt** first.",
    calls: [
      { name: "Read", arguments: { file_path: "a.txt" } },
      { name: "Bash", arguments: { command: "seq 1 20" } },
    ],
  },
  { text: answer },
];

for (const [columns, rows] of [
  [80, 24],
  [200, 60],
] as const) {
  const size = `${columns}x${rows}`;
  test(`a conversation scrolls, is searched and opens at its place, at ${size}`, async (context) => {
    using place = createPlace({ "a.txt": numbers });
    set(place, { fullScreen: true });
    const rehearsal = await rehearse(turns);
    context.after(() => rehearsal.close());
    using pane = openPane(place, { columns, rows });
    await start(pane, rehearsal.url);
    assert.equal(stateOf(place), "1 1 1");
    compare(`full-first-${size}`, pane, place);
    pane.type("look at it");
    pane.press("Enter");
    await pane.sees(/✓ .*2 turns/);
    await pane.sees(PROMPT);
    compare(`full-end-${size}`, pane, place);
    pane.press("C-Home");
    if (rows === 24) await pane.sees(/^cloister [^]*↓ \d+ more lines/);
    compare(`full-top-${size}`, pane, place);
    // The wheel, as xterm says it.
    pane.type("\u001b[<65;10;5M");
    const hasMoved = (): true | undefined => (pane.screen().startsWith("cloister") ? undefined : true);
    if (rows === 24) await until("it to scroll", hasMoved);
    pane.press("C-f");
    pane.type("文的 NEE");
    const found = await pane.sees(/search: 文的 NEE/);
    assert.match(found, /中文的 needle 在这里。/);
    // oxlint-disable-next-line no-control-regex -- these are escape sequences
    assert.match(pane.screen({ colours: true }), /中.{0,20}\u001b\[[^m]*m文的 nee\u001b\[/u);
    pane.press("Enter");
    await pane.sees(/n older/);
    pane.press("Escape");
    await until("the search to end", () => (pane.screen().includes("search:") ? undefined : true));
    pane.press("M-Up");
    pane.press("Enter");
    await pane.sees(/Bash seq 1 20[^]*\n {4}1\n {4}2\n {4}3\n/);
    pane.press("Enter");
    await until("it to close", () => (/\n {4}2\n/.test(pane.screen()) ? undefined : true));
    const row = pane
      .screen()
      .split("\n")
      .findIndex((each) => each.includes("Read a.txt"));
    assert.ok(row >= 0, pane.screen());
    pane.type(`\u001b[<0;4;${row + 1}M\u001b[<0;4;${row + 1}m`);
    await pane.sees(/Read a\.txt[^]*line 1 of the file/);
    pane.press("Escape");
    await pane.sees(/The end\./);
    // It leaves the whole conversation in the terminal's scroll.
    pane.press("C-d");
    await pane.sees(/cloister ledger exposure\n\$$/);
    assert.equal(stateOf(place), "0 0 1");
    const left = pane.screen({ everything: true });
    assert.match(left, /❯ look at it\n\n {2}I will look at a\.txt first\.\n[^]*30\. point 30\n[^]*The end\./);
    assert.equal(left.split("point 30").length, 2);
  });
}

test("/fullscreen goes there and back; nothing is lost and nothing is said twice", async (context) => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "One." }, { text: "Two." }, { text: "Three." }]);
  context.after(() => rehearsal.close());
  const environment = { EDITOR: "printf 'from the editor' >" };
  using pane = openPane(place, { columns: 100, rows: 30, environment });
  await start(pane, rehearsal.url);
  const say = async (text: string, expected: RegExp): Promise<void> => {
    pane.type(text);
    pane.press("Enter");
    await pane.sees(expected);
  };
  await say("first", /One\.\n\n✓/);
  await say("/fullscreen ", /^cloister[^]*One\./);
  assert.equal(stateOf(place), "1 1 1");
  await say("second", /❯ first[^]*One\.[^]*❯ second[^]*Two\.\n\n✓/);
  for (const [columns, rows] of [
    [50, 20],
    [120, 40],
    [100, 30],
  ] as const) {
    pane.resize(columns, rows);
    await pane.sees(new RegExp(`^─{${columns - 1}}$`, "mu"));
    await until("one prompt", () => (pane.screen().split(PROMPT).length === 2 ? true : undefined));
  }
  await pane.sees(/❯ first[^]*One\.[^]*❯ second[^]*Two\.\n\n✓/);
  pane.press("C-z");
  await pane.sees(/Stopped[^]*\$$/);
  assert.equal(stateOf(place), "0 0 1");
  pane.type("fg");
  pane.press("Enter");
  await pane.sees(/^cloister[^]*Two\.[^]*What shall be done/);
  pane.press("C-g");
  await pane.sees(/^cloister[^]*Two\.[^]*❯ from the editor/);
  assert.equal(stateOf(place), "1 1 1");
  pane.press("C-u");
  await pane.sees(PROMPT);
  await say("/fullscreen ", /❯ first[^]*One\.[^]*❯ second[^]*Two\.[^]*What shall/);
  assert.equal(stateOf(place), "0 0 1");
  await say("third", /Three\.\n\n✓/);
  const whole = pane.screen({ everything: true });
  for (const text of ["❯ first", "One.", "❯ second", "Two.", "❯ third", "Three."]) {
    assert.equal(whole.split(text).length, 2, `${text}\n${whole}`);
  }
});

test("what arrives while one reads above moves nothing, and is counted", async (context) => {
  using place = createPlace();
  const text = Array.from({ length: 150 }, (_, index) => `word${index}`).join("\n\n");
  const rehearsal = await rehearse([{ text }], { paceMs: 12 });
  context.after(() => rehearsal.close());
  using pane = openPane(place);
  await start(pane, rehearsal.url, "--full-screen");
  pane.type("write");
  pane.press("Enter");
  // Any of many: whoever looks now and then does not see each one.
  await pane.sees(/word[3-8]\d/);
  pane.press("PPage", "PPage");
  const before = await pane.sees(/↓ \d+ more lines/);
  await pane.sees(/↓ \d{3} more lines/);
  assert.deepEqual(pane.screen().split("\n").slice(0, 15), before.split("\n").slice(0, 15));
  pane.type("while reading");
  await pane.sees(/more lines[^]*❯ while reading/);
  pane.press("C-u", "Escape");
  await pane.sees(/word149\n\n✓/);
});

test("a process that is killed leaves the terminal as it was; a screen to be listened to is none of its own", async (context) => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "Fine." }]);
  context.after(() => rehearsal.close());
  using pane = openPane(place);
  await start(pane, rehearsal.url, "--full-screen");
  assert.equal(stateOf(place), "1 1 1");
  const processes = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" });
  // Its port is no other test's.
  const ours = processes.split("\n").find((each) => each.includes(`main.ts --endpoint ${rehearsal.url}`));
  process.kill(Number.parseInt(ours ?? "", 10), "SIGKILL");
  await until("the terminal to be the shell's", () => (stateOf(place) === "0 0 1" ? true : undefined));
  // The shell's prompt may have come while the screen was still ours.
  pane.press("Enter");
  pane.type("echo typed");
  pane.press("Enter");
  await pane.sees(/\ntyped\n/);
  set(place, { theme: "reader", fullScreen: true });
  pane.type("clear");
  pane.press("Enter");
  await until("an empty screen", () => (pane.screen() === "$" ? true : undefined));
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees("The reader theme has no full screen");
  assert.equal(stateOf(place).slice(0, 3), "0 0");
});
