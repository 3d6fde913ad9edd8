import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError, type JsonObject } from "@cloister/base";
import { builtInPolicy } from "@cloister/policy";
import { chatProtocol, type TurnEvent, type TurnTool } from "@cloister/wire";
import { createRoute } from "../src/route.ts";
import { openSession } from "../src/index.ts";
import type { Dispatched } from "../src/stages/dispatch.ts";
import { createCallJudge } from "../src/stages/judge.ts";
import { recover } from "../src/stages/recover.ts";
import { unseal } from "../src/stages/unseal.ts";

const CHUNKINGS = 20_000;
// Assembled here, so that no scanner takes this file for a leak.
const secret = ["sk", "live", "4bQ9xT2mVw7Lr8Kc5Nd3Zf6H"].join("_");

const session = openSession({
  client: { name: "test", version: "1", evidence: "claimed" },
  workspaceLabel: "internal",
  workspace: undefined,
  policy: builtInPolicy,
  // Nothing is worth a file here: what is judged is what comes out.
  ledger: { append: () => Promise.resolve({ index: 0 }) } as never,
  clock: { now: () => 0, sleep: () => Promise.resolve() },
  onTrouble: (trouble) => assert.fail(String(trouble)),
});
const { seals } = session;
const placeholder = seals.seal(secret, "/p/shop.ts").sealed[0]?.placeholder ?? "";

const tool: TurnTool = {
  name: "Edit",
  parameters: {
    type: "object",
    properties: { file_path: { type: "string" }, new_string: { type: "string" } },
  },
};
const route = createRoute(chatProtocol, chatProtocol, "m");

/** Pieces that are placeholders, nearly, or look like the beginnings of other things. */
const pieces: readonly string[] = [
  placeholder,
  placeholder.toLowerCase(),
  placeholder.slice(0, -1),
  placeholder.slice(0, 7),
  `${placeholder}${placeholder}`,
  "CLS_AAAABBBB_AWSKEY",
  "CLS_aaaa_x",
  "cls_instance_method",
  "CLS_",
  "C",
  "é漢😀",
  '"quoted" \\ and\\n',
  "\n\n",
  "<",
  "plain words ",
];

/** Numbers from a seed, so that a failure can be had again. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function sse(delta: JsonObject, finish: string | null = null): string {
  return `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

/** Cut into deltas by tokens, then into chunks by bytes: the two borders have nothing to do with each other. */
function streamOf(text: string, args: string, random: (below: number) => number): Buffer[] {
  const cuts = (whole: string): string[] => {
    const parts: string[] = [];
    for (let at = 0; at < whole.length;) {
      const to = Math.min(whole.length, at + 1 + random(12));
      parts.push(whole.slice(at, to));
      at = to;
    }
    return parts.filter((part) => part.isWellFormed()).length === parts.length ? parts : [whole];
  };
  const call = { index: 0, id: "c1", type: "function", function: { name: "Edit", arguments: "" } };
  const bytes = Buffer.from(
    [
      sse({ role: "assistant", content: "" }),
      ...cuts(text).map((content) => sse({ content })),
      sse({ tool_calls: [call] }),
      ...cuts(args).map((part) => sse({ tool_calls: [{ index: 0, function: { arguments: part } }] })),
      sse({}, "tool_calls"),
      "data: [DONE]\n\n",
    ].join(""),
  );
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const to = Math.min(bytes.length, at + 1 + random(random(3) === 0 ? 8 : 400));
    chunks.push(bytes.subarray(at, to));
    at = to;
  }
  return chunks;
}

async function pass(chunks: readonly Buffer[]): Promise<TurnEvent[]> {
  const dispatched = {
    session,
    route,
    signal: new AbortController().signal,
    endpoint: { id: "home", url: "http://127.0.0.1:1/v1" },
    intent: 1,
    turn: { request: { toolChoice: "auto", tools: [tool] } },
    upstream: { kind: "answer", frames: chatProtocol.readStream(inOrder(chunks)) },
  } as unknown as Dispatched;
  const again = (): never => {
    throw new CloisterError("nothing is to be asked again", { code: "test" });
  };
  const recovered = recover(dispatched, { judge: createCallJudge(), again });
  const events: TurnEvent[] = [];
  for await (const passage of unseal(recovered).passages) events.push(...passage.events);
  return events;
}

async function* inOrder(chunks: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

test(`${CHUNKINGS} random chunkings of answers with placeholders and near misses: what was said is said, what was sealed comes back in its file alone`, async () => {
  const seed = 20_261_121;
  const random = createRandom(seed);
  for (let number = 0; number < CHUNKINGS; number++) {
    const pick = (): string => pieces[random(pieces.length)] ?? "";
    const text = Array.from({ length: 1 + random(3) }, pick).join("");
    const content = Array.from({ length: 1 + random(3) }, pick).join("");
    const isOwn = random(2) === 0;
    const args = JSON.stringify({ file_path: isOwn ? "/p/shop.ts" : "/p/other.ts", new_string: content });
    const events = await pass(streamOf(text, args, random));
    const said = events.map((event) => (event.kind === "text" ? event.text : "")).join("");
    const called = events.flatMap((event) => (event.kind === "call" ? [event.call.arguments] : []));
    const wanted = isOwn ? content.replaceAll(new RegExp(placeholder, "gi"), secret) : content;
    const where = `seed ${seed}, number ${number}: ${JSON.stringify([text, args])}`;
    assert.equal(events.at(-1)?.kind, "end", where);
    // Blanks around a call are nobody's words.
    assert.equal(said.trim(), text.trim(), where);
    assert.deepEqual(
      called.map((each) => (JSON.parse(each) as JsonObject)["new_string"]),
      [wanted],
      where,
    );
  }
});
