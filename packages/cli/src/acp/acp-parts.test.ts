/** What is said to an editor and by one, without a session. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Question } from "@cloister/airlock";
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { askPerson, chosenIn, createApprove, holdingAsked, type Option } from "./asking.ts";
import { readBlocks } from "./prompt-blocks.ts";
import { replayOf, updatesOf } from "./updates.ts";

const never = new AbortController().signal;

test("a prompt's files are named and not copied; what the person saw of one is sent along", () => {
  const link = (uri: string): JsonObject => ({ type: "resource_link", name: "x", uri });
  const say = (...blocks: readonly unknown[]): string => readBlocks(blocks, "/home/me/project").text;
  assert.equal(
    say({ type: "text", text: "see " }, link("file:///home/me/project/src/a.ts")),
    "see @src/a.ts",
  );
  assert.equal(say(link("file:///etc/passwd")), "/etc/passwd");
  assert.equal(say(link("file:///home/me/project-too/a")), "/home/me/project-too/a");
  assert.equal(say(link("file:///home/me/project/a%20b.md")), "@a\\ b.md");
  assert.equal(say(link("file:///home/me/project/a%0Ab.md")), "/home/me/project/a\nb.md");
  assert.equal(say(link("https://house.example/x")), "https://house.example/x");
  const uri = "file:///home/me/project/a.ts";
  assert.match(say({ type: "resource", resource: { uri, text: "unsaved" } }), /@a\.ts:\n```\nunsaved\n```/);
  assert.match(say({ type: "audio", data: "AAAA" }), /\[audio left out\]/);
  assert.match(say({ type: "resource", resource: { uri, text: "a\n```\nb" } }), /:\n````\na\n```\nb\n````\n/);
  assert.equal(readBlocks("no list", "/").text, "");
  assert.equal(say(1, null, { type: "text" }), "");
});

test("what an editor embeds of a file in the workspace has that file's label, however it is called", () => {
  const embedded = (uri: string): unknown =>
    readBlocks([{ type: "resource", resource: { uri, text: "a\nb" } }], "/w").files;
  for (const name of ["pay.md", "pay plan.md", "pay\nplan.md", "what's `this`.md"]) {
    const path = `restricted/${name}`;
    assert.deepEqual(embedded(`file:///w/${encodeURI(path)}`), [{ path, from: 1, to: 2 }]);
  }
  assert.equal(embedded("file:///elsewhere/pay.md"), undefined);
  assert.equal(embedded("https://house.example/pay.md"), undefined);
});

test("calls of subagents have ids of their own, and what they say is theirs", () => {
  const call = { kind: "call", id: "1", name: "Read", args: { file_path: "a" } } as const;
  const inner = {
    kind: "subagent",
    id: "sub_1",
    parent: undefined,
    what: { kind: "event", event: call },
  } as const;
  const [update] = updatesOf(inner, "/w");
  assert.deepEqual([update?.["toolCallId"], update?.["locations"]], ["sub_1:1", [{ path: "/w/a" }]]);
  const said = { ...inner, what: { kind: "event", event: { kind: "text", text: "x" } } } as const;
  assert.deepEqual(updatesOf(said, "/w"), []);
});

test("a new file has no old text; a result that is long is cut", () => {
  const args = { file_path: "a", content: "new" };
  const [write] = updatesOf({ kind: "call", id: "1", name: "Write", args }, "/w");
  assert.deepEqual(write?.["content"], [{ type: "diff", path: "/w/a", oldText: null, newText: "new" }]);
  const long = { kind: "result", id: "1", name: "Bash", ok: true, text: "x".repeat(50_000) } as const;
  assert.ok(JSON.stringify(updatesOf(long, "/w")).length < 25_000);
});

test("what was said before is told again without our own notes", () => {
  const blocks = [
    { kind: "said", by: "system", text: "s" },
    { kind: "said", by: "cloister", text: "note" },
    { kind: "said", by: "user", text: "hi" },
    {
      kind: "call",
      name: "Read",
      args: '{"file_path":"a"}',
      result: "text",
      isError: false,
      diff: undefined,
    },
    { kind: "said", by: "model", text: "ho" },
  ] as const;
  assert.deepEqual(
    replayOf(blocks).map(({ sessionUpdate }) => sessionUpdate),
    ["user_message_chunk", "tool_call", "agent_message_chunk"],
  );
});

test("what is no clear yes is a no; the rules that an always would store are named", async () => {
  const question: Question = {
    ...{ tool: "Bash", text: "npm i", effect: "persistent", findings: [], rule: "r", reason: "why" },
    ...{
      edits: [],
      scripts: [],
      suggestions: ["Bash(npm i)"],
      call: { id: "1", name: "Bash", arguments: {} },
    },
  };
  const seen: (readonly Option[])[] = [];
  const say = (chosen: string | undefined, asked: Question = question): Promise<unknown> => {
    const approve = createApprove((_call, options) => {
      seen.push(options);
      return Promise.resolve(chosen);
    }, "/w");
    return approve(asked, never);
  };
  assert.equal(await say("once"), "once");
  assert.equal(await say("session"), "session");
  assert.deepEqual(await say("always"), { kind: "always", rules: ["Bash(npm i)"] });
  for (const chosen of ["no", "yes", "toString", undefined]) assert.equal(await say(chosen), "no");
  assert.equal(await say("always", { ...question, suggestions: [] }), "no");
  assert.match(JSON.stringify(seen[0]), /Always: Bash\(npm i\)/);
});

test("a question shows all that would be done, as it is: to the end, fenced, and of a notebook too", async () => {
  const shown: JsonObject[] = [];
  const ask = (question: Partial<Question>): Promise<unknown> =>
    createApprove((call) => {
      shown.push(call);
      return Promise.resolve("once");
    }, "/w")(
      {
        ...{ tool: "Bash", text: "x", effect: "persistent", findings: [], rule: "r", reason: "why" },
        ...{ edits: [], scripts: [], suggestions: [], call: { id: "1", name: "Bash", arguments: {} } },
        ...question,
      },
      never,
    );
  const text = `ls <!--\n\`\`\`\n${"#".repeat(50_000)} curl evil -->`;
  const finding = { kind: "fetch", path: "a\u202eb", why: "w", line: 1, text: "" } as never;
  assert.equal(await ask({ text, findings: [finding] }), "once");
  const partsOf = (call: JsonObject = {}): readonly Json[] =>
    Array.isArray(call["content"]) ? call["content"] : [];
  const [content] = partsOf(shown[0]);
  assert.equal(
    isRecord(content) && isRecord(content["content"]) && content["content"]["text"],
    `\`\`\`\`\n${text}\n\nwhy\na\\u{202e}b: w\n\`\`\`\``,
  );
  await ask({
    ...{ tool: "NotebookEdit", edits: [{ path: "a.ipynb", before: "{}", after: "{ }" }] },
    call: { id: "1", name: "NotebookEdit", arguments: { notebook_path: "a.ipynb", new_source: "x" } },
  });
  assert.deepEqual(partsOf(shown[1])[0], { type: "diff", path: "/w/a.ipynb", oldText: "{}", newText: "{ }" });
  assert.deepEqual(await ask({ text: "x".repeat(300_000) }), {
    kind: "no",
    why: "it is too long to be shown whole",
  });
  assert.equal(shown.length, 2, "about what cannot be shown whole nobody is asked");
  const plan = `1. begin\n${"x".repeat(50_000)}\n2. end`;
  await askPerson("q", { kind: "plan", plan }, (call) => Promise.resolve(void shown.push(call)), never);
  assert.match(JSON.stringify(shown[2]), /2\. end/);
});

test("questions are answered one by one; one without an answer declines them all", async () => {
  const options = [{ label: "a" }, { label: "b" }];
  const ask = {
    kind: "choice",
    questions: [
      { question: "1?", options },
      { question: "2?", options },
    ],
  } as const;
  const answers = (...ids: (string | undefined)[]): ReturnType<typeof askPerson> =>
    askPerson("q", ask, () => Promise.resolve(ids.shift()), never);
  assert.deepEqual(await answers("0", "1"), { kind: "chosen", texts: ["a", "b"] });
  for (const bad of ["none", "7", "x", undefined]) assert.equal((await answers("0", bad)).kind, "declined");
  const plan = (id: string | undefined): ReturnType<typeof askPerson> =>
    askPerson("q", { kind: "plan", plan: "1. x" }, () => Promise.resolve(id), never);
  assert.deepEqual(await plan("acceptEdits"), { kind: "approved", mode: "acceptEdits" });
  for (const bad of ["bypass", "no", undefined]) assert.equal((await plan(bad)).kind, "declined");
  assert.equal(chosenIn({ outcome: { outcome: "selected", optionId: "once" } }), "once");
  assert.equal(chosenIn({ outcome: { outcome: "cancelled" } }), undefined);
  assert.equal(chosenIn({ outcome: "selected" }), undefined);
});

test("while a person is asked, nobody else says what the call is; nor is another question put in its place", async () => {
  const shown: unknown[] = [];
  const open: { readonly id: unknown; readonly answer: (chosen: string) => void }[] = [];
  const held = holdingAsked({
    choose: ({ toolCallId: id }) => new Promise((answer) => open.push({ id, answer })),
    update: ({ toolCallId, title }) => shown.push(title ?? toolCallId),
  });
  const about = (id: string, title: string): JsonObject => ({ toolCallId: id, title });
  held.update(about("1", "before"));
  const first = held.choose(about("1", "Bash: curl"), [], never);
  const second = held.choose(about("1", "Bash: ls"), [], never);
  held.update(about("1", "Bash: ls"));
  held.update(about("2", "other"));
  held.update({ sessionUpdate: "plan", title: "plan" });
  assert.equal(open[0]?.id, "1");
  assert.notEqual(open[1]?.id, "1");
  open[0]?.answer("once");
  assert.equal(await first, "once");
  held.update(about("1", "after"));
  open[1]?.answer("no");
  assert.equal(await second, "no");
  assert.deepEqual(shown, ["before", "other", "plan", "after"]);
});
