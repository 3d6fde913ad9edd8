import assert from "node:assert/strict";
import { test } from "node:test";
import { skillInTests } from "./brings.ts";
import { contentOf } from "./history.ts";
import { answering, createFakeServer } from "./mcp/fake-server.ts";
import { call, historyFault, rehearse, type Request, type ScriptedTurn } from "./rehearsed.ts";

const task = (id: string, prompt: string, more: object = {}): ReturnType<typeof call> =>
  call(id, "Task", { description: "some work", prompt, ...more });

/** The task of a subagent's conversation; undefined for the main one. */
function taskIn({ messages }: Request): string | undefined {
  const said = messages.map(contentOf).find((text) => text.startsWith("You are a subagent"));
  return said?.split("Task:\n")[1];
}

const resultsIn = ({ messages }: Request): string[] =>
  messages.filter(({ role }) => role === "tool").map(contentOf);

test("a subagent works in a conversation of its own, and only its report comes back", async () => {
  using played = rehearse(
    (request) => {
      const work = taskIn(request);
      if (work === undefined) {
        return resultsIn(request).length > 0 ? { text: "Thanks." } : { calls: [task("t1", "look")] };
      }
      return resultsIn(request).length > 0
        ? { text: "REPORT" }
        : { calls: [call("1", "Bash", { command: "ls" })] };
    },
    { files: { "AGENTS.md": "Use tabs.\n" } },
  );
  const ending = await played.ask("go");
  assert.deepEqual([ending.outcome, ending.text, ending.turns], ["done", "Thanks.", 2]);
  const main = played.requests.filter((request) => taskIn(request) === undefined);
  assert.deepEqual(resultsIn(main.at(-1) as Request), ["REPORT"]);
  const own = played.requests.find((request) => taskIn(request) === "look");
  // The same beginning as the main conversation: the server has it cached.
  const beginning = main[0]?.text.slice(0, main[0].text.indexOf('{"role":"user","content":"go"')) ?? "";
  assert.ok(beginning.includes("Use tabs.") && own?.text.startsWith(beginning));
  const events = played.of("subagent");
  assert.deepEqual([events[0]?.what.kind, events.at(-1)?.what.kind], ["begin", "end"]);
  assert.equal(events[0]?.what.kind === "begin" && events[0].what.call, "t1");
  assert.equal(new Set(events.map(({ id }) => id)).size, 1);
  assert.ok(played.of("item").every(({ item }) => item["content"] !== "REPORT" || item.role === "tool"));
});

test("a subagent is told which MCP tools there are, as the main conversation is; one that may use none is not", async () => {
  const link = createFakeServer(answering([{ name: "find", description: "Finds." }])).link;
  const own = { name: "reader", description: "reads", prompt: "", tools: ["Read"] };
  using played = rehearse(
    (request) => {
      if (taskIn(request) !== undefined) return { text: "REPORT" };
      return resultsIn(request).length > 0
        ? { text: "Thanks." }
        : { calls: [task("1", "any"), task("2", "only reads", { subagent_type: "reader" })] };
    },
    { mcpServers: [{ name: "db" }], startServer: () => Promise.resolve(link), agents: [own] },
  );
  await played.ask("go");
  const told = (wanted: string | undefined): boolean =>
    played.requests.find((request) => taskIn(request) === wanted)?.text.includes("mcp__db__find") === true;
  assert.deepEqual([told(undefined), told("any"), told("only reads")], [true, true, false]);
  assert.deepEqual(
    played.of("server").map(({ name, state, tools }) => [name, state, tools]),
    [
      ["db", "idle", 0],
      ["db", "starting", 0],
      ["db", "ready", 1],
    ],
  );
});

test("a person ends one subagent, and who asked it goes on", async () => {
  using played = rehearse(
    (request) => {
      if (taskIn(request) !== undefined) {
        // What it was told to do would go on for ever.
        const [begun] = played.of("subagent");
        played.session.stop("no such id");
        played.session.stop(begun?.id ?? "");
        return { calls: [call("1", "Bash", { command: "ls" })] };
      }
      return resultsIn(request).length > 0 ? { text: "Then not." } : { calls: [task("t1", "look")] };
    },
    { files: {} },
  );
  const ending = await played.ask("go");
  assert.deepEqual([ending.outcome, ending.text], ["done", "Then not."]);
  const main = played.requests.filter((request) => taskIn(request) === undefined);
  assert.match(resultsIn(main.at(-1) as Request)[0] ?? "", /did not finish/);
});

test("what a subagent uses counts for the limits of the whole", async () => {
  const usage = { promptTokens: 1000, cachedTokens: 0, completionTokens: 0 };
  using played = rehearse(
    (request, number) =>
      taskIn(request) === undefined
        ? { calls: [task("t", "work")], usage }
        : { calls: [call(`${number}`, "Bash", { command: `${number}` })], usage },
    { limits: { tokensMax: 4000 } },
  );
  const ending = await played.ask("go");
  assert.deepEqual([ending.outcome, ending.usage.promptTokens], ["max-tokens", 4000]);
});

test("subagents are nested three deep, and the fourth is refused", async () => {
  const depthOf = (work: string): number => Number(/\d/.exec(work)?.[0]);
  using played = rehearse((request) => {
    const work = taskIn(request);
    if (resultsIn(request).length > 0) return { text: resultsIn(request)[0] ?? "" };
    const depth = work === undefined ? 0 : depthOf(work);
    return { calls: [task(`t${depth}`, `depth ${depth + 1}`)] };
  });
  assert.match((await played.ask("go")).text, /nested 3 deep already/);
  const parents = new Map(played.of("subagent").map(({ id, parent }) => [id, parent]));
  assert.equal(parents.size, 3);
  assert.equal([...parents.values()].filter((parent) => parent === undefined).length, 1);
});

