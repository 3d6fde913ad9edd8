import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import type { JsonObject } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse, until, type Place, type RunOutcome } from "./harness.ts";

const bash = (command: string, more: JsonObject = {}): RehearsalTurn => ({
  calls: [{ name: "Bash", arguments: { command, ...more } }],
});
const inBackground = (command: string): RehearsalTurn => bash(command, { run_in_background: true });
const use = (name: string, args: JsonObject): RehearsalTurn => ({
  calls: [{ name: "UseTool", arguments: { name, arguments: args } }],
});
const told = (...texts: string[]): Pick<RehearsalTurn, "expect"> => ({
  expect: { lastMessageContains: texts },
});

/** Runs a script of turns to its end, each of whose expectations has to hold. */
async function play(place: Place, turns: readonly RehearsalTurn[]): Promise<RunOutcome & { sent: string[] }> {
  const rehearsal = await rehearse(turns);
  const result = await cloister(place, ["-p", "go", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual(rehearsal.failures, [], result.stderr);
  return { ...result, sent: bodies(rehearsal) };
}

function runningWith(mark: string): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
    } catch {
      return false; // ended meanwhile
    }
  });
}

test("a command in the background is looked at, written to and stopped; another cell cannot reach its ports", async () => {
  using place = createPlace();
  const look = (id: string): RehearsalTurn => use("BashOutput", { id, wait_ms: 5000 });
  const connect =
    "python3 -c \"import socket;socket.create_connection(('127.0.0.1',8765),2)\" 2>&1 | tail -1";
  const result = await play(place, [
    inBackground("python3 -u -m http.server --bind 127.0.0.1 8765"),
    { ...told("Started as bash_1", "cannot reach its ports"), ...look("bash_1") },
    bash(connect),
    { ...told("refused"), ...inBackground('read line; echo "got $line"; read line') },
    { ...told("Started as bash_2"), ...use("BashInput", { id: "bash_2", text: "hello", keys: "enter" }) },
    { ...told("bash_2 has been running", "got hello"), ...use("BashOutput", { id: "bash_2" }) },
    { ...told("(nothing new)"), ...use("KillBash", { id: "bash_1" }) },
    { ...told("bash_1 "), ...use("BashOutput", { id: "bash_9; ls" }) },
    { ...told("No command in the background has that id", "bash_1, bash_2"), text: "Done." },
  ]);
  assert.equal(result.stdout, "Done.\n");
  assert.match(result.stderr, /stopped with the session: bash_2: read line/);
});

test("a REPL in a terminal: what is typed is answered, ctrl-c interrupts, ctrl-d ends", async () => {
  using place = createPlace();
  const input = (text: string, keys: string): RehearsalTurn => use("BashInput", { id: "bash_1", text, keys });
  const wait = (ms: number): RehearsalTurn => use("BashOutput", { id: "bash_1", wait_ms: ms });
  await play(place, [
    use("BashTerminal", { command: "python3 -q" }),
    { ...told("Started as bash_1"), ...wait(2000) },
    input("6*7", "enter"),
    input("while True: pass", "enter enter"),
    wait(1000),
    input("", "ctrl-c"),
    wait(1000),
    { ...told(">>> 6*7\n42", "KeyboardInterrupt"), ...input("", "ctrl-d") },
    wait(5000),
    { ...told("ended with exit code"), text: "Done." },
  ]);
});

test("the model is told once, at the next boundary, that a command ended", async () => {
  using place = createPlace();
  const { sent } = await play(place, [
    inBackground("until test -e go; do sleep 0.05; done; echo the very end; exit 3"),
    { ...told("Started as bash_1"), ...bash("touch go; sleep 3") },
    { ...told("[Cloister] bash_1 ended with exit code 3", "the very end"), ...bash("echo more") },
    { ...told("more"), text: "Done." },
  ]);
  assert.equal(sent.at(-1)?.split("bash_1 ended with exit code 3").length, 2);
});

test("10 MB of output stay bounded, and only lines that match are shown", async () => {
  using place = createPlace();
  const { sent } = await play(place, [
    inBackground("seq 1 1500000; echo last; exec sleep 1000"),
    use("BashOutput", { id: "bash_1", wait_ms: 500 }),
    use("BashOutput", { id: "bash_1", filter: "^last$", wait_ms: 1000 }),
    { text: "Done." },
  ]);
  assert.ok((sent.at(-1) ?? "").length < 200_000);
});

test("when the keeper is killed, nothing of a command in the background is left; it is on record", async () => {
  using place = createPlace();
  const mark = `71${process.pid}`;
  const rehearsal = await rehearse([inBackground(`sleep ${mark} & sleep ${mark}`), bash("sleep 60")]);
  await cloister(place, ["-p", "go", "--endpoint", rehearsal.url], {
    onStart: async (child) => {
      await until("the command", () => (runningWith(`sleep\0${mark}`) ? true : undefined));
      child.kill("SIGKILL");
    },
  });
  await until("its end", () => (runningWith(`sleep\0${mark}`) ? undefined : true));
  await rehearsal.close();
  const call = (await place.entries()).find(({ t }) => t === "tool.call");
  assert.equal(call?.["kind"], "background");
});
