// The requests that a coding agent sends, in two protocols, as a conversation that grows by one exchange each time.
import type { JsonObject } from "@cloister/base";

export const modelName = "bench-model";

export type Shape = "chat" | "messages";

/** `small`: a question of 0.4 KB, a new one each time. `large`: 130 KB with 18 tools. `cold`: nothing
 * but its system prompt and tools was seen before. */
export type Body = "small" | "large" | "large, cold";

/** Tokens can be told apart, so that the first and the last are recognised in any protocol. */
export function tokenAt(index: number): string {
  return ` t${String(index).padStart(4, "0")}`;
}

export interface Requests {
  /** The body of the next request. */
  next(): string;
}

const LARGE_CHARS = 130_000;
const TOOLS = 18;
const TOOL_CHARS = 1400;

/** One client's requests. `seed` makes its words differ from those of all others. */
export function createRequests(shape: Shape, body: Body, seed: number): Requests {
  const words = createWords(seed);
  if (body === "small") return { next: () => format(shape, [{ role: "user", text: words(380) }], "") };
  const system = words(8000);
  const exchanges: Exchange[] = [{ role: "user", text: words(500) }];
  for (let chars = TOOLS * TOOL_CHARS + system.length, at = 0; chars < LARGE_CHARS; at++) {
    const exchange = readOf(`call_${at}`, words(1500));
    chars += JSON.stringify(exchange).length;
    exchanges.push(...exchange);
  }
  let asked = 0;
  if (body === "large, cold") {
    return {
      next: () => {
        asked += 1;
        const fresh = exchanges.map((one) =>
          "text" in one ? { ...one, text: `${seed}-${asked} ${one.text}` } : one,
        );
        return format(shape, fresh, system);
      },
    };
  }
  return {
    next: () => {
      asked += 1;
      exchanges.push(...readOf(`more_${asked}`, words(300)));
      return format(shape, exchanges, system);
    },
  };
}

type Exchange =
  | { readonly role: "user"; readonly text: string }
  | { readonly role: "call"; readonly id: string; readonly path: string }
  | { readonly role: "result"; readonly id: string; readonly text: string };

function readOf(id: string, text: string): readonly [Exchange, Exchange] {
  return [
    { role: "call", id, path: "src/part.ts" },
    { role: "result", id, text },
  ];
}

/** Fields in the order in which most clients send them: the conversation stands before the tools. */
function format(shape: Shape, exchanges: readonly Exchange[], system: string): string {
  const tools = system === "" ? [] : Array.from({ length: TOOLS }, (_, index) => toTool(shape, index));
  const some = tools.length === 0 ? {} : { tools };
  if (shape === "chat") {
    const head = system === "" ? [] : [{ role: "system", content: system }];
    const messages = [...head, ...exchanges.map(toChatMessage)];
    return JSON.stringify({
      model: modelName,
      messages,
      ...some,
      stream: true,
      stream_options: { include_usage: true },
    });
  }
  const messages = exchanges.map(toMessage);
  return JSON.stringify({ model: modelName, max_tokens: 1000, system, messages, ...some, stream: true });
}

function toChatMessage(exchange: Exchange): JsonObject {
  switch (exchange.role) {
    case "user":
      return { role: "user", content: exchange.text };
    case "call": {
      const call = { name: "Read", arguments: JSON.stringify({ file_path: exchange.path }) };
      return {
        role: "assistant",
        content: "",
        tool_calls: [{ id: exchange.id, type: "function", function: call }],
      };
    }
    case "result":
      return { role: "tool", tool_call_id: exchange.id, content: exchange.text };
  }
}

function toMessage(exchange: Exchange): JsonObject {
  switch (exchange.role) {
    case "user":
      return { role: "user", content: exchange.text };
    case "call": {
      const input = { file_path: exchange.path };
      return { role: "assistant", content: [{ type: "tool_use", id: exchange.id, name: "Read", input }] };
    }
    case "result":
      return {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: exchange.id, content: exchange.text }],
      };
  }
}

function toTool(shape: Shape, index: number): JsonObject {
  const words = createWords(index);
  const property = (): JsonObject => ({ type: "string", description: words(120) });
  const properties = Object.fromEntries(
    ["file_path", "pattern", "mode", "limit"].map((name) => [name, property()]),
  );
  const schema = { type: "object", properties, required: ["file_path"], additionalProperties: false };
  const name = index === 0 ? "Read" : `Tool${index}`;
  const description = words(500);
  return shape === "chat"
    ? { type: "function", function: { name, description, parameters: schema } }
    : { name, description, input_schema: schema };
}

const VOCABULARY = (
  "const return value order items total index export function import from type readonly string number await " +
  "if else for of the and a is it that a test expects when nothing was sent before it is on record"
).split(" ");

/** Text that looks like code and prose, without a secret in it: the same for the same seed. */
function createWords(seed: number): (chars: number) => string {
  let state = (seed + 1) * 2_654_435_761;
  return (chars) => {
    const parts: string[] = [];
    for (let length = 0; length < chars;) {
      // A linear congruential step is random enough for words, and the same everywhere.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const word = VOCABULARY[state % VOCABULARY.length] ?? "";
      const part = state % 13 === 0 ? `${word}${state % 1000};\n` : `${word} `;
      parts.push(part);
      length += part.length;
    }
    return parts.join("");
  };
}