test("at most four are at work at the same time", async () => {
  let open = 0;
  let most = 0;
  using played = rehearse(
    (request): ScriptedTurn => {
      if (resultsIn(request).length > 0) return { text: "ok" };
      if (taskIn(request) !== undefined) return { calls: [call("1", "Bash", { command: "x" })] };
      return { calls: Array.from({ length: 9 }, (_, n) => task(`t${n}`, `part ${n}`)) };
    },
    {
      run: async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise(setImmediate);
        open -= 1;
        return {};
      },
    },
  );
  await played.ask("go");
  assert.equal(most, 4);
  assert.equal(new Set(played.of("subagent").map(({ id }) => id)).size, 9);
});

test("an interrupt reaches the subagents; the history stays valid", async () => {
  using played = rehearse((request) => {
    if (taskIn(request) !== undefined) return { text: "I begin", hangs: true };
    return played.requests.length === 1 ? { calls: [task("1", "a"), task("2", "b")] } : { text: "Fine." };
  });
  played.session.send({ text: "go" });
  while (
    played.of("subagent").filter(({ what }) => what.kind === "event" && what.event.kind === "text").length < 2
  ) {
    await played.until("subagent");
  }
  played.session.interrupt();
  assert.equal((await played.until("end")).ending.outcome, "cancelled");
  assert.equal((await played.ask("on")).text, "Fine.");
  assert.equal(historyFault(played.requests.at(-1)?.messages ?? []), undefined);
});

test("an agent of the project has its own words and tools; what is not its own is refused, with what is", async () => {
  const agents = [
    { name: "reviewer", description: "reviews a diff", prompt: "Be strict.", tools: ["Read", "Grep"] },
  ];
  using played = rehearse(
    (request) => {
      if (resultsIn(request).length > 0) return { text: resultsIn(request)[0] ?? "" };
      return taskIn(request) === undefined
        ? { calls: [task("1", "look", { subagent_type: "reviewer" })] }
        : { calls: [call("2", "Bash", { command: "rm x" })] };
    },
    { agents },
  );
  assert.match((await played.ask("go")).text, /reviewer may not use Bash\. It has: Read, Grep/);
  assert.deepEqual(played.commands, []);
  assert.match(played.requests[0]?.text ?? "", /- reviewer: reviews a diff/);
  assert.match(played.requests[1]?.text ?? "", /Be strict\./);
});

test("an agent that there is not is named, with those there are", async () => {
  using played = rehearse([{ calls: [task("1", "x", { subagent_type: "wizard" })] }]);
  await played.ask("go");
  assert.match(
    resultsIn(played.requests[1] as Request)[0] ?? "",
    /no subagent "wizard"\. There are: general\./,
  );
});

test("plan mode holds for subagents too", async () => {
  using played = rehearse(
    (request) => {
      if (resultsIn(request).length > 0) return { text: resultsIn(request)[0] ?? "" };
      return taskIn(request) === undefined
        ? { calls: [task("1", "write")] }
        : { calls: [call("2", "Write", { file_path: "a", content: "x" })] };
    },
    { mode: "plan" },
  );
  assert.match((await played.ask("go")).text, /Plan mode is on: Write was not run/);
});

test("a subagent that only looks writes nothing in a session that may; it has its servers and its skills' texts", async () => {
  const link = createFakeServer(answering([{ name: "find", description: "Finds." }])).link;
  const reader = {
    ...{ name: "reader", description: "reads", prompt: "", isPlanning: true },
    ...{ mcpServers: ["wiki"], skills: ["style", "none"] },
  };
  using played = rehearse(
    (request) => {
      if (taskIn(request) === undefined) {
        return resultsIn(request).length > 0
          ? { text: "Thanks." }
          : { calls: [task("1", "look", { subagent_type: "reader" })] };
      }
      if (resultsIn(request).length > 0) return { text: "REPORT" };
      const db = call("3", "UseTool", { name: "mcp__db__find", arguments: {} });
      return { calls: [call("2", "Write", { file_path: "a.txt", content: "x" }), db] };
    },
    {
      ...{ mcpServers: [{ name: "db" }], startServer: () => Promise.resolve(link), agents: [reader] },
      brings: { skills: [skillInTests("skill", "style", "Use tabs.")] },
    },
  );
  await played.ask("go");
  const own = played.requests.filter((request) => taskIn(request) === "look");
  assert.match(own[0]?.text ?? "", /The skill style says:[^]*Use tabs\./);
  const [written, found] = resultsIn(own.at(-1) as Request);
  assert.match(written ?? "", /plan mode/i);
  assert.match(found ?? "", /may not use mcp__db__find/);
  const told = played.of("subagent").map(({ what }) => JSON.stringify(what));
  assert.ok(told.some((text) => text.includes('There is no skill \\"none\\"')));
});

test("a subagent that only looks hands no work to one that does more", async () => {
  const looker = { name: "looker", description: "looks", prompt: "", isPlanning: true };
  using played = rehearse(
    (request) => {
      const work = taskIn(request);
      if (resultsIn(request).length > 0) return { text: "Report." };
      if (work === undefined) return { calls: [task("1", "look", { subagent_type: "looker" })] };
      if (work === "look") return { calls: [task("2", "write")] };
      return { calls: [call("3", "Write", { file_path: "a", content: "x" })] };
    },
    { agents: [looker] },
  );
  await played.ask("go");
  const writer = played.requests.findLast((request) => taskIn(request) === "write");
  assert.match(resultsIn(writer as Request)[0] ?? "", /^Plan mode is on: Write was not run/);
});
