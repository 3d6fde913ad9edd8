/** When the session's endpoint is down, others answer in its place, as far as they may see what is asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import { classify } from "@cloister/policy";
import { messagesProtocol, type AnswerEvent } from "@cloister/wire";
import { breaksOff, fails, loading, openHouse, says, type House } from "./fallback-world.ts";
import { request, user } from "./world.ts";

function textOf(events: readonly AnswerEvent[]): string {
  return events.map((event) => (event.kind === "text" ? event.text : "")).join("");
}

function newsIn(events: readonly AnswerEvent[]): string[] {
  return events.flatMap((event) =>
    event.kind === "status" && event.isNews === true && / answers (now|again)$/.test(event.text)
      ? [event.text]
      : [],
  );
}

function byOf(events: readonly AnswerEvent[]): unknown {
  const end = events.at(-1);
  assert.equal(end?.kind, "end", JSON.stringify(end));
  return end?.kind === "end" ? end.extension?.answeredBy?.name : undefined;
}

test("while the endpoint is there nobody else hears of anything", async () => {
  await using house = await openHouse();
  const events = await house.ask();
  assert.deepEqual([textOf(events), byOf(events), newsIn(events)], ["home", undefined, []]);
  assert.deepEqual(house.lab.bodies, []);
});

for (const [what, begin] of [
  ["refuses connections", ({ home }: House) => home.stop()],
  ["answers 502", ({ home }: House) => home.play(fails(502))],
  ["answers 503", ({ home }: House) => home.play(fails(503))],
  ["answers 529", ({ home }: House) => home.play(fails(529, "overloaded"))],
  ["loads its model for longer than one waits", ({ home }: House) => home.play(loading)],
  ["breaks off before a word", ({ home }: House) => home.play(breaksOff())],
] as const) {
  test(`an endpoint that ${what}: the next one answers, and the person is told once`, async () => {
    await using house = await openHouse();
    await begin(house);
    const first = await house.ask();
    assert.deepEqual([textOf(first), byOf(first)], ["lab", "lab/big"]);
    const [line = "", ...more] = newsIn(first);
    assert.deepEqual(more, []);
    assert.match(line, /^m does not answer \(.+\): lab\/big answers now$/);
    assert.doesNotMatch(line, new RegExp(new URL(house.home.url).host));
    const second = await house.ask(user("and?"));
    assert.deepEqual([textOf(second), newsIn(second)], ["lab", []]);
  });
}

test("each attempt is on record before it leaves, with what became of it, and why another was asked", async () => {
  await using house = await openHouse();
  house.home.play(fails(503));
  await house.ask();
  await house.world.recorded("exposure.result");
  const entries = await house.world.entries();
  const intents = entries.filter(({ t }) => t === "exposure.intent");
  assert.deepEqual(
    intents.map(({ endpoint, fallback }) => [isRecord(endpoint) && endpoint["id"], fallback ?? null]),
    [
      ["home", null],
      ["home", null],
      ["home", null],
      ["lab", { from: "home", cause: "upstream-503" }],
    ],
  );
  assert.equal(house.home.bodies.length, 3);
  assert.equal(new Set(house.home.bodies).size, 1);
});

test("a server that is busy for a moment is asked again, and one that names a long time is not", async () => {
  await using house = await openHouse();
  house.home.play(fails(429), says("home"));
  assert.equal(textOf(await house.ask()), "home");
  house.home.play(fails(429, "later", { "retry-after": "60" }));
  assert.equal(textOf(await house.ask(user("x"))), "lab");
  assert.equal(house.home.bodies.length, 3);
});

test("nothing of an answer is taken back: after its first word, also of thinking, nobody else is asked", async () => {
  for (const delta of [{ content: "Hello" }, { reasoning_content: "Hm" }]) {
    await using house = await openHouse();
    house.home.play(breaksOff(delta));
    const events = await house.ask();
    assert.equal(events.at(-1)?.kind, "failed", JSON.stringify(events));
    assert.deepEqual(house.lab.bodies, []);
  }
});

test("what is wrong with the request is wrong everywhere, and an overflow is for whoever asks to mend", async () => {
  await using house = await openHouse();
  for (const status of [400, 401, 404, 500]) {
    house.home.play(fails(status));
    assert.equal((await house.ask()).at(-1)?.kind, "failed");
  }
  assert.deepEqual(house.lab.bodies, []);
  await house.home.stop();
  house.lab.play(fails(400, "maximum context length is 100 tokens"));
  const last = (await house.ask()).at(-1);
  assert.ok(last?.kind === "failed" && /maximum context length/.test(last.message), JSON.stringify(last));
});

test("a key that is refused, and a page of somebody before the server, are told in words to go on with", async () => {
  await using house = await openHouse();
  house.home.play((response) => {
    response.writeHead(401, { "content-type": "text/html" });
    response.end("<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>x</h1></body></html>");
  });
  const last = (await house.ask()).at(-1);
  assert.ok(last?.kind === "failed", JSON.stringify(last));
  assert.equal(last.message, "a web page answered instead of the model server: Sign in");
  assert.match(last.next ?? "", /CLOISTER_API_KEY/);
});

test("one that may not see the request is passed over: it gets no byte, and the refusal is on record", async () => {
  await using house = await openHouse({ clearance: "public", label: "restricted" });
  house.home.play(fails(503));
  const last = (await house.ask()).at(-1);
  assert.ok(
    last?.kind === "failed" && /lab\/big: .*cleared for public only/.test(last.message),
    JSON.stringify(last),
  );
  assert.deepEqual(house.lab.bodies, []);
  const [decision] = await house.world.recorded("decision");
  assert.deepEqual(decision?.["decision"], { kind: "refuse", rule: "label-within-clearance" });
});

test("a label that rises while the first is waited for counts for the second", async () => {
  await using house = await openHouse({ clearance: "internal" });
  house.home.play((response) => {
    house.world.session.standing.raise(classify("restricted"));
    fails(503)(response);
  });
  assert.equal((await house.ask()).at(-1)?.kind, "failed");
  assert.deepEqual(house.lab.bodies, []);
});

test("what cannot be recorded goes to nobody", async () => {
  let isFull = false;
  await using house = await openHouse({
    wrapLedger: (ledger) => ({
      ...ledger,
      append: (entry) => {
        if (isFull && entry.type === "exposure.intent") return Promise.reject(new Error("no space"));
        return ledger.append(entry);
      },
    }),
  });
  house.home.play((response) => {
    isFull = true;
    fails(503)(response);
  });
  assert.equal((await house.ask()).at(-1)?.kind, "failed");
  assert.deepEqual([house.home.bodies.length, house.lab.bodies.length], [1, 0]);
});

test("the first is tried again a minute later, once and without waiting, and answers again when it is well", async () => {
  await using house = await openHouse();
  house.home.play(fails(503));
  await house.ask();
  assert.equal(house.home.bodies.length, 3);
  house.clock.pass(59_000);
  const second = await house.ask();
  assert.equal(house.home.bodies.length, 3);
  // Why another one is asked stands in each record, and so for whoever counts.
  const intents = await house.world.recorded("exposure.intent");
  assert.deepEqual(intents.at(-1)?.["fallback"], { from: "home", cause: "upstream-503" });
  const end = second.at(-1);
  assert.equal(end?.kind === "end" ? end.extension?.answeredBy?.why : undefined, "no");
  house.clock.pass(2000);
  await house.ask();
  assert.equal(house.home.bodies.length, 4);
  // It was still down: now it is left alone for twice as long.
  house.clock.pass(61_000);
  await house.ask();
  assert.equal(house.home.bodies.length, 4);
  house.home.play(says("home"));
  house.clock.pass(60_000);
  const events = await house.ask();
  assert.deepEqual([textOf(events), byOf(events), newsIn(events)], ["home", undefined, ["m answers again"]]);
});

test("both down: the first one's failure is told with a word on the other, and the next request asks both anew", async () => {
  await using house = await openHouse();
  house.home.play(fails(503, "home is full"));
  house.lab.play(fails(503, "lab is full"));
  const last = (await house.ask()).at(-1);
  assert.ok(
    last?.kind === "failed" && /home is full; lab\/big: lab is full/.test(last.message),
    JSON.stringify(last),
  );
  house.lab.play(says("lab"));
  assert.equal(textOf(await house.ask()), "lab");
});

test("both down for a while: the first one is waited for as if it were alone", async () => {
  await using house = await openHouse();
  house.lab.play(fails(503));
  // Longer than its patience with another one, by the number of times that it is asked.
  house.home.play(...Array.from({ length: 12 }, () => loading), says("home"));
  const events = await house.ask();
  assert.equal(textOf(events), "home");
  assert.ok(house.lab.bodies.length > 0);
  const told = events.findIndex((event) => event.kind === "status" && event.isNews === true);
  const line = events[told];
  assert.ok(line?.kind === "status", JSON.stringify(events));
  assert.match(line.text, /^lab\/big does not answer either \(no\): waiting for m$/);
  assert.ok(told < events.findIndex(({ kind }) => kind === "text"));
});

test("another protocol and other dialects: a call is a call, and both conversations keep their beginnings", async () => {
  await using house = await openHouse({ protocol: messagesProtocol, windows: new Map([["big", 8000]]) });
  const event = (data: JsonObject): string => `data: ${JSON.stringify(data)}\n\n`;
  house.lab.play((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const input = { type: "input_json_delta", partial_json: '{"file_path":"a"}' };
    response.end(
      [
        {
          type: "message_start",
          message: { id: "x", model: "big", usage: { input_tokens: 5, output_tokens: 0 } },
        },
        {
          type: "content_block_start",
          index: 0,
          content_block: { type: "tool_use", id: "t1", name: "Read", input: {} },
        },
        { type: "content_block_delta", index: 0, delta: input },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 1 } },
        { type: "message_stop" },
      ]
        .map((data) => event(data))
        .join(""),
    );
  });
  const printed = '<tool_call>\n{"name":"Read","arguments":{"file_path":"b"}}\n</tool_call>';
  house.home.play(fails(503));
  const first = (await house.ask()).at(-1);
  assert.ok(first?.kind === "end", JSON.stringify(first));
  assert.deepEqual(
    first.calls.map(({ name, arguments: text }) => [name, text]),
    [["Read", '{"file_path":"a"}']],
  );
  assert.equal(first.extension?.answeredBy?.contextTokens, 8000);
  assert.match(house.lab.bodies[0] ?? "", /"max_tokens":2000/);
  const call = { id: "t1", type: "function", function: { name: "Read", arguments: '{"file_path":"a"}' } };
  const more = [
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", tool_call_id: "t1", content: "A" },
  ];
  await house.ask(...more);
  assert.ok((house.lab.bodies[1] ?? "").startsWith((house.lab.bodies[0] ?? "").slice(0, -2)));
  house.home.play(says(printed));
  house.clock.pass(3_600_000);
  const back = (await house.ask(...more)).at(-1);
  assert.ok(back?.kind === "end", JSON.stringify(back));
  assert.deepEqual(
    back.calls.map(({ arguments: text }) => text),
    ['{"file_path":"b"}'],
  );
  assert.ok((house.home.bodies.at(-1) ?? "").startsWith((house.home.bodies[0] ?? "").slice(0, -2)));
});

test("whoever goes away while it is being tried ends it: nobody further is asked", async () => {
  await using house = await openHouse();
  const gone = new AbortController();
  house.home.play((response) => {
    gone.abort(new Error("enough"));
    response.socket?.resetAndDestroy();
  });
  const last = (await house.world.ask(request(user("hi")), gone.signal)).at(-1);
  assert.ok(last?.kind === "failed" && last.code === "cancelled", JSON.stringify(last));
  assert.deepEqual(house.lab.bodies, []);
});

test("several requests that find out at once are one failure: it is left alone for a minute, not for more", async () => {
  await using house = await openHouse();
  house.home.play(fails(529, "overloaded"));
  const ask = (text: string): Promise<AnswerEvent[]> => house.world.ask(request(user(text)));
  const all = await Promise.all(["a", "b", "c"].map(ask));
  assert.deepEqual(all.map(textOf), ["lab", "lab", "lab"]);
  assert.equal(all.flatMap(newsIn).length, 1);
  house.home.play(says("home"));
  house.clock.pass(61_000);
  assert.equal(textOf(await ask("d")), "home");
});
