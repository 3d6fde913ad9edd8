/** Models beside the session's own, as a subagent asks for them, over the keeper's socket. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBackend } from "@cloister/backend";
import { parseRehearsalScript, startRehearsal, type Rehearsal } from "@cloister/backend/rehearsal";
import { CloisterError, systemClock, type JsonObject } from "@cloister/base";
import { classify, type Label } from "@cloister/policy";
import { chatProtocol } from "@cloister/wire";
import type { NamedEndpoint } from "../src/index.ts";
import { modelIn } from "../src/other-models.ts";
import { createWorld, request, user, type World } from "./world.ts";

test("each model is asked at its own endpoint, by its own name, and is on record with both", async () => {
  await using lab = await createLab();
  await using world = await createWorld({ others: { own: ["small"], named: [lab.named] } });
  assert.equal(lab.opened(), 0);
  for (const model of ["m", "small", "lab/big", "lab"]) {
    assert.equal((await ask(world, model)).at(-1)?.kind, "end", model);
  }
  assert.deepEqual(
    world.sent().map((body) => modelOf(body)),
    ["m", "small"],
  );
  assert.deepEqual(
    lab.rehearsal.requests.map(({ body }) => modelOf(body.toString("utf8"))),
    ["big", "big"],
  );
  assert.equal(lab.opened(), 1);
  const intents = await world.recorded("exposure.intent");
  assert.deepEqual(
    intents.map(({ endpoint, model }) => [(endpoint as JsonObject)["id"], model]),
    [
      ["home", "m"],
      ["home", "small"],
      ["lab", "big"],
      ["lab", "big"],
    ],
  );
});

test("what the session's model was shown is new to another one", async () => {
  await using lab = await createLab();
  await using world = await createWorld({ others: { own: [], named: [lab.named] } });
  await ask(world, "m");
  await ask(world, "lab/big");
  await ask(world, "lab/big");
  const intents = await world.recorded("exposure.intent");
  assert.deepEqual(
    intents.map(({ known }) => known),
    [0, 0, 2],
  );
});

test("a conversation above another model's clearance does not reach it, and goes on with its own", async () => {
  await using lab = await createLab("internal");
  await using world = await createWorld({ others: { own: [], named: [lab.named] } });
  world.session.standing.raise(classify("restricted"));
  const last = (await ask(world, "lab/big")).at(-1);
  assert.ok(last?.kind === "failed");
  assert.match(last.message, /the request is restricted; lab is cleared for internal only/);
  assert.deepEqual(lab.rehearsal.requests, []);
  const [decision] = await world.recorded("decision");
  assert.deepEqual(decision?.["decision"], { kind: "refuse", rule: "label-within-clearance" });
  assert.equal((await ask(world, "m")).at(-1)?.kind, "end");
});

test("an unknown model is refused with those there are, and nobody is asked", async () => {
  await using lab = await createLab();
  await using world = await createWorld({ others: { own: ["m", "small"], named: [lab.named] } });
  const last = (await ask(world, "gigantic")).at(-1);
  assert.ok(last?.kind === "failed");
  assert.equal(last.code, "model-not-found");
  assert.match(`${last.message} ${last.next}`, /"gigantic".*m, small, lab\/big/);
  assert.equal(lab.opened(), 0);
  const other = (await ask(world, "lab/gigantic")).at(-1);
  assert.ok(other?.kind === "failed" && other.code === "model-not-found");
  assert.deepEqual([...world.sent(), ...lab.rehearsal.requests], []);
});

test("a server that is down is asked again by the next one who needs it", async () => {
  await using lab = await createLab();
  let tries = 0;
  const named: NamedEndpoint = {
    ...lab.named,
    open: (signal) => {
      tries += 1;
      if (tries > 1) return lab.named.open(signal);
      return Promise.reject(new CloisterError("lab cannot be reached", { code: "endpoint-unreachable" }));
    },
  };
  await using world = await createWorld({ others: { own: [], named: [named] } });
  const first = (await ask(world, "lab/big")).at(-1);
  assert.ok(first?.kind === "failed" && first.code === "endpoint-unreachable");
  assert.equal((await ask(world, "lab/big")).at(-1)?.kind, "end");
});

test("without other models every request is the session's own model's, whatever it says", async () => {
  await using world = await createWorld();
  await ask(world, "lab/big");
  assert.deepEqual(
    world.sent().map((body) => modelOf(body)),
    ["m"],
  );
});

test("the model's name is read from the head of a request, and from nowhere else", () => {
  const read = (text: string): string | undefined => modelIn(Buffer.from(text));
  assert.equal(read('{"model":"a/b","messages":[]}'), "a/b");
  assert.equal(read('{"model":"\\u0061\\"\\\\","x":1}'), 'a"\\');
  for (const text of [
    "",
    "{",
    '{"model":1}',
    '{"x":"model","model":"a"}',
    '{"model":"\\x"}',
    '{"model":"a',
  ]) {
    assert.equal(read(text), undefined, text);
  }
});

interface Lab extends AsyncDisposable {
  readonly named: NamedEndpoint;
  readonly rehearsal: Rehearsal;
  opened(): number;
}

async function createLab(clearance: Label = "core"): Promise<Lab> {
  const turns = [{ text: "one" }, { text: "two" }, { text: "three" }];
  const rehearsal = await startRehearsal(parseRehearsalScript({ turns }, "script"));
  const { url } = rehearsal;
  let opened = 0;
  return {
    rehearsal,
    opened: () => opened,
    named: {
      name: "lab",
      models: ["big"],
      open: () => {
        opened += 1;
        const backend = createBackend({ baseUrl: url, clock: systemClock });
        const facts = { id: "lab", url, protocol: chatProtocol, clearance, operator: "this machine" };
        return Promise.resolve({ name: "lab", models: ["big"], endpoint: { ...facts, backend } });
      },
    },
    [Symbol.asyncDispose]: () => rehearsal.close(),
  };
}

function ask(world: World, model: string): ReturnType<World["ask"]> {
  return world.ask({ ...request(user("hi")), model });
}

function modelOf(body: string): unknown {
  return (JSON.parse(body) as JsonObject)["model"];
}
