import assert from "node:assert/strict";
import { test } from "node:test";
import type { Question } from "@cloister/airlock";
import type { JsonObject } from "@cloister/base";
import { canAsk, createAskClient } from "./asking.ts";

const never = new AbortController().signal;
const question: Question = {
  ...{ tool: "Write", text: "AGENTS.md", effect: "persistent", rule: "r", reason: "it steers agents" },
  findings: [{ path: "c\u202ed", why: "found" } as never],
  edits: [{ path: "AGENTS.md", before: "OF-THE-FILE", after: "x" }],
  ...{ scripts: [], suggestions: ["Write(AGENTS.md)"] },
  call: { id: "1", name: "Write", arguments: { file_path: "AGENTS.md", content: "RESTORED" } },
};
const call = { name: "Write", args: { file_path: "AGENTS.md", content: "a\u202eb" } };

test("a client is asked only if it says that it can", () => {
  for (const yes of [
    { elicitation: {} },
    { elicitation: { form: {} } },
    { elicitation: { form: {}, url: {} } },
  ]) {
    assert.ok(canAsk(yes), JSON.stringify(yes));
  }
  for (const no of [undefined, {}, { elicitation: { url: {} } }, { elicitation: true }, "elicitation"]) {
    assert.ok(!canAsk(no), JSON.stringify(no));
  }
});

test("what is shown is what the client sent, whole, and nothing of the files; only a clear yes is one", async () => {
  const seen: JsonObject[] = [];
  const say = (answer: JsonObject | Error): Promise<unknown> =>
    createAskClient({
      request: ({ params = {} }) => {
        seen.push(params);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    })(question, call, never);
  const accept = (answer: string): JsonObject => ({ action: "accept", content: { answer } });
  assert.equal(await say(accept("once")), "once");
  assert.equal(await say(accept("session")), "session");
  for (const no of [
    accept("no"),
    accept("always"),
    { action: "accept" },
    { action: "decline", content: { answer: "once" } },
    { action: "cancel" },
    {},
    new Error("gone"),
  ]) {
    assert.equal(await say(no), "no");
  }
  const message = JSON.stringify(seen[0]);
  assert.match(message, /AGENTS\.md[^]*it steers agents[^]*a\\\\u\{202e\}b/);
  assert.doesNotMatch(message, /\u202e/);
  assert.doesNotMatch(message, /OF-THE-FILE|RESTORED/);
});

test("about what is too long to be shown whole nobody is asked", async () => {
  const asked = createAskClient({ request: () => Promise.reject(new Error("it was asked")) });
  const long = { name: "Write", args: { file_path: "AGENTS.md", content: "x".repeat(200_000) } };
  assert.equal(await asked(question, long, never), "no");
});
