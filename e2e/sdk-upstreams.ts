/**
 * Model servers with one script, in three protocols. They hold no state: what they say follows from the request, which
 * they refuse with 400 if it is not what their protocol allows. The words before the colon in the first user message
 * choose the scene.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import {
  answerEvents,
  callId,
  errorAnswer,
  firstText,
  lastText,
  model,
  overflows,
  path,
  printedCalls,
  reasoningId,
  signature,
  thought,
  wholeAnswer,
  type Say,
  type Shape,
} from "./clients/answers.ts";

/** A request as a server understood it, in no protocol's words. */
export interface Seen {
  readonly system: string;
  readonly items: readonly SeenItem[];
  readonly tools: readonly { readonly name: string; readonly description: string; readonly schema: Json }[];
  readonly maxTokens: number | undefined;
  readonly stream: boolean;
}

export type SeenItem =
  | { readonly kind: "user" | "assistant"; readonly text: string }
  | { readonly kind: "call"; readonly id: string; readonly name: string; readonly args: unknown }
  | { readonly kind: "result"; readonly id: string; readonly text: string };

export interface Upstream {
  readonly url: string;
  /** Those that it took. */
  readonly requests: readonly { readonly headers: IncomingMessage["headers"]; readonly seen: Seen }[];
  close(): Promise<void>;
}

type Play =
  | { readonly kind: "answer"; readonly say: Say }
  | { readonly kind: "busy" | "overflow" }
  /** It breaks off at the mark; `reset` breaks the connection too, instead of closing it as if all were said. */
  | { readonly kind: "cut"; readonly say: Say; readonly mark: string; readonly reset: boolean };

function play({ items, tools }: Seen, shape: Shape): Play {
  const user = items.find(({ kind }) => kind === "user");
  const [scene = "", ...more] = user?.kind === "user" ? (user.text.split(":")[0] ?? "").split(" ") : [];
  const call = (index: number): Say["calls"][number] => ({
    id: callId(shape, index),
    name: "read_file",
    args: { path },
  });
  const one: Say = { text: firstText, calls: [call(0)] };
  if (scene === "busy" || scene === "overflow") return { kind: scene };
  if (scene === "cut") {
    const mark = more.includes("arguments") ? "path" : "I read";
    return { kind: "cut", say: one, mark, reset: more.includes("reset") };
  }
  if (tools.length === 0 || items.some(({ kind }) => kind === "result")) {
    return { kind: "answer", say: { text: lastText, calls: [] } };
  }
  if (scene === "thinks") return { kind: "answer", say: { reasoning: thought, ...one } };
  if (scene === "two") return { kind: "answer", say: { text: firstText, calls: [call(0), call(1)] } };
  const printed = printedCalls[scene];
  if (printed !== undefined) return { kind: "answer", say: { text: `I read it.\n${printed}`, calls: [] } };
  return { kind: "answer", say: one };
}

