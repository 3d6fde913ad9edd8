import assert from "node:assert/strict";
import { test } from "node:test";
import { contentOf } from "./history.ts";
import { call, historyFault, rehearse, type Request } from "./rehearsed.ts";

const isAside = ({ messages }: Request): boolean =>
  contentOf(messages.at(-1)).includes("a question beside the work");

test("a side question begins with the conversation's bytes, and leaves no trace in it", async () => {
  using played = rehearse((request) => (isAside(request) ? { text: "Because." } : { text: "Done." }));
  await played.ask("go");
  played.session.aside("a", "why?");
  const first = await played.until("aside");
  assert.deepEqual(first.what, { kind: "text", text: "Because." });
  assert.deepEqual((await played.until("aside")).what, { kind: "end" });
  await played.ask("on");
  const [before, beside, after] = played.requests;
  assert.ok(before !== undefined && beside !== undefined && after !== undefined);
  assert.ok(beside.text.startsWith(before.text.slice(0, -2)));
  assert.match(contentOf(beside.messages.at(-1)), /why\?$/);
  assert.deepEqual(beside.messages.at(-2)?.["content"], "Done.");
  assert.ok(after.text.startsWith(before.text.slice(0, -2)));
  assert.ok(!after.text.includes("why?") && !after.text.includes("Because."));
  assert.ok(!played.of("item").some(({ item }) => contentOf(item).includes("why?")));
});

test("while a command runs it is asked over what is whole: no call without its result", async () => {
  let ended = (): void => {};
  using played = rehearse(
    (request) => {
      if (isAside(request)) return { text: "Soon." };
      return request.messages.at(-1)?.role === "tool"
        ? { text: "Done." }
        : { calls: [call("1", "Bash", { command: "sleep" })] };
    },
    {
      run: () =>
        new Promise((resolve) => {
          ended = () => resolve({});
        }),
    },
  );
  played.session.send({ text: "go" });
  await played.until("call");
  played.session.aside("a", "how long?");
  await played.until("aside");
  const beside = played.requests.find(isAside);
  assert.equal(historyFault(beside?.messages ?? []), undefined);
  assert.ok(beside?.text.startsWith(played.requests[0]?.text.slice(0, -2) ?? "-"));
  ended();
  const { ending } = await played.until("end");
  assert.deepEqual([ending.outcome, ending.text], ["done", "Done."]);
});

test("a model that calls a tool instead runs nothing, and has not answered", async () => {
  using played = rehearse((request) =>
    isAside(request) ? { calls: [call("1", "Bash", { command: "ls" })] } : { text: "Done." },
  );
  await played.ask("go");
  played.session.aside("a", "what is there?");
  const { what } = await played.until("aside");
  assert.equal(what.kind === "end" && what.error?.code, "no-answer");
  assert.deepEqual(played.commands, []);
});

test("it is stopped by its id, and goes with the session; what failed says so", async () => {
  using played = rehearse((request) =>
    isAside(request) ? { text: "So", hangs: true } : { failed: { code: "x", message: "down" } },
  );
  played.session.aside("a", "why?");
  await played.until("aside");
  played.session.stop("a");
  const { what } = await played.until("aside");
  assert.equal(what.kind === "end" && what.error?.code, "cancelled");
  played.session.aside("b", "why?");
  await played.until("aside");
  played.session.aside("b", "twice?");
  const twice = (await played.until("aside")).what;
  assert.equal(twice.kind === "end" && twice.error?.code, "too-many-asides");
});
