// What can be said after `/`, in a real terminal: sessions that come and go on one screen, and what the keeper knows.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import { createPlace, rehearse, until } from "./harness.ts";
import { openPane, type Pane, type PaneOptions } from "./tmux.ts";

const PROMPT = "What shall be done?";
const STATUS = /rehearsal .*internal/;
const cart = "export const rate = 1;\n";
const edits: readonly RehearsalTurn[] = [
  { calls: [{ name: "Read", arguments: { file_path: "cart.js" } }] },
  {
    calls: [
      { name: "Edit", arguments: { file_path: "cart.js", old_string: "rate = 1", new_string: "rate = 2" } },
    ],
  },
  { text: "The rate is **two** now." },
];

interface Stage extends AsyncDisposable {
  readonly place: ReturnType<typeof createPlace>;
  readonly pane: Pane;
  readonly say: (text: string, sees: RegExp | string) => Promise<string>;
}

async function open(
  files: Readonly<Record<string, string>>,
  turns: readonly RehearsalTurn[],
  options: PaneOptions & { readonly sees?: RegExp } = {},
): Promise<Stage> {
  const place = createPlace(files);
  const rehearsal = await rehearse(turns);
  const pane = openPane(place, options);
  await pane.sees("$");
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees(options.sees ?? STATUS);
  return {
    place,
    pane,
    say: pane.say,
    [Symbol.asyncDispose]: async () => {
      pane[Symbol.dispose]();
      await rehearsal.close();
      place[Symbol.dispose]();
    },
  };
}

test("a session is named, left for a new one, found by a word of its name, and goes on", async () => {
  await using stage = await open({ "cart.js": cart }, [...edits, { text: "Again." }]);
  const { pane, say } = stage;
  await say("make it two", /✓ .*3 turns/);
  await say("/rename the cart", "this session is called the cart now");
  await pane.sees(STATUS);
  const empty = await say("/clear", /a new session\n\n─+\n❯ What/);
  assert.doesNotMatch(empty, /rate is two|agent-died/);
  await pane.sees(STATUS);
  const list = await say("/resume", "Go on with which session?");
  assert.match(list, /❯ the cart .*3 turns · internal · rehearsal/);
  pane.type("cart");
  await pane.sees(/which session\? {2}cart/);
  pane.press("Enter");
  const shown = await pane.sees(/session: the cart\n\n❯ make it two\n[^]*The rate is two now\./);
  assert.doesNotMatch(shown, /agent-died|✗/);
  await pane.sees(STATUS);
  await say("and again", /❯ and again\n[^]*✓/);
});

test("esc esc shows what going back would change; the files, the conversation and the words come back", async () => {
  await using stage = await open({ "cart.js": cart }, edits);
  const { pane, say, place } = stage;
  const file = join(place.project, "cart.js");
  await say("make it two", /✓ .*3 turns/);
  await pane.sees(PROMPT);
  assert.match(readFileSync(file, "utf8"), /rate = 2/);
  pane.press("Escape");
  await pane.sees("press esc again");
  pane.press("Escape");
  await pane.sees(/Back to before which message\?\n❯ 1 {2}make it two/);
  pane.press("Enter");
  const picture = await pane.sees("What goes back?");
  assert.match(picture, /-export const rate = 2;\n\+export const rate = 1;/);
  assert.doesNotMatch(picture, /somebody else/);
  pane.press("Enter");
  await pane.sees(/1 file put back[^]*❯ make it two\n/);
  assert.equal(readFileSync(file, "utf8"), cart);
  await pane.sees(STATUS);
  pane.press("Enter");
  await pane.sees(/❯ make it two\n[^]*✓ .*3 turns/);
});