export async function openUpstream(shape: Shape): Promise<Upstream> {
  const requests: { headers: IncomingMessage["headers"]; seen: Seen }[] = [];
  const speech = speeches[shape];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET" && request.url === "/v1/models") {
      return sendJson(response, 200, {
        object: "list",
        data: [{ id: model, object: "model", type: "model" }],
      });
    }
    if (request.method !== "POST" || request.url !== `/v1${speech.path}`) {
      return sendJson(response, 404, errorAnswer(shape, "not_found_error", `no ${request.url}`));
    }
    const text = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString("utf8");
    const check = createCheck();
    const body = JSON.parse(text) as JsonObject;
    const seen = speech.read(body, check);
    checkConversation(seen, check);
    check(body["model"] === model, `model ${JSON.stringify(body["model"])}`);
    if (check.faults.length > 0) {
      return sendJson(response, 400, errorAnswer(shape, "invalid_request_error", check.faults.join("; ")));
    }
    requests.push({ headers: request.headers, seen });
    await perform(play(seen, shape), { shape, body }, response);
  }

  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function perform(
  what: Play,
  request: { shape: Shape; body: JsonObject },
  response: ServerResponse,
): Promise<void> {
  const { shape, body } = request;
  const isStream = body["stream"] === true;
  const pieces = (say: Say): string[] =>
    isStream
      ? answerEvents(shape, say, toRecord(body["stream_options"])["include_usage"] === true)
      : [JSON.stringify(wholeAnswer(shape, say))];
  response.setHeader("content-type", isStream ? "text/event-stream" : "application/json");
  switch (what.kind) {
    case "busy":
      response.setHeader("retry-after", "7");
      return sendJson(response, 429, errorAnswer(shape, "rate_limit_error", "slow down"));
    case "overflow":
      return sendJson(response, 400, overflows[shape]);
    case "answer":
      return send(pieces(what.say), response, () => response.end());
    case "cut": {
      const whole = pieces(what.say);
      const last = whole.findIndex((piece) => piece.includes(what.mark));
      const piece = whole[last] ?? "";
      // Events are cut between each other: a fragment of one is noticed sooner.
      const end = isStream ? piece : piece.slice(0, piece.indexOf(what.mark));
      return send([...whole.slice(0, last), end], response, () =>
        what.reset ? response.destroy() : response.end(),
      );
    }
  }
}

/** In pieces that keep to no event's and no character's bounds. */
async function send(pieces: readonly string[], response: ServerResponse, end: () => void): Promise<void> {
  const bytes = Buffer.from(pieces.join(""));
  for (let at = 0; at < bytes.length; at += 61) {
    // What has not left yet is lost with a connection that is broken.
    await new Promise((resolve) => response.write(bytes.subarray(at, at + 61), resolve));
  }
  end();
}

