/** What a server says that it counted becomes a cost and a limit: no server makes it less than nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chatProtocol, messagesProtocol, responsesProtocol, type Protocol } from "./index.ts";

const answers: readonly (readonly [Protocol, (input: unknown, output: unknown) => unknown])[] = [
  [
    chatProtocol,
    (input, output) => ({
      choices: [{ index: 0, message: { content: "x" }, finish_reason: "stop" }],
      usage: { prompt_tokens: input, completion_tokens: output, cached_tokens: input },
    }),
  ],
  [
    messagesProtocol,
    (input, output) => ({
      content: [{ type: "text", text: "x" }],
      stop_reason: "end_turn",
      usage: { input_tokens: input, cache_read_input_tokens: input, output_tokens: output },
    }),
  ],
  [
    responsesProtocol,
    (input, output) => ({
      status: "completed",
      output: [{ type: "message", content: [{ type: "output_text", text: "x" }] }],
      usage: {
        input_tokens: input,
        output_tokens: output,
        input_tokens_details: { cached_tokens: input },
      },
    }),
  ],
];

for (const [protocol, answer] of answers) {
  test(`${protocol.name}: a count that is none is not counted`, () => {
    const usageOf = (input: unknown, output: unknown): unknown => {
      const end = protocol.readWhole(answer(input, output)).at(-1);
      assert.equal(end?.kind, "end");
      return end?.kind === "end" ? end.usage : undefined;
    };
    assert.notEqual(usageOf(5, 7), undefined);
    for (const odd of [-5, -1e15, 1e300, Number.POSITIVE_INFINITY, Number.NaN, "5", null]) {
      assert.equal(usageOf(odd, odd), undefined);
      const usage = usageOf(5, odd);
      assert.ok(usage !== null && typeof usage === "object" && "completionTokens" in usage);
      assert.equal(usage.completionTokens, 0);
    }
  });
}
