// The airlock before a real engine: in its own process with a model's own file, and with a server.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { buildTinyModel } from "@cloister/fakes";
import { guardCall } from "@cloister/wire";
import { cloister, createPlace } from "../harness.ts";
import { startEngine } from "./engine-server.ts";
import type { ChildProcess } from "node:child_process";
import type { TinyModelOptions, TinyScript } from "@cloister/fakes";
import type { OfferedTool } from "@cloister/wire";
import type { Place, RunOutcome } from "../harness.ts";

const short = { type: "string", maxLength: 40 };
const offered: readonly OfferedTool[] = [
  {
    name: "Read",
    parameters: {
      type: "object",
      properties: { file_path: short, limit: { enum: [10, 100] } },
      required: ["file_path"],
    },
  },
  { name: "Stop", parameters: { type: "object", properties: { why: short }, required: ["why"] } },
];
const tools = offered.map((tool) => ({ type: "function", function: tool }));
const nonsense = "Nonsense is all that this model has to say.";
const unusable = {
  "unknown-tool": '<tool_call>\n{"name": "Demolish", "arguments": {"file_path": "a.ts"}}\n</tool_call>',
  "missing-argument": '<tool_call>\n{"name": "Read", "arguments": {"path_of_it": 7}}\n</tool_call>',
  syntax: '<tool_call>\n{"name": "Read", "arguments": {"file_path": "a.ts" "b.ts"}}\n</tool_call>',
};

type Upstream = "a model's own file" | "a server";

for (const upstream of ["a model's own file", "a server"] as const) {
  for (const [cause, raw] of Object.entries(unusable)) {
    test(`with ${upstream}, a call refused for ${cause} is asked for again, and then cannot be but valid`, async () => {
      using place = createPlace();
      const script: TinyScript = { turns: [{ raw }, { text: nonsense }] };
      const outcome = await withAirlock(place, { upstream, model: { script } }, async (url) => {
        const question = { role: "user", content: "Read the file." };
        const answer = await ask(url, { messages: [question], tools });
        assert.equal(answer.finish, "tool_calls", JSON.stringify(answer));
        const [call, ...others] = answer.calls;
        assert.ok(call !== undefined && others.length === 0);
        const guarded = guardCall({ id: "1", ...call }, "stop", offered);
        assert.equal(guarded.kind, "call", JSON.stringify(guarded));
        // Left to itself, this is how the model goes on.
        const said = { role: "assistant", content: "x" };
        const free = await ask(url, { messages: [question, said, question], tools });
        assert.deepEqual([free.text, free.calls], [nonsense, []]);
      });
      assert.equal(outcome.code, 0, outcome.stderr);
      const results = (await place.entries()).filter((entry) => entry["t"] === "exposure.result");
      assert.deepEqual(
        results.map(({ outcome: end, refused, retries }) => [end, refused, retries]),
        [
          ["answered", [cause], undefined],
          ["answered", [], 1],
          ["answered", undefined, undefined],
        ],
      );
    });
  }
}

test("a client that goes away frees the model for the next one, and the airlock ends when it is told to", async () => {
  using place = createPlace();
  const model = { meanTokens: Infinity };
  const outcome = await withAirlock(place, { upstream: "a model's own file", model }, async (url) => {
    const messages = [{ role: "user", content: "Go on." }];
    const leave = new AbortController();
    const endless = await post(url, { messages, stream: true }, leave.signal);
    const reader = endless.body?.getReader();
    for (let bytes = 0; bytes < 2000;) bytes += (await reader?.read())?.value?.length ?? 2000;
    leave.abort();
    const next = await ask(url, { messages, max_tokens: 3 });
    assert.equal(next.finish, "length");
  });
  assert.equal(outcome.code, 0, outcome.stderr);
});

interface Setting {
  readonly upstream: Upstream;
  readonly model: TinyModelOptions;
}

/** The airlock's process, up while `work` lasts, and then told to end. */
async function withAirlock(
  place: Place,
  { upstream, model }: Setting,
  work: (url: string) => Promise<void>,
): Promise<RunOutcome> {
  await using stack = new AsyncDisposableStack();
  const { gguf } = buildTinyModel(model);
  let where: readonly string[];
  if (upstream === "a server") {
    const engine = await startEngine({ gguf, contextSize: 8192 });
    stack.defer(() => engine.close());
    await engine.ready;
    where = ["--endpoint", engine.url];
  } else {
    const file = join(place.base, "tiny.gguf");
    writeFileSync(file, gguf);
    mkdirSync(join(place.home, ".cloister", "engine"), { recursive: true });
    symlinkSync(
      join(import.meta.dirname, "node_modules"),
      join(place.home, ".cloister", "engine", "node_modules"),
    );
    where = ["--model", file];
  }
  const onStart = async (child: ChildProcess): Promise<void> => {
    try {
      await work(await addressOf(child));
    } finally {
      child.kill("SIGTERM");
    }
  };
  return await cloister(place, ["airlock", ...where, "--listen", "127.0.0.1:0"], { onStart });
}

function addressOf(child: ChildProcess): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (piece: Buffer) => {
      text += piece.toString();
      const [, address] = /^(http:\S+)\n/m.exec(text) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.stderr?.on("data", (piece: Buffer) => {
      text += piece.toString();
    });
    child.on("close", () => reject(new Error(`the airlock ended before it was there: ${text}`)));
  });
}

function post(url: string, body: object, signal: AbortSignal | null = null): Promise<Response> {
  const request = JSON.stringify({ model: "tiny", ...body });
  const headers = { "content-type": "application/json" };
  return fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body: request, signal });
}

interface Said {
  readonly text: unknown;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
  readonly finish: unknown;
}

async function ask(url: string, body: object): Promise<Said> {
  const response = await post(url, body);
  const answer: unknown = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  assert.ok(isRecord(answer) && Array.isArray(answer["choices"]));
  const choice: unknown = answer["choices"][0];
  assert.ok(isRecord(choice) && isRecord(choice["message"]));
  const { content, tool_calls: calls } = choice["message"];
  return {
    text: content,
    calls: (Array.isArray(calls) ? calls : []).map((call: unknown) => {
      assert.ok(isRecord(call) && isRecord(call["function"]));
      const { name, arguments: args } = call["function"];
      return { name: String(name), arguments: String(args) };
    }),
    finish: choice["finish_reason"],
  };
}
