import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse, until } from "./harness.ts";

test("a task is done: files change, the answer goes to stdout, the exit code is 0", async () => {
  using place = createPlace({ "src/a.txt": "one\ntwo\n" });
  const rehearsal = await rehearse([
    { calls: [{ name: "Read", arguments: { file_path: "src/a.txt" } }] },
    {
      expect: { lastMessageContains: ["1\tone"] },
      calls: [
        { name: "Edit", arguments: { file_path: "src/a.txt", old_string: "two", new_string: "three" } },
      ],
    },
    { calls: [{ name: "Bash", arguments: { command: "cat src/a.txt; touch made.txt" } }] },
    { expect: { lastMessageContains: ["three"] }, text: "Changed it." },
  ]);
  const result = await cloister(place, ["-p", "change two to three", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual([result.code, result.stdout], [0, "Changed it.\n"], result.stderr);
  assert.equal(readFileSync(join(place.project, "src/a.txt"), "utf8"), "one\nthree\n");
  assert.deepEqual(rehearsal.failures, []);
  assert.match(result.stderr, /cleared for core.*cell bubblewrap/);
});

test("a folder that is no repository is none afterwards: nothing of the cells stays in it", async () => {
  using place = createPlace();
  const bash = { calls: [{ name: "Bash", arguments: { command: "ls -a" } }] };
  const rehearsal = await rehearse([bash, bash, { text: "Done." }]);
  await cloister(place, ["-p", "look", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual(readdirSync(place.project), ["README.md"]);
});

test("each request begins with the bytes of the one before, up to its end", async () => {
  using place = createPlace({ "AGENTS.md": "Use tabs.\n" });
  const rehearsal = await rehearse([
    { reasoning: "I look.", calls: [{ name: "Glob", arguments: { pattern: "*" } }] },
    {
      text: "Now this.",
      calls: [
        { name: "Bash", arguments: { command: "date" } },
        { name: "TodoWrite", arguments: { todos: [] } },
      ],
    },
    { text: "Done." },
  ]);
  await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  const sent = bodies(rehearsal);
  assert.equal(sent.length, 3);
  for (const [n, body] of sent.slice(1).entries()) {
    assert.ok(body.startsWith((sent[n] ?? "").slice(0, -2)), `request ${n + 2}`);
  }
});

test("the fixed part of the prompt is the same bytes in another checkout, home and prompt", async () => {
  const heads: string[] = [];
  for (const prompt of ["one", "two"]) {
    using place = createPlace({ [`${prompt}.txt`]: prompt });
    const rehearsal = await rehearse([{ text: "Done." }]);
    await cloister(place, ["-p", prompt, "--endpoint", rehearsal.url], {
      environment: { LANG: prompt === "one" ? "C" : "zh_CN.UTF-8" },
    });
    await rehearsal.close();
    const body = bodies(rehearsal)[0] ?? "";
    heads.push(body.slice(0, body.indexOf('{"role":"user"')));
  }
  assert.ok((heads[0]?.length ?? 0) > 1000);
  assert.equal(heads[0], heads[1]);
});

test("the project's instructions are the first user message; piped input joins the prompt", async () => {
  using place = createPlace({ "AGENTS.md": "Use tabs.\n", "CLAUDE.md": "Use tabs.\n" });
  const rehearsal = await rehearse([{ text: "Done." }]);
  await cloister(place, ["-p", "explain", "--endpoint", rehearsal.url], { input: "a log line\n" });
  await rehearsal.close();
  const body: unknown = JSON.parse(bodies(rehearsal)[0] ?? "");
  assert.ok(isRecord(body) && Array.isArray(body["messages"]));
  const [system, instructions, prompt, ...rest] = body["messages"] as { role: string; content: string }[];
  assert.equal(system?.role, "system");
  assert.match(instructions?.content ?? "", /from AGENTS\.md:\n\nUse tabs\.$/);
  assert.equal(prompt?.content, "explain\n\na log line\n");
  assert.deepEqual(rest, []);
});

test("a call that is none runs nothing; the model is told exactly why until it makes one that is", async () => {
  using place = createPlace();
  const cut = { name: "Bash", arguments: { command: "touch ran" } };
  const rehearsal = await rehearse([
    { calls: [{ name: "Shell", arguments: { command: "touch ran" } }] },
    { expect: { lastMessageContains: ["unknown-tool", "Bash"] }, calls: [cut], finish: "length" },
    {
      expect: { lastMessageContains: ["truncated"] },
      calls: [{ name: "Bash", arguments: { command: "echo good" } }],
    },
  ]);
  const answered = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url, "--max-turns", "1"]);
  await rehearsal.close();
  assert.match(answered.stderr, /max-turns/);
  assert.deepEqual(rehearsal.failures, []);
  assert.equal(rehearsal.requests.length, 3);
  assert.throws(() => readFileSync(join(place.project, "ran")));
});

test("a model that never makes a usable answer fails the task, with the causes", async () => {
  using place = createPlace();
  const bad = { calls: [{ name: "Bash", arguments: {} }] };
  const rehearsal = await rehearse([bad, bad, bad]);
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(result.code, 1);
  assert.match(result.stderr, /unusable-answer/);
  assert.match(result.stderr, /missing-argument/);
});

test("an empty answer is asked about twice, then the task fails with a reason", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "" }, { text: "" }, { text: "" }]);
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(result.code, 1);
  assert.match(result.stderr, /empty-turn/);
  assert.equal(rehearsal.requests.length, 3);
});

