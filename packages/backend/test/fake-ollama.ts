// An Ollama of the tests: takes only what its API document allows, and answers as told.

import type { IncomingMessage } from "node:http";
import { listenHttp } from "./loopback.ts";
import type { Listening } from "./loopback.ts";

type Fields = Record<string, unknown>;

export interface FakeOllama extends Listening {
  /** Bodies of /api/chat, as they came. */
  readonly chats: string[];
  readonly shows: string[];
  /** Whether the last answer's client went away before its end. */
  left: boolean;
}

export interface OllamaScript {
  /** Trained length; undefined: it does not say. */
  readonly trained?: number;
  /** Status and body instead of a stream. */
  readonly refuses?: { readonly status: number; readonly error: string };
  /** The lines of the answer, cut into pieces without regard to lines; "hang" leaves it open. */
  readonly lines?: readonly (Fields | string)[];
}

const fields = {
  chat: [
    "model",
    "messages",
    "tools",
    "stream",
    "think",
    "format",
    "keep_alive",
    "truncate",
    "shift",
    "options",
  ],
  message: ["role", "content", "images", "thinking", "tool_calls", "tool_name", "tool_call_id"],
  call: ["id", "function"],
  function: ["index", "name", "arguments"],
  options: [
    "num_ctx",
    "num_predict",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "seed",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "repeat_penalty",
  ],
} as const;

export async function listenOllama(script: OllamaScript): Promise<FakeOllama> {
  const chats: string[] = [];
  const shows: string[] = [];
  const server = await listenHttp((request, response) => {
    const reply = (status: number, json: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    };
    void text(request).then((body) => {
      switch (`${request.method} ${request.url}`) {
        case "GET /v1/models":
          return reply(200, { data: [{ id: "qwen3:8b", owned_by: "library" }] });
        case "GET /api/version":
          return reply(200, { version: "0.14.0" });
        case "GET /api/tags":
          return reply(200, {
            models: [{ name: "qwen3:8b" }, { name: "big:cloud", remote_host: "https://c.example" }],
          });
        case "GET /api/ps":
          return reply(200, { models: [{ name: "qwen3:8b", context_length: 4096 }] });
        case "POST /api/show": {
          shows.push(body);
          const length = script.trained === undefined ? {} : { "qwen3.context_length": script.trained };
          return reply(200, {
            model_info: { "general.architecture": "qwen3", ...length },
            capabilities: ["completion"],
          });
        }
        case "POST /api/chat": {
          chats.push(body);
          const wrong = faultIn(JSON.parse(body) as Fields);
          if (wrong !== undefined) return reply(400, { error: wrong });
          if (script.refuses) return reply(script.refuses.status, { error: script.refuses.error });
          response.writeHead(200, { "content-type": "application/x-ndjson" });
          response.on("close", () => (fake.left = !response.writableFinished));
          const lines = script.lines ?? [];
          const all = lines
            .filter((line) => line !== "hang")
            .map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`);
          const bytes = Buffer.from(all.join(""));
          // In pieces of seven bytes: no line and no character is left whole.
          for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
          if (!lines.includes("hang")) response.end();
          return undefined;
        }
        default:
          return reply(404, { error: "not found" });
      }
    });
  });
  const fake: FakeOllama = { ...server, chats, shows, left: false };
  return fake;
}

/** What Go's decoder would refuse, or what would be ignored without a word. */
function faultIn(body: Fields): string | undefined {
  const unknown = [
    ...strangers(body, fields.chat),
    ...strangers(body["options"], fields.options),
    ...records(body["messages"]).flatMap((message) => strangers(message, fields.message)),
    ...records(body["messages"])
      .flatMap(({ tool_calls }) => records(tool_calls))
      .flatMap((call) => strangers(call, fields.call)),
  ];
  if (unknown.length > 0) return `unknown fields: ${unknown.join(", ")}`;
  for (const message of records(body["messages"])) {
    if (typeof message["content"] !== "string") return "content is not a string";
    if (!["system", "user", "assistant", "tool"].includes(String(message["role"]))) return "no such role";
    for (const image of Array.isArray(message["images"]) ? message["images"] : []) {
      if (!/^[A-Za-z0-9+/]+=*$/.test(String(image))) return "an image is not base64";
    }
    for (const call of records(message["tool_calls"])) {
      const args = (call["function"] as Fields)["arguments"];
      if (typeof args !== "object" || args === null || Array.isArray(args)) {
        return "arguments are not an object";
      }
    }
  }
  return undefined;
}

function strangers(value: unknown, allowed: readonly string[]): string[] {
  return typeof value === "object" && value !== null
    ? Object.keys(value).filter((key) => !allowed.includes(key))
    : [];
}

function records(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : [];
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString();
}
