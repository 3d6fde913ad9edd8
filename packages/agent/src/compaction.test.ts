import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { contentOf } from "./history.ts";
import {
  call,
  historyFault,
  rehearse,
  type Rehearsed,
  type Request,
  type ScriptedTurn,
} from "./rehearsed.ts";
import { createWindow } from "./window.ts";

/** Tokens as a server would count them, roughly: a request of so many bytes. */
const tokensOf = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);

const isSummary = ({ messages }: Request): boolean =>
  contentOf(messages.at(-1)).includes("about to be replaced by your notes");

/** Reads on and on, each time something else; writes a summary when it is asked for one. */
function reader(turns: number): (request: Request, number: number) => ScriptedTurn {
  let reads = 0;
  return (request) => {
    const usage = { promptTokens: tokensOf(request.text), cachedTokens: 0, completionTokens: 20 };
    if (isSummary(request)) return { text: "SUMMARY: tabs were chosen.", usage };
    reads += 1;
    if (reads > turns) return { text: "All read.", usage };
    return { calls: [call(`c${reads}`, "Bash", { command: `cat ${reads}` })], usage };
  };
}

const output = (chars: number) => (text: string) =>
  Promise.resolve({ output: `${text}\n${"lorem ipsum\n".repeat(chars / 12)}` });

function checkRequests(played: Rehearsed, window: number): void {
  const offered = new Set(["Bash", "Read", "Write"]);
  for (const [n, request] of played.requests.entries()) {
    assert.equal(historyFault(request.messages), undefined, `request ${n + 1}`);
    assert.ok(tokensOf(request.text) <= window, `request ${n + 1} has ${tokensOf(request.text)} tokens`);
    const names = request.messages.flatMap((message) =>
      Array.isArray(message["tool_calls"])
        ? message["tool_calls"].map((each: unknown) =>
            isRecord(each) && isRecord(each["function"]) ? each["function"]["name"] : undefined,
          )
        : [],
    );
    assert.ok(names.every((name) => offered.has(String(name))));
  }
}

test("BS-02, BS-08: before a prompt would pass the window room is made, as often as it takes; every request is valid and fits", async () => {
  const window = 8192;
  using played = rehearse(reader(40), { contextTokens: window, run: output(4000) });
  const ending = await played.ask("read them all, and use tabs");
  assert.equal(ending.text, "All read.");
  const compactions = played.of("compaction").map(({ compaction }) => compaction);
  assert.ok(compactions.length >= 3, `${compactions.length} compactions`);
  assert.ok(compactions.every(({ after, before }) => after < before));
  checkRequests(played, window);
  assert.ok(
    played.requests.at(-1)?.text.includes("read them all, and use tabs"),
    "the user's words are lost",
  );
});

test("old outputs are cut short first, and that alone may do: no model is asked", async () => {
  using played = rehearse(reader(14), { contextTokens: 16_384, run: output(5000) });
  await played.ask("read");
  assert.deepEqual(
    [...new Set(played.of("compaction").map(({ compaction }) => compaction.method))],
    ["shortened"],
  );
  assert.ok(!played.requests.some(isSummary));
});

test("BS-12: the summary is asked for in the conversation itself, so that its cached beginning serves", async () => {
  using played = rehearse(reader(3), { contextTokens: 32_768 });
  await played.ask("read");
  played.session.compact("the tabs");
  await played.until("compaction");
  const [before, summary] = played.requests.slice(-2);
  assert.ok(before !== undefined && summary !== undefined && isSummary(summary));
  assert.ok(summary.text.startsWith(before.text.slice(0, -2)));
  assert.match(contentOf(summary.messages.at(-1)), /Above all keep: the tabs/);
  await played.ask("go on");
  const { messages } = played.requests.at(-1) ?? { messages: [] };
  assert.match(contentOf(messages[1]), /SUMMARY: tabs were chosen/);
  assert.match(contentOf(messages[1]), /What the user said, in order\n- read/);
  assert.equal(messages[0]?.["content"], before.messages[0]?.["content"]);
});

test("what was kept in notes outlives the notes after them", async () => {
  using played = rehearse(reader(3), { contextTokens: 32_768 });
  const todos = [{ content: "mend it", status: "pending" }];
  await played.ask("the FIRST wish");
  played.session.compact();
  await played.until("compaction");
  await played.ask("the SECOND wish");
  played.session.compact();
  await played.until("compaction");
  await played.ask("the THIRD wish");
  const notes = contentOf(played.requests.at(-1)?.messages[1]);
  for (const word of ["FIRST", "SECOND"]) assert.ok(notes.includes(word), notes);
  assert.ok(todos.length > 0);
});

