import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatMessage } from "@cloister/wire";
import { interruptedText, mendingItems } from "./mend.ts";
import type { SessionRecord } from "./records.ts";
import { tellStory, titleOf } from "./story.ts";

const at = "2026-07-21T00:00:00.000Z";
const start: SessionRecord = { t: "start", v: 1, id: "s", workspace: "/w", at, secretsKey: "" };
const said = (text: string): SessionRecord => ({ t: "user", text, at });
const item = (message: ChatMessage): SessionRecord => ({ t: "item", item: message });
const asked = (content: string): ChatMessage => ({ role: "user", content, cloister: { source: "user" } });
const calling = (...ids: string[]): ChatMessage => ({
  role: "assistant",
  content: "",
  tool_calls: ids.map((id) => ({ id, type: "function", function: { name: "Bash", arguments: "{}" } })),
});
const result = (id: string, text: string): SessionRecord => ({
  t: "result",
  id,
  name: "Bash",
  ok: true,
  text,
});

test("a result's text is kept once, and is in its item again", () => {
  const answer: ChatMessage = {
    role: "tool",
    tool_call_id: "a",
    content: "",
    cloister: { source: "command" },
  };
  const records: SessionRecord[] = [
    start,
    said("x"),
    item(asked("x")),
    item(calling("a")),
    result("a", "out"),
  ];
  const story = tellStory([...records, { t: "item", item: answer, of: "a" }]);
  assert.equal(
    JSON.stringify(story.items.at(-1)),
    '{"role":"tool","tool_call_id":"a","content":"out","cloister":{"source":"command"}}',
  );
});

test("a call without a saved result is answered so that the model looks first; a shown result is its result", () => {
  const story = tellStory([
    start,
    said("x"),
    item(asked("x")),
    item(calling("a", "b")),
    result("a", "shown"),
  ]);
  assert.deepEqual(
    mendingItems(story).map(({ tool_call_id: id, content }) => [id, content]),
    [
      ["a", "shown"],
      ["b", interruptedText],
    ],
  );
});

test("a message that was shown but not yet part of the conversation is not lost", () => {
  const story = tellStory([start, said("x")]);
  assert.deepEqual(mendingItems(story), [asked("x")]);
  assert.deepEqual(mendingItems(tellStory([start, said("x"), item(asked("x"))])), []);
});

test("a compaction in whose middle the process died has not taken place", () => {
  const before = [start, said("x"), item(asked("x")), item({ role: "assistant", content: "one" })];
  const compaction: SessionRecord = {
    t: "compaction",
    compaction: { trigger: "full", method: "summary", before: 9, after: 1 },
  };
  const torn = tellStory([...before, compaction, item(asked("notes"))]);
  assert.equal(torn.items.length, 2);
  const whole = tellStory([...before, compaction, item(asked("notes")), { t: "compacted" }]);
  assert.deepEqual(whole.items, [asked("notes")]);
  assert.equal(whole.turns, 1);
});

test("after a rewind the conversation goes on from before the message, also behind a compaction", () => {
  const records = [
    ...[start, said("one"), item(asked("one")), item({ role: "assistant", content: "1" })],
    ...[said("two"), item(asked("two")), item({ role: "assistant", content: "2" })],
  ];
  const story = tellStory([...records, { t: "rewind", before: 2, at }]);
  assert.deepEqual(
    story.items.map(({ content }) => content),
    ["one", "1"],
  );
  assert.deepEqual(
    story.marks.map(({ text }) => text),
    ["one"],
  );
  assert.equal(story.transcript.length, 2);
});

test("a session of a later format, and one without its beginning, are refused by name", () => {
  assert.throws(() => tellStory([{ ...start, v: 2 }]), { code: "session-too-new" });
  assert.throws(() => tellStory([said("x")]), { code: "session-damaged" });
});

test("the title is the first line of the first message, cut where it is long", () => {
  assert.equal(titleOf([{ text: "\n mend it\nplease" }]), "mend it");
  assert.equal(titleOf([{ text: "x".repeat(100) }]).length, 72);
});

test("a message that was refused was never said, and is not said when the session goes on", () => {
  const end: SessionRecord = {
    ...{ t: "end", outcome: "failed", turns: 0, code: "prompt-refused", at },
    usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
  };
  assert.deepEqual(mendingItems(tellStory([start, said("see @large.png"), end])), []);
});

test("pictures that never arrived are said to be lost; those that did are not", () => {
  const shown: ChatMessage = {
    role: "user",
    content: [{ type: "text", text: "[Cloister] Picture that the user shows: picture 1" }],
    cloister: { source: "attachment" },
  };
  const two: SessionRecord = { t: "user", text: "x", pictures: 2, at };
  const contents = (...records: SessionRecord[]): unknown[] =>
    mendingItems(tellStory([start, ...records])).map(({ content }) => content);
  const [words, lost] = contents(two);
  assert.equal(words, "x");
  assert.match(String(lost), /2 pictures shown with the last message did not arrive/);
  assert.match(String(contents(two, item(asked("x")), item(shown))[0]), /A picture shown/);
  assert.deepEqual(contents(two, item(asked("x")), item(shown), item(shown)), []);
});