test("escape in the middle of going back leaves files and conversation as they were", async () => {
  await using stage = await open({ "cart.js": cart }, edits);
  const { pane, say, place } = stage;
  await say("make it two", /✓ .*3 turns/);
  await say("/rewind", "Back to before");
  pane.press("Enter");
  await pane.sees("What goes back?");
  pane.press("Escape");
  await pane.sees(PROMPT);
  assert.match(readFileSync(join(place.project, "cart.js"), "utf8"), /rate = 2/);
  await say("/rewind", /❯ 1 {2}make it two/);
  pane.press("Escape");
  await pane.sees(PROMPT);
});

test("the window, the cost, what was shown to whom, why, the changes, and a file of it all", async () => {
  await using stage = await open({ "cart.js": cart }, edits, { columns: 100, rows: 50 });
  const { pane, say, place } = stage;
  await say("make it two", /✓ .*3 turns/);
  await say("/context", /system prompt +\d+[^]*files read +\d+[^]*free/);
  await say("/cost", /tokens {2}.* in, .* out[^]*no prices are set/);
  await say("/exposure", /Shown in this session\nhttp:.*operated by this machine[^]*cart\.js +lines 1/);
  await say("/why Bash(git push)", /\/why Bash\(git push\)\nBash\(git push\): /);
  await say("/diff", /In this session\ncart\.js {2}\+1 −1[^]*Uncommitted/);
  pane.press("q");
  await pane.sees(PROMPT);
  await say("/export html page.html", "written: ");
  assert.match(readFileSync(join(place.project, "page.html"), "utf8"), /The rate is \*\*two\*\* now/);
  await say("/export html page.html", "export-failed");
  await say("/todos", "there is no list");
  await say("/model", /Which model\?\n❯ rehearsal {2}in use · cleared for core/);
  pane.press("Escape");
  await pane.sees(PROMPT);
});

test("another model answers from the next message on, in the same conversation", async () => {
  const rehearsal = await rehearse([{ text: "First." }, { text: "Second." }]);
  const asked: string[] = [];
  // The same server under two models' names.
  const front = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url?.endsWith("/models") === true) {
        const data = ["small", "large"].map((id) => ({
          id,
          object: "model",
          owned_by: "vllm",
          max_model_len: 32768,
        }));
        response.end(JSON.stringify({ object: "list", data }));
        return;
      }
      const body = Buffer.concat(chunks).toString("utf8");
      asked.push(/"model":"(\w+)"/.exec(body)?.[1] ?? "");
      const url = new URL(request.url ?? "/", rehearsal.url);
      const headers = { ...request.headers, host: url.host };
      const forwarded = send(url, { method: request.method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      forwarded.end(body);
    });
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  const { port } = front.address() as AddressInfo;
  using place = createPlace();
  try {
    using pane = openPane(place);
    await pane.sees("$");
    pane.type(`cloister --endpoint http://127.0.0.1:${port}/v1`);
    pane.press("Enter");
    await pane.sees(/small .*internal/);
    const say = async (text: string, sees: RegExp): Promise<void> => {
      pane.type(text);
      await pane.sees(`❯ ${text}`);
      pane.press("Enter");
      await pane.sees(sees);
    };
    await say("one", /First\.[^]*✓/);
    await say("/model", /❯ small {2}in use[^]*\n {2}large {2}cleared for core/);
    pane.type("large");
    await pane.sees("❯ large");
    pane.press("Enter");
    await pane.sees(/large answers from the next message on[^]*large · 127[^]*internal/);
    await say("two", /Second\.[^]*✓/);
    assert.deepEqual([asked[0], asked.at(-1)], ["small", "large"]);
    assert.match(rehearsal.requests.at(-1)?.body.toString("utf8") ?? "", /First\./);
  } finally {
    front.close();
    front.closeAllConnections();
    await rehearsal.close();
  }
});