test("the task list and the files seen are in the notes; instructions stay to the byte", async () => {
  const todos = [{ content: "mend it", status: "in_progress" }];
  using played = rehearse(
    (request, number) => {
      if (isSummary(request)) return { text: "S." };
      if (number === 1) {
        return { calls: [call("1", "Read", { file_path: "a.txt" }), call("2", "TodoWrite", { todos })] };
      }
      return { text: "Done." };
    },
    { files: { "a.txt": "hello\n", "AGENTS.md": "Use tabs.\n" }, contextTokens: 32_768 },
  );
  await played.ask("go");
  played.session.compact();
  await played.until("compaction");
  await played.ask("on");
  const { messages } = played.requests.at(-1) ?? { messages: [] };
  assert.deepEqual(messages[1], played.requests[0]?.messages[1]);
  const notes = contentOf(messages[2]);
  assert.match(notes, /## Task list\n- \[in_progress\] mend it/);
  assert.match(notes, /a\.txt 5891b5b522d5/);
});

test("without a model for it the notes tell what was done, call by call", async () => {
  using played = rehearse(reader(3), { contextTokens: 32_768, summaries: "structure", run: output(100) });
  await played.ask("read");
  const asked = played.requests.length;
  played.session.compact();
  const { compaction } = await played.until("compaction");
  assert.deepEqual([compaction.trigger, compaction.method], ["asked", "structure"]);
  assert.equal(played.requests.length, asked);
  await played.ask("on");
  assert.match(contentOf(played.requests.at(-1)?.messages[1]), /- Bash cat 2 → cat 2/);
});

test("BS-03: a task that cannot fit is refused before anything is asked, with the sizes of its parts", async () => {
  using played = rehearse([], {
    contextTokens: 4096,
    files: { "AGENTS.md": "words and more words. ".repeat(1000) },
  });
  const { outcome, error } = await played.ask("go");
  assert.deepEqual([outcome, error?.code, played.requests.length], ["failed", "window-too-small", 0]);
  assert.match(
    error?.message ?? "",
    /4096 tokens: tools \d+, system prompt \d+, instructions \d{4}, task \d+/,
  );
  assert.match(error?.next ?? "", /at least \d+ tokens/);
});

test("BS-04: when shortening brings no room the work stops with the reason, after one attempt", async () => {
  const huge = "x y ".repeat(12_000);
  using played = rehearse((request) => (isSummary(request) ? { text: huge } : { text: "Hm." }), {
    contextTokens: 8192,
  });
  await played.ask("short");
  const { outcome, error } = await played.ask(huge);
  assert.deepEqual([outcome, error?.code], ["failed", "window-full"]);
  assert.equal(played.of("compaction").length, 0);
  assert.equal(played.requests.length, 1);
});

test("BS-05: a reserve that would take half the window is scaled to a quarter of it", () => {
  assert.equal(createWindow(4096, 3000).reserve, 1024);
  assert.equal(createWindow(4096).usable, 3072);
  assert.equal(createWindow(131_072).reserve, 8192);
});

test("BS-06: calls whose arguments are cut short keep arguments that are JSON", async () => {
  const content = 'say "x"\n'.repeat(300);
  let writes = 0;
  using played = rehearse(
    (request) => {
      if (isSummary(request) || writes === 12) return { text: "Done." };
      writes += 1;
      return { calls: [call(`w${writes}`, "Write", { file_path: `f${writes}`, content })] };
    },
    { contextTokens: 8192 },
  );
  await played.ask("write");
  assert.ok(played.of("compaction").length > 0);
  checkRequests(played, 8192);
});

test("BS-07: arguments that are no JSON object are in the history as an empty one", async () => {
  const bad = ["{", "5", "null", '["a"]', '"text"'].map((text, n) => ({
    id: `b${n}`,
    name: "Bash",
    arguments: text,
  }));
  using played = rehearse([{ calls: bad }]);
  await played.ask("go");
  assert.equal(historyFault(played.requests[1]?.messages ?? []), undefined);
});

test("a window that nobody told is learned when the server refuses a prompt; room is made once, then it stops", async () => {
  const overflow = {
    code: "context-length-exceeded",
    message: "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
  };
  using played = rehearse(
    (request, number) => {
      if (tokensOf(request.text) > 8192) return { failed: overflow };
      if (isSummary(request)) return { text: "S." };
      return number < 12
        ? { calls: [call(`c${number}`, "Bash", { command: `cat ${number}` })] }
        : { text: "Done." };
    },
    { run: output(6000) },
  );
  assert.equal((await played.ask("go")).outcome, "done");
  assert.equal(played.of("compaction")[0]?.compaction.trigger, "overflow");
  assert.equal(played.of("context").at(-1)?.window, 8192);

  using hopeless = rehearse((request) => (isSummary(request) ? { text: "S." } : { failed: overflow }), {
    resume: [
      { role: "system", content: "x" },
      { role: "user", content: "a", cloister: { source: "user" } },
      { role: "assistant", content: "b".repeat(40_000) },
    ],
  });
  const ending = await hopeless.ask("go");
  assert.deepEqual([ending.outcome, ending.error?.code], ["failed", "context-length-exceeded"]);
  assert.equal(hopeless.of("compaction").length, 1);
});

test("an output is cut when it comes, to a share of the window, and stays as it is from then on", async () => {
  using played = rehearse(
    [{ calls: [call("1", "Bash", { command: "cat" })] }, { text: "One." }, { text: "Two." }],
    {
      contextTokens: 16_384,
      run: output(29_000),
    },
  );
  await played.ask("go");
  const first = contentOf(played.requests[1]?.messages.at(-1));
  assert.ok(first.length < 12_000 && first.length > 4000, `${first.length} characters`);
  assert.match(first, /characters left out/);
  await played.ask("again");
  assert.ok(played.requests[2]?.text.startsWith((played.requests[1]?.text ?? "").slice(0, -2)));
});

test("a compaction can be interrupted, and leaves the conversation as it was", async () => {
  using played = rehearse((request) => (isSummary(request) ? { hangs: true } : { text: "One." }), {
    contextTokens: 32_768,
  });
  await played.ask("go");
  played.session.compact();
  await played.until("status");
  played.session.interrupt();
  await played.ask("on");
  assert.equal(played.of("compaction").length, 0);
  assert.equal(played.requests.at(-1)?.messages.length, 4);
});
