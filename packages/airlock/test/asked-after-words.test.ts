/** What is asked about a call is asked behind what the model said before it: the agent hears when that is all there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JudgementOptions } from "../src/index.ts";
import { createWorld, request, user } from "./world.ts";

const turns = [
  { text: "I look first.", calls: [{ name: "Bash", arguments: { command: "git push" } }] },
  { text: "Then not." },
];
const asking = { askFor: "all" } as const;

async function kindsHeard(judgement: JudgementOptions, evidence?: "claimed"): Promise<readonly string[]> {
  await using world = await createWorld({ turns, judgement, ...(evidence && { evidence }) });
  return (await world.ask(request(user("go")))).map(({ kind }) => kind);
}

test("the agent has the words, and hears which calls are judged, while the person is still being asked", async () => {
  const asked = Promise.withResolvers<string>();
  const answered = Promise.withResolvers<"once">();
  const approve: JudgementOptions["approve"] = (question) => {
    asked.resolve(question.call.id);
    return answered.promise;
  };
  await using world = await createWorld({ turns, judgement: { ...asking, approve } });
  let said = "";
  const body = Buffer.from(JSON.stringify(request(user("go"))));
  for await (const event of world.client.ask([body], new AbortController().signal)) {
    if (event.kind === "text") said += event.text;
    if (event.kind !== "judging") continue;
    assert.equal(said, "I look first.");
    assert.deepEqual(event.calls, [await asked.promise]);
    answered.resolve("once");
  }
  assert.equal(said, "I look first.");
});

test("where nobody can be asked nothing is said of it, and to another client never", async () => {
  const approve = (): Promise<"once"> => Promise.resolve("once");
  assert.ok((await kindsHeard({ ...asking, approve })).includes("judging"));
  assert.ok(!(await kindsHeard({})).includes("judging"));
  assert.ok(!(await kindsHeard({ ...asking, approve }, "claimed")).includes("judging"));
});