function sendJson(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

interface Check {
  (isRight: boolean, fault: string): void;
  readonly faults: readonly string[];
}

const FAULTS_MAX = 20;

function createCheck(): Check {
  const faults: string[] = [];
  const check = (isRight: boolean, fault: string): void => {
    if (!isRight && faults.length < FAULTS_MAX) faults.push(fault);
  };
  return Object.assign(check, { faults });
}

/** Every call is answered before anything else is said, and nothing else is answered. */
function checkConversation({ items }: Seen, check: Check): void {
  let open: string[] = [];
  for (const item of items) {
    if (item.kind === "call") open.push(item.id);
    else if (item.kind === "result") {
      check(open.includes(item.id), `a result of ${item.id}, which was not called`);
      open = open.filter((id) => id !== item.id);
    } else {
      check(open.length === 0, `no result of ${open.join(", ")} before the ${item.kind}'s text`);
      check(item.text !== "", `an empty text of the ${item.kind}`);
    }
  }
  check(open.length === 0, `no result of ${open.join(", ")}`);
  check(items[0]?.kind === "user", "the user does not begin");
}

/** One protocol as a server reads it. */
interface Speech {
  readonly path: string;
  read(body: JsonObject, check: Check): Seen;
}

const chat: Speech = {
  path: "/chat/completions",
  read(body, check) {
    checkFields(body, chatFields, check);
    const asksUsage = toRecord(body["stream_options"])["include_usage"] === true;
    check((body["stream"] === true) === asksUsage, "usage is asked for in streams, and only there");
    const [first, ...others] = toRecords(body["messages"]);
    const isSystem = first?.["role"] === "system";
    // Most templates take one text, and only there.
    const system = isSystem ? toText(first["content"]) : "";
    const conversation = isSystem || first === undefined ? others : [first, ...others];
    const items = conversation.flatMap((message) => readChatMessage(message, check));
    const tools = toRecords(body["tools"]).map((tool) => {
      checkFields(tool, "type function", check);
      return readTool(toRecord(tool["function"]), "parameters", check);
    });
    const limit = body["max_tokens"] ?? body["max_completion_tokens"];
    return { system, items, tools, ...readRest(body, limit, check) };
  },
};

const chatFields =
  "model messages stream stream_options tools tool_choice parallel_tool_calls temperature top_p stop seed " +
  "max_tokens max_completion_tokens presence_penalty frequency_penalty response_format";

function readChatMessage(message: JsonObject, check: Check): SeenItem[] {
  const { role, content, tool_calls: calls } = message;
  if (role === "user") {
    checkFields(message, "role content", check);
    return [{ kind: "user", text: readText(content, "text", check) }];
  }
  if (role === "tool") {
    checkFields(message, "role content tool_call_id", check);
    return [{ kind: "result", id: toText(message["tool_call_id"]), text: readText(content, "text", check) }];
  }
  checkFields(message, "role content tool_calls reasoning_content", check);
  check(message["reasoning_content"] !== "", "an empty thought");
  check(role === "assistant", `role ${JSON.stringify(role)}`);
  check(calls === undefined || toRecords(calls).length > 0, "an empty list of calls");
  const said = content === null && calls !== undefined ? "" : readText(content, "text", check);
  const items = toRecords(calls).map((call): SeenItem => {
    checkFields(call, "id type function", check);
    const { name, arguments: args } = toRecord(call["function"]);
    return { kind: "call", id: toText(call["id"]), name: toText(name), args: readArgs(args, check) };
  });
  return content === null ? items : [{ kind: "assistant", text: said }, ...items];
}

const messages: Speech = {
  path: "/messages",
  read(body, check) {
    checkFields(
      body,
      "model messages system max_tokens stream tools tool_choice temperature top_p top_k stop_sequences",
      check,
    );
    check(Number.isInteger(body["max_tokens"]), "no max_tokens");
    const items = toRecords(body["messages"]).flatMap((message, index) => {
      checkFields(message, "role content", check);
      const { role, content } = message;
      check(role === (index % 2 === 0 ? "user" : "assistant"), `role ${JSON.stringify(role)} at ${index}`);
      const blocks = typeof content === "string" ? [{ type: "text", text: content }] : toRecords(content);
      check(blocks.length > 0, "a message without content");
      const thoughts = blocks.filter((block) => block["type"] === "thinking");
      const isForeign = thoughts.some((block) => block["signature"] !== signature);
      check(!isForeign, "a thought that another server signed");
      return blocks
        .filter((block) => !thoughts.includes(block))
        .map((block) => readBlock(block, role, check));
    });
    const system = body["system"] === undefined ? "" : readText(body["system"], "text", check);
    const tools = toRecords(body["tools"]).map((tool) => readTool(tool, "input_schema", check));
    return { system, items, tools, ...readRest(body, body["max_tokens"], check) };
  },
};

function readBlock(block: JsonObject, role: Json | undefined, check: Check): SeenItem {
  const { type, input, content } = block;
  if (type === "tool_use" && role === "assistant") {
    checkFields(block, "type id name input cache_control", check);
    check(isRecord(input), "an input that is no object");
    check(/^[\w-]+$/.test(toText(block["id"])), `the id ${JSON.stringify(block["id"])}`);
    return { kind: "call", id: toText(block["id"]), name: toText(block["name"]), args: input };
  }
  if (type === "tool_result" && role === "user") {
    checkFields(block, "type tool_use_id content is_error cache_control", check);
    return { kind: "result", id: toText(block["tool_use_id"]), text: readText(content, "text", check) };
  }
  return { kind: role === "user" ? "user" : "assistant", text: readText([block], "text", check) };
}

const responses: Speech = {
  path: "/responses",
  read(body, check) {
    checkFields(body, responsesFields, check);
    // Left out, it means that the server keeps the conversation.
    check(body["store"] === false, "store is not false");
    const input = toRecords(body["input"]);
    const isSystem = ({ role }: JsonObject): boolean => role === "system" || role === "developer";
    const system = [
      ...(body["instructions"] === undefined ? [] : [toText(body["instructions"])]),
      ...input.filter(isSystem).map(({ content }) => readText(content, "input_text", check)),
    ].join("\n\n");
    const isThought = ({ type }: JsonObject): boolean => type === "reasoning";
    const isForeign = input.some((item) => isThought(item) && item["id"] !== reasoningId);
    check(!isForeign, "a thought of another server");
    const said = input.filter((item) => !isSystem(item) && !isThought(item));
    const items = said.map((item) => readResponsesItem(item, check));
    const tools = toRecords(body["tools"]).map((tool) => {
      check(tool["type"] === "function", `a tool of type ${JSON.stringify(tool["type"])}`);
      return readTool(tool, "parameters", check);
    });
    return { system, items, tools, ...readRest(body, body["max_output_tokens"], check) };
  },
};

const responsesFields =
  "model input instructions stream store tools tool_choice parallel_tool_calls temperature top_p " +
  "max_output_tokens text include";

function readResponsesItem(item: JsonObject, check: Check): SeenItem {
  const { type = "message", role, content } = item;
  const id = toText(item["call_id"]);
  if (type === "function_call") {
    checkFields(item, "type id call_id name arguments status", check);
    return { kind: "call", id, name: toText(item["name"]), args: readArgs(item["arguments"], check) };
  }
  if (type === "function_call_output") {
    checkFields(item, "type id call_id output status", check);
    return { kind: "result", id, text: readText(item["output"], "input_text", check) };
  }
  checkFields(item, "type id role content status", check);
  check(type === "message", `an item of type ${JSON.stringify(type)}`);
  check(role === "user" || role === "assistant", `role ${JSON.stringify(role)}`);
  const isUser = role === "user";
  const text = readText(content, isUser ? "input_text" : "output_text", check);
  return { kind: isUser ? "user" : "assistant", text };
}

const speeches: Readonly<Record<Shape, Speech>> = { chat, messages, responses };

function checkFields(value: JsonObject, fields: string, check: Check): void {
  const known = new Set(fields.split(" "));
  for (const name of Object.keys(value)) check(known.has(name), `unknown field ${name}`);
}

/** A text, or the texts of parts of this type, none of them empty. */
function readText(content: Json | undefined, type: string, check: Check): string {
  if (typeof content === "string") return content;
  const parts = toRecords(content);
  check(parts.length > 0, `content ${JSON.stringify(content)}`);
  for (const part of parts) {
    checkFields(part, "type text annotations logprobs cache_control", check);
    check(part["type"] === type, `a part of type ${JSON.stringify(part["type"])}`);
    check(typeof part["text"] === "string" && part["text"] !== "", "an empty part");
  }
  return parts.map(({ text }) => toText(text)).join("\n");
}

function readTool(tool: JsonObject, schemaField: string, check: Check): Seen["tools"][number] {
  checkFields(tool, `type name description strict cache_control ${schemaField}`, check);
  const { name, description } = tool;
  return { name: toText(name), description: toText(description), schema: tool[schemaField] ?? null };
}

function readArgs(text: Json | undefined, check: Check): unknown {
  try {
    return JSON.parse(toText(text));
  } catch {
    check(false, `arguments ${JSON.stringify(text)}`); // and with that it is refused
    return undefined;
  }
}

function readRest(
  body: JsonObject,
  limit: Json | undefined,
  check: Check,
): Pick<Seen, "maxTokens" | "stream"> {
  const isLimit = typeof limit === "number" && limit > 0;
  check(limit === undefined || isLimit, `the limit ${JSON.stringify(limit)}`);
  return { maxTokens: isLimit ? limit : undefined, stream: body["stream"] === true };
}

function toRecords(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? (value.filter(isRecord) as JsonObject[]) : [];
}

function toRecord(value: Json | undefined): JsonObject {
  return toRecords([value ?? null])[0] ?? {};
}

function toText(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