test("--max-turns ends a task that goes on and on, with exit code 1", async () => {
  using place = createPlace();
  const turn = { calls: [{ name: "Glob", arguments: { pattern: "*" } }] };
  const rehearsal = await rehearse([turn, turn, turn, turn]);
  const result = await cloister(place, [
    "-p",
    "x",
    "--endpoint",
    rehearsal.url,
    "--max-turns",
    "2",
    "--output-format",
    "json",
  ]);
  await rehearsal.close();
  const answer: unknown = JSON.parse(result.stdout);
  assert.ok(isRecord(answer));
  assert.deepEqual([result.code, answer["subtype"], answer["num_turns"]], [1, "error_max_turns", 2]);
});

test("stream-json tells the story in the shape that other agents' readers know, without a secret in it", async () => {
  const secret = ["sk", "live", "8dJ2kQw9Zr5Tn3Xb7Vm4Lc6P"].join("_");
  using place = createPlace({ "config.js": `export const key = "${secret}";\n` });
  const rehearsal = await rehearse([
    { text: "Reading.", calls: [{ name: "Read", arguments: { file_path: "config.js" } }] },
    { text: "Done." },
  ]);
  const result = await cloister(place, [
    "-p",
    "x",
    "--endpoint",
    rehearsal.url,
    "--output-format",
    "stream-json",
  ]);
  await rehearsal.close();
  const lines = result.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; subtype?: string });
  assert.deepEqual(
    lines.map(({ type }) => type),
    ["system", "assistant", "user", "assistant", "result"],
  );
  assert.deepEqual([lines[0]?.subtype, lines.at(-1)?.subtype], ["init", "success"]);
  assert.ok(!result.stdout.includes(secret) && !result.stderr.includes(secret));
  assert.match(result.stdout, /CLS_/);
});

test("a session leaves nothing behind in the project", async () => {
  using place = createPlace({ ".git/config": "[core]\n", ".git/HEAD": "ref: refs/heads/main\n" });
  const rehearsal = await rehearse([
    { calls: [{ name: "Bash", arguments: { command: "true" } }] },
    { expect: {}, text: "Done." },
  ]);
  await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  const { output } = await until("a listing", async () => ({ output: await listing(place.project) }));
  assert.deepEqual(output, [".git", ".git/HEAD", ".git/config", "README.md"]);
});

test("an interrupt ends everything at once: exit code 130, the server hears it, the record says cancelled", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "never", fault: "stall" }]);
  const running = cloister(place, ["-p", "x", "--endpoint", rehearsal.url], {
    onStart: async (child) => {
      await until("a request", () => rehearsal.requests[0]);
      child.kill("SIGINT");
    },
  });
  const result = await running;
  assert.equal(result.code, 130, result.stderr);
  assert.equal(await rehearsal.requests[0]?.closed, "early");
  await rehearsal.close();
  const entries = await place.entries();
  assert.equal(entries.find((entry) => entry["t"] === "exposure.result")?.["outcome"], "cancelled");
  assert.equal(entries.at(-1)?.["outcome"], "cancelled");
});

test("an interrupt in the middle of an answer is a cancellation, not the server's failure", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "a long answer, slowly spoken ".repeat(20) }], { paceMs: 40 });
  const result = await cloister(
    place,
    ["-p", "x", "--endpoint", rehearsal.url, "--output-format", "stream-json"],
    {
      onStart: async (child) => {
        await until("a request", () => rehearsal.requests[0]);
        await new Promise((resolve) => setTimeout(resolve, 300));
        child.kill("SIGINT");
      },
    },
  );
  await rehearsal.close();
  assert.equal(result.code, 130, result.stderr);
  assert.doesNotMatch(result.stderr, /upstream-broken/);
  const entries = await place.entries();
  assert.equal(entries.find((entry) => entry["t"] === "exposure.result")?.["outcome"], "cancelled");
  assert.equal(entries.at(-1)?.["outcome"], "cancelled");
});

test("a clearance from the settings belongs to the endpoint in the settings, and to no other", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "Done." }]);
  const other = await rehearse([{ text: "Done." }]);
  const folder = join(place.home, ".cloister");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "settings.json"),
    JSON.stringify({ endpoint: rehearsal.url, clearance: "public" }),
  );
  assert.match((await cloister(place, ["-p", "x"])).stderr, /cleared for public/);
  assert.match((await cloister(place, ["-p", "x", "--endpoint", other.url])).stderr, /cleared for core/);
  await rehearsal.close();
  await other.close();
});

test("without a model it says in four lines what to start; a wrong option names the right ones", async () => {
  using place = createPlace();
  const unreachable = await cloister(place, ["-p", "x", "--endpoint", "http://127.0.0.1:9"]);
  assert.equal(unreachable.code, 69);
  assert.match(unreachable.stderr, /endpoint-unreachable[^]*next:/);
  const usage = await cloister(place, ["-p", "x", "--output-format", "xml"]);
  assert.equal(usage.code, 64);
  assert.match(usage.stderr, /text, json, stream-json/);
});

test("a project that is not public does not go to an endpoint that is cleared for public only", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "Done." }]);
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url, "--clearance", "public"]);
  await rehearsal.close();
  assert.equal(result.code, 1);
  assert.match(result.stderr, /label-within-clearance/);
  assert.equal(rehearsal.requests.length, 0);
});

async function listing(folder: string): Promise<string[]> {
  const { readdir } = await import("node:fs/promises");
  return (await readdir(folder, { recursive: true })).toSorted();
}
