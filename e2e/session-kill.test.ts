/** Two hundred steps, twenty times killed at the least convenient moment: the files end as if nothing had happened. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord, parseJson, type JsonObject } from "@cloister/base";
import { cloister, createPlace, mainFile, type Place } from "./harness.ts";

const STEPS = 200;
const KILLS = 20;
const SEED = 20260721;

interface Call {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** Two kinds that may be repeated, one that must not be, and one that changes nothing. */
function stepAt(k: number): Call {
  switch (k % 4) {
    case 0:
      return { name: "Write", arguments: { file_path: `notes/${k}.txt`, content: `step ${k}\n` } };
    case 1: {
      const [before, after] = [`last: ${k < 4 ? 0 : k - 4};`, `last: ${k};`];
      return { name: "Edit", arguments: { file_path: "state.txt", old_string: before, new_string: after } };
    }
    case 2:
      return { name: "Bash", arguments: { command: `printf 'line ${k}.\\n' >> log.txt` } };
    default:
      return { name: "Read", arguments: { file_path: "state.txt" } };
  }
}

const lookAt = (k: number): Call => ({
  name: "Bash",
  arguments: { command: `echo "found $(grep -c '^line ${k}\\.$' log.txt)"` },
});

interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_call_id?: string;
}

/** What a careful model does next: it looks before it repeats what may have run. */
function nextOf(messages: readonly Message[]): { readonly id: string; readonly call: Call } | undefined {
  const last = messages.findLast(({ role }) => role === "tool");
  const [, kind, number] = /^(do|look)_(\d+)/.exec(last?.tool_call_id ?? "") ?? [];
  const id = (what: string, k: number): string => `${what}_${k}_${messages.length}`;
  if (kind === undefined) return { id: id("do", 0), call: stepAt(0) };
  const k = Number(number);
  const text = String(last?.content);
  const isInterrupted = text.startsWith("Error (interrupted)");
  if (kind === "look" && text.startsWith("found 0")) return { id: id("do", k), call: stepAt(k) };
  if (isInterrupted && stepAt(k).name === "Bash") return { id: id("look", k), call: lookAt(k) };
  if (isInterrupted) return { id: id("do", k), call: stepAt(k) };
  return k + 1 < STEPS ? { id: id("do", k + 1), call: stepAt(k + 1) } : undefined;
}

function answer(messages: readonly Message[], response: ServerResponse): void {
  const next = nextOf(messages);
  const delta =
    next === undefined
      ? { role: "assistant", content: "All done." }
      : {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              ...{ index: 0, id: next.id, type: "function" },
              function: { name: next.call.name, arguments: JSON.stringify(next.call.arguments) },
            },
          ],
        };
  const finish = next === undefined ? "stop" : "tool_calls";
  const chunks = [
    { choices: [{ index: 0, delta, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: finish }] },
  ];
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const chunk of chunks) {
    const whole = { id: "c", object: "chat.completion.chunk", created: 1, model: "careful", ...chunk };
    response.write(`data: ${JSON.stringify(whole)}\n\n`);
  }
  response.end("data: [DONE]\n\n");
}

function createModel(onRequest: () => void): ReturnType<typeof createServer> {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method === "POST" && request.url === "/v1/chat/completions") {
        const body = parseJson(Buffer.concat(chunks).toString("utf8"), "the request");
        const messages = isRecord(body) ? (body["messages"] as readonly Message[]) : [];
        onRequest();
        answer(messages, response);
        return;
      }
      const isModels = request.url === "/v1/models";
      response.writeHead(isModels ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ object: "list", data: [{ id: "careful", object: "model" }] }));
    });
  });
}

/** xorshift32: the same moments in every run. */
function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % sides;
  };
}

/** Runs until so many requests and some milliseconds later, then kills the whole group. */
async function runAndKill(
  place: Place,
  args: readonly string[],
  requests: (handler: () => void) => void,
  { after, ms }: { readonly after: number; readonly ms: number },
): Promise<void> {
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: place.project,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: place.home,
      TMPDIR: tmpdir(),
      NODE_COMPILE_CACHE: join(tmpdir(), "cloister-compile-cache"),
    },
    stdio: "ignore",
    detached: true,
  });
  let seen = 0;
  requests(() => {
    seen += 1;
    if (seen === after) setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), ms);
  });
  await once(child, "close");
  assert.equal(child.signalCode, "SIGKILL");
}

function filesIn(folder: string): Record<string, string> {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  const names = all.filter((name) => name.isFile() && !name.parentPath.includes("/.git"));
  const files = names.map((name): [string, string] => {
    const path = join(name.parentPath, name.name);
    return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
  });
  return Object.fromEntries(files.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the steps come to when nothing happens on the way. */
function expectedFiles(): Record<string, string> {
  const files: Record<string, string> = { "README.md": "A project.\n" };
  let log = "";
  let state = "last: 0;\n";
  for (let k = 0; k < STEPS; k++) {
    if (k % 4 === 0) files[`notes/${k}.txt`] = `step ${k}\n`;
    if (k % 4 === 1) state = `last: ${k};\n`;
    if (k % 4 === 2) log += `line ${k}.\n`;
  }
  const all = { ...files, "log.txt": log, "state.txt": state };
  return Object.fromEntries(Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

test(`a session of ${STEPS} steps, killed ${KILLS} times, ends with the files of one that was not (seed ${SEED})`, async (t) => {
  // With a repository, no cell needs to put anything in the place of one.
  using place = createPlace({
    "state.txt": "last: 0;\n",
    "log.txt": "",
    ".git/config": "[core]\n",
    ".git/HEAD": "",
  });
  mkdirSync(join(place.home, ".cloister"));
  writeFileSync(join(place.home, ".cloister", "settings.json"), '{"sessions": {"keepDays": 1}}');
  let onRequest: () => void = () => {};
  const model = createModel(() => onRequest());
  model.listen(0, "127.0.0.1");
  await once(model, "listening");
  t.after(() => {
    model.close();
    model.closeAllConnections();
  });
  const endpoint = ["--endpoint", `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`];
  const more = ["--max-turns", "400", ...endpoint];
  const dice = createDice(SEED);
  for (let kill = 0; kill < KILLS; kill++) {
    const args = kill === 0 ? ["-p", "Take the steps.", ...more] : ["-p", "--continue", ...more];
    const moment = { after: 1 + dice(STEPS / KILLS), ms: dice(60) };
    await runAndKill(place, args, (handler) => (onRequest = handler), moment);
  }
  onRequest = () => {};
  const last = await cloister(place, ["-p", "--continue", ...more]);
  assert.deepEqual([last.code, last.stdout], [0, "All done.\n"], last.stderr);
  assert.deepEqual(filesIn(place.project), expectedFiles());
});
