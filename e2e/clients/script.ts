/**
 * A Chat server that has any coding agent read a file, edit it and run a command. Agents call their tools differently,
 * so it chooses among those that the request offers, and fills in what their schemas ask for.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isRecord } from "@cloister/base";
import type { JsonObject } from "@cloister/base";
import { answerEvents, model, wholeAnswer, type Say } from "./answers.ts";

export const prompt = "Make the notes say blue instead of red, and copy them.";
export const before = "The colour is red.\n";
export const after = "The colour is blue.\n";
export const finalText = "The work is done.";
export const notesFile = "notes.txt";
export const copyFile = "copy.txt";

export interface Script {
  readonly url: string;
  /** What it was sent, in order. */
  readonly requests: readonly JsonObject[];
  /** The tools that it called, in order. */
  readonly called: readonly string[];
  close(): Promise<void>;
}

interface Tool {
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

export interface ScriptOptions {
  /** Absolute path of the notes. */
  readonly file: string;
  /** Calls are printed as text, the way models do whose server lacks the parser for them. */
  readonly printed: boolean;
}

export async function openScript({ file, printed }: ScriptOptions): Promise<Script> {
  const requests: JsonObject[] = [];
  const called: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    if (request.url === "/v1/models") {
      return sendJson(response, 200, { object: "list", data: [{ id: model, object: "model" }] });
    }
    if (request.url !== "/v1/chat/completions") {
      return sendJson(response, 404, { error: { message: `no ${request.url}` } });
    }
    const body = JSON.parse(bytes.toString("utf8")) as JsonObject;
    requests.push(body);
    const step = nextStep(body, file);
    for (const { name } of step.calls) called.push(name);
    const say = printed ? asText(step) : step;
    if (body["stream"] !== true) return sendJson(response, 200, wholeAnswer("chat", say));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(answerEvents("chat", say, isRecord(body["stream_options"])).join(""));
  }

  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    called,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sendJson(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Which step it is follows from how many results there are. Requests for titles and the like get a plain text. */
export function nextStep(body: JsonObject, file: string): Say {
  const messages = Array.isArray(body["messages"]) ? body["messages"].filter(isRecord) : [];
  const isTask = messages.some((item) => item["role"] === "user" && textOf(item["content"]).includes(prompt));
  const tools = toolsOf(body);
  const shell = tools.find(
    ({ name, properties }) => /shell|bash|exec_command/i.test(name) && commandIn(properties),
  );
  if (!isTask || shell === undefined) return { text: "Colours", calls: [] };
  const results = messages.filter(({ role }) => role === "tool").length;
  const steps = [
    () => readCall(tools, file) ?? shellCall(shell, `cat '${file}'`),
    () => editCall(tools, file) ?? shellCall(shell, `sed -i s/red/blue/ '${file}'`),
    () => shellCall(shell, `cp '${file}' '${file.replace(notesFile, copyFile)}'`),
  ];
  const step = steps[results];
  if (step === undefined) return { text: finalText, calls: [] };
  return { text: `Step ${results + 1}.`, calls: [{ id: `call_${results + 1}`, ...step() }] };
}

function asText({ text, calls }: Say): Say {
  const printed = calls.map(({ name, args }) => JSON.stringify({ name, arguments: args }));
  return {
    text: [text, ...printed.map((call) => `<tool_call>\n${call}\n</tool_call>`)].join("\n"),
    calls: [],
  };
}

interface Call {
  readonly name: string;
  readonly args: JsonObject;
}

const pathName = /^(absolute_|file_?|target_)?path$|^file(name)?$/i;

function readCall(tools: readonly Tool[], file: string): Call | undefined {
  const tool = tools.find(
    ({ name, properties }) => /^(read|view)(_?file)?$/i.test(name) && nameIn(properties, pathName),
  );
  return tool && fill(tool, [[pathName, file]]);
}

function editCall(tools: readonly Tool[], file: string): Call | undefined {
  const old = /^old/i;
  const edit = tools.find(
    ({ name, properties }) =>
      /edit|replace/i.test(name) && nameIn(properties, old) && nameIn(properties, pathName),
  );
  if (edit !== undefined) {
    return fill(edit, [
      [pathName, file],
      [old, before.trim()],
      [/^new/i, after.trim()],
    ]);
  }
  const patch = tools.find(({ name }) => /patch/i.test(name));
  const change = [
    "*** Begin Patch",
    `*** Update File: ${file}`,
    "@@",
    `-${before.trim()}`,
    `+${after.trim()}`,
    "*** End Patch",
  ];
  if (patch !== undefined) return fill(patch, [[/input|patch/i, change.join("\n")]]);
  const write = tools.find(({ name, properties }) => /^write/i.test(name) && nameIn(properties, pathName));
  return (
    write &&
    fill(write, [
      [pathName, file],
      [/content/i, after],
    ])
  );
}

function shellCall(tool: Tool, command: string): Call {
  const name = commandIn(tool.properties) ?? "command";
  const isList = typeOf(tool.properties[name]) === "array";
  return fill(tool, [[new RegExp(`^${name}$`), isList ? ["sh", "-c", command] : command]]);
}

function commandIn(properties: Tool["properties"]): string | undefined {
  return nameIn(properties, /^(command|cmd)$/i);
}

function nameIn(properties: Tool["properties"], pattern: RegExp): string | undefined {
  return Object.keys(properties).find((name) => pattern.test(name));
}

/** These values where a name fits, and something of the right type for whatever else is required. */
function fill(tool: Tool, values: readonly (readonly [RegExp, JsonObject[string]])[]): Call {
  const args: Record<string, JsonObject[string]> = {};
  for (const [pattern, value] of values) {
    const name = nameIn(tool.properties, pattern);
    if (name !== undefined) args[name] = value;
  }
  for (const name of tool.required) args[name] ??= plainValue(tool.properties[name]);
  return { name: tool.name, args };
}

function plainValue(schema: unknown): JsonObject[string] {
  if (isRecord(schema) && Array.isArray(schema["enum"])) return schema["enum"][0] as JsonObject[string];
  const values: Readonly<Record<string, JsonObject[string]>> = {
    boolean: false,
    number: 1000,
    integer: 1000,
    array: [],
    object: {},
  };
  return values[typeOf(schema)] ?? "as the script says";
}

function typeOf(schema: unknown): string {
  return isRecord(schema) && typeof schema["type"] === "string" ? schema["type"] : "";
}

function toolsOf(body: JsonObject): Tool[] {
  const tools = Array.isArray(body["tools"]) ? body["tools"].filter(isRecord) : [];
  return tools.flatMap((tool) => {
    const given = isRecord(tool["function"]) ? tool["function"] : {};
    const { name } = given;
    const schema = isRecord(given["parameters"]) ? given["parameters"] : {};
    const required = Array.isArray(schema["required"])
      ? schema["required"].filter((item) => typeof item === "string")
      : [];
    const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
    return typeof name === "string" ? [{ name, properties, required }] : [];
  });
}

/** A text, or the texts of parts. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content.filter(isRecord) : [];
  return parts.map(({ text }) => (typeof text === "string" ? text : "")).join("\n");
}
