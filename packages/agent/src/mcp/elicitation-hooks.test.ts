import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import type { Elicited } from "../extension/hooks/outcome.ts";
import { answerWithHooks, type ElicitationHooks } from "./elicitation-hooks.ts";

const { signal } = new AbortController();
const form: JsonObject = {
  message: "Which branch?",
  requestedSchema: { type: "object", properties: { branch: { type: "string" } }, required: ["branch"] },
};

function hooks(
  before: Elicited | undefined,
  behind?: Elicited,
): ElicitationHooks & { readonly told: unknown[] } {
  const told: unknown[] = [];
  return {
    told,
    answersServer: () => true,
    elicitation: async (asked) => {
      told.push(asked);
      return before;
    },
    elicitationResult: async (answer) => {
      told.push(answer);
      return behind;
    },
  };
}

const question = async (): Promise<{ kind: "chosen"; texts: string[] }> => ({
  kind: "chosen",
  texts: ["mine"],
});
const accept = (branch: string): Elicited => ({ action: "accept", content: { branch } });

test("a hook answers a form in the person's place; without an answer of its own the person is asked", async () => {
  const answering = hooks(accept("main"));
  const world = { elicitation: { server: "git", hooks: () => answering } };
  assert.deepEqual(await answerWithHooks(form, world, signal), {
    action: "accept",
    content: { branch: "main" },
  });
  assert.partialDeepStrictEqual(answering.told, [
    { server: "git", message: "Which branch?", schema: form["requestedSchema"] },
    { server: "git", action: "accept", content: { branch: "main" } },
  ]);
  const silent = { question, elicitation: { server: "git", hooks: () => hooks(undefined) } };
  assert.deepEqual(await answerWithHooks(form, silent, signal), {
    action: "accept",
    content: { branch: "mine" },
  });
});

test("a hook behind the answer may take it back or change it, and no hook opens an address", async () => {
  const around = (behind: Elicited): Parameters<typeof answerWithHooks>[1] => ({
    question,
    elicitation: { server: "git", hooks: () => hooks(undefined, behind) },
  });
  const declined = await answerWithHooks(form, around({ action: "decline", content: undefined }), signal);
  assert.deepEqual(declined, { action: "decline" });
  const kept = await answerWithHooks(form, around({ action: "accept", content: undefined }), signal);
  assert.deepEqual(kept, { action: "accept", content: { branch: "mine" } });
  const url = { mode: "url", message: "Log in", url: "https://example.org" };
  const opened = await answerWithHooks(
    url,
    { elicitation: { server: "git", hooks: () => hooks(accept("x")) } },
    signal,
  );
  assert.deepEqual(opened, { action: "decline" });
});
