import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bodies, cloister, createPlace, rehearse, type Place, type RunOutcome } from "./harness.ts";
import { hasMachines, machineWith } from "./machine.ts";

const skip = hasMachines ? false : "no namespaces can be made here";

// In a root of the test's own no cell can be made; what is claimed here does not need one.
const bare = ["--cell", "none"];

const preTool = (hook: object): string =>
  JSON.stringify({ hooks: { PreToolUse: [{ matcher: "Bash", hooks: [{ type: "command", ...hook }] }] } });

/** One command on a machine with this file of the organisation's. */
async function commandOn(
  place: Place,
  settings: string,
  { command = "touch ran.txt", mode = 0o644 } = {},
): Promise<{ readonly outcome: RunOutcome; readonly told: string; readonly ran: boolean }> {
  const rehearsal = await rehearse([
    { calls: [{ name: "Bash", arguments: { command } }] },
    { text: "Done." },
  ]);
  const wrapper = machineWith(place, { "managed-settings.json": settings }, { mode });
  const outcome = await cloister(place, ["-p", "x", ...bare, "--endpoint", rehearsal.url], { wrapper });
  await rehearsal.close();
  return { outcome, told: bodies(rehearsal)[1] ?? "", ran: existsSync(join(place.project, "ran.txt")) };
}

test("a check of the organisation holds when its script is gone, hangs or crashes", { skip }, async () => {
  for (const command of ["/etc/cloister/gone.sh", "sleep 60", "kill -9 $$"]) {
    using place = createPlace();
    const settings = preTool({ command, failClosed: true, timeout: 1 });
    const { outcome, told, ran } = await commandOn(place, settings);
    assert.deepEqual([outcome.code, ran], [0, false], outcome.stderr);
    assert.match(told, /a required check could not be made/);
  }
});

test("a project cannot switch it off, and what it lets through runs", { skip }, async () => {
  using place = createPlace({
    ".claude/settings.json": JSON.stringify({ disableAllHooks: true }),
  });
  await cloister(place, ["trust", "--yes"]);
  const settings = preTool({ command: "grep -q ran.txt && { echo not that >&2; exit 2; }; exit 0" });
  const refused = await commandOn(place, settings);
  assert.equal(refused.ran, false);
  assert.match(refused.told, /a hook refused it: not that/);
  const fine = await commandOn(place, settings, { command: "echo fine" });
  assert.match(fine.told, /"content":"fine"/);
});

test(
  "the keeper makes the check where a command starts, also one that a person's own insert runs",
  { skip },
  async () => {
    using place = createPlace();
    mkdirSync(join(place.home, ".claude/commands"), { recursive: true });
    writeFileSync(join(place.home, ".claude/commands/go.md"), "Now: !`touch ran.txt`\n");
    const settings = preTool({ command: "grep -q ran.txt && { echo not that >&2; exit 2; }; exit 0" });
    const rehearsal = await rehearse([{ text: "Done." }]);
    const wrapper = machineWith(place, { "managed-settings.json": settings });
    // No hook of the agent's is about an insert: only the keeper stands in the way.
    const outcome = await cloister(place, ["-p", "/go", ...bare, "--endpoint", rehearsal.url], { wrapper });
    await rehearsal.close();
    assert.equal(existsSync(join(place.project, "ran.txt")), false);
    assert.match(outcome.stderr, /not allowed by a check of this organisation: not that/);
  },
);

test(
  "a file of the organisation that others could have written, or that is broken, stops everything",
  { skip },
  async () => {
    using place = createPlace();
    const writable = await commandOn(place, preTool({ command: "true" }), { mode: 0o666 });
    assert.notEqual(writable.outcome.code, 0);
    assert.match(writable.outcome.stderr, /managed-settings\.json can be written by others/);
    const broken = await commandOn(place, '{"hooks": {');
    assert.notEqual(broken.outcome.code, 0);
    assert.match(broken.outcome.stderr, /managed-settings\.json.*cannot be read/);
    assert.deepEqual([writable.told, broken.told], ["", ""]);
  },
);

test("a plugin is copied from a folder, used without trust, and its links and git folder stay behind", async () => {
  using place = createPlace();
  const folder = join(place.base, "plugin");
  const put = (path: string, text: string): void => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  put(".claude-plugin/plugin.json", JSON.stringify({ name: "greeter", version: "1.2.0" }));
  put("commands/hello.md", "Say hello to $1.\n");
  put(
    "hooks/hooks.json",
    JSON.stringify({
      hooks: {
        UserPromptSubmit: [{ hooks: [{ type: "command", command: "sh ${CLAUDE_PLUGIN_ROOT}/say.sh" }] }],
      },
    }),
  );
  put("say.sh", "echo hello from $(basename $CLAUDE_PLUGIN_ROOT)\n");
  put(".git/config", "[core]\n");
  chmodSync(join(folder, "say.sh"), 0o755);
  const added = await cloister(place, ["plugin", "add", folder]);
  assert.match(added.stdout, /^Added greeter: 1 command, 1 hook$/m, added.stderr);
  assert.equal(existsSync(join(place.home, ".cloister/plugins/greeter/.git")), false);
  const rehearsal = await rehearse([{ text: "Done." }]);
  const outcome = await cloister(place, ["-p", "/hello you", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(outcome.code, 0, outcome.stderr);
  const [sent = ""] = bodies(rehearsal);
  assert.match(sent, /The command \/greeter:hello says:\\n\\nSay hello to you\./);
  assert.match(sent, /A hook says: hello from greeter/);
  assert.match((await cloister(place, ["plugin", "list"])).stdout, /greeter 1\.2\.0/);
  await cloister(place, ["plugin", "remove", "greeter"]);
  assert.match((await cloister(place, ["plugin", "list"])).stdout, /no plugins/);
  const escaping = await cloister(place, ["plugin", "remove", "../ledger"]);
  assert.notEqual(escaping.code, 0);
});