test("a project is asked about once: exactly what would run, and a no holds until it changes", async () => {
  const hooks = (command: string): string =>
    JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: "command", command }] }] } });
  const files = { ".claude/settings.json": hooks("echo first"), ".claude/commands/greet.md": "Greet.\n" };
  await using stage = await open(files, [{ text: "Hello." }], { rows: 40, sees: /May this project run/ });
  const { pane, say, place } = stage;
  const trust = join(place.home, ".cloister", "trust.json");
  assert.match(pane.screen(), /"command": "echo first"/);
  // Enter alone is a no.
  pane.press("Enter");
  await pane.sees("not loaded: 1 hook; /trust shows them and asks again");
  await pane.sees(STATUS);
  assert.doesNotMatch(pane.screen(), /skipped:|cloister trust/, "said once, in the screen's own words");
  assert.equal(existsSync(trust), false);
  await say("/hooks", "no hooks run here");
  pane.type("/gre");
  await pane.sees("❯ /greet");
  pane.press("Enter");
  await pane.sees(/❯ \/greet\n[^]*Hello\.[^]*✓/);
  await say("/clear", /a new session\n/);
  await pane.sees(STATUS);
  assert.doesNotMatch(pane.screen(), /May this project/);
  writeFileSync(join(place.project, ".claude/settings.json"), hooks("echo second"));
  await say("/clear", /"command": "echo second"[^]*May this project/);
  pane.type("y");
  await pane.sees("allowed, as it stands now");
  await pane.sees(STATUS);
  assert.match(readFileSync(trust, "utf8"), /echo second/);
  await say("/hooks", /Stop {2}echo second/);
});

test("a command in the background is watched, looked at and stopped", async () => {
  const command = "echo listening; sleep 100";
  await using stage = await open({}, [
    { calls: [{ name: "Bash", arguments: { command, run_in_background: true } }] },
    { text: "It runs." },
  ]);
  const { pane, say } = stage;
  await say("start it", /It runs\.[^]*✓/);
  pane.press("C-t");
  await pane.sees(/Beside it[^]*◌ bash_1 echo listening/);
  await say("/tasks", /❯ ▸ bash_1 {2}echo listening/);
  pane.press("Enter");
  await pane.sees(/\nlistening\n[^]*Stop bash_1\?/);
  pane.type("y");
  await pane.sees(/● bash_1 echo listening/);
  pane.press("C-t");
  await until("the panel to go", () => (pane.screen().includes("Beside it") ? undefined : true));
});

test("the plan mode is left by the word that began it, and a new session is in none", async () => {
  await using stage = await open({}, [{ text: "Fine." }]);
  const { pane, say } = stage;
  await say("/plan", /plan mode\n?$/);
  await say("/plan", /internal[^\n]*of [\d.]+k\n?$/);
  await say("/plan", /plan mode\n?$/);
  await say("/clear", /a new session\n/);
  await pane.sees(/internal[^\n]*of [\d.]+k\n?$/);
  assert.equal(existsSync(join(stage.place.home, ".cloister", "sessions")), true);
  assert.ok(readdirSync(stage.place.project).length > 0);
});

test("a terminal that goes away in the middle of the question ends it all, and nothing was allowed", async () => {
  const hooks = { Stop: [{ hooks: [{ type: "command", command: "echo hi" }] }] };
  const files = { ".claude/settings.json": JSON.stringify({ hooks }) };
  await using stage = await open(files, [{ text: "Hello." }], { sees: /May this project run/ });
  const { place } = stage;
  // The shell's job is ended as a terminal that is closed ends it.
  const pid = readdirSync("/proc").find((name) => {
    try {
      const line = readFileSync(join("/proc", name, "cmdline"), "utf8").split("\0");
      return (
        line.some((word) => word.endsWith("cli/src/main.ts")) &&
        readlinkSync(join("/proc", name, "cwd")) === place.project
      );
    } catch {
      return false; // no process, or one that has just gone
    }
  });
  process.kill(Number(pid), "SIGHUP");
  await until("its end", () => (existsSync(join("/proc", pid ?? "")) ? undefined : true));
  assert.equal(existsSync(join(place.home, ".cloister", "trust.json")), false);
});
