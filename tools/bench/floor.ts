// The floor: the smallest honest agent on bare Node. The same first request, the same tools in use, the same turns as
// the product; no cell, no airlock, no ledger, no session, no permission, and nothing imported but Node's own modules.
//   node floor.ts ENDPOINT REQUEST.json
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request, type IncomingMessage } from "node:http";

interface Call {
  id: string;
  name: string;
  arguments: string;
}

interface Answer {
  readonly text: string;
  readonly calls: readonly Call[];
}

interface Delta {
  readonly content?: string | null;
  readonly tool_calls?: readonly {
    readonly index: number;
    readonly id?: string;
    readonly function: { readonly name?: string; readonly arguments?: string };
  }[];
}

const TURNS_MAX = 1000;
const OUTPUT_BYTES_MAX = 1_000_000;

async function run(endpoint: string, body: { messages: unknown[] }): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const answer = await readAnswer(await post(agent, `${endpoint}/chat/completions`, JSON.stringify(body)));
    const calls = answer.calls.map(({ id, ...call }) => ({ id, type: "function", function: call }));
    body.messages.push({
      role: "assistant",
      content: answer.text,
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    });
    if (calls.length === 0) {
      console.log(answer.text);
      break;
    }
    for (const call of answer.calls) {
      body.messages.push({ role: "tool", tool_call_id: call.id, content: await runTool(call) });
    }
  }
  agent.destroy();
}

function post(agent: Agent, url: string, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    request(url, { agent, method: "POST", headers }, resolve).on("error", reject).end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let text = "";
  let rest = "";
  const calls: Call[] = [];
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const event = JSON.parse(line.slice("data: ".length)) as { choices?: readonly { delta: Delta }[] };
      const delta = event.choices?.[0]?.delta;
      text += delta?.content ?? "";
      for (const part of delta?.tool_calls ?? []) {
        const call = (calls[part.index] ??= { id: "", name: "", arguments: "" });
        call.id += part.id ?? "";
        call.name += part.function.name ?? "";
        call.arguments += part.function.arguments ?? "";
      }
    }
  }
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${rest}`);
  return { text, calls };
}

async function runTool(call: Call): Promise<string> {
  const args = JSON.parse(call.arguments) as Readonly<Record<string, string>> & {
    offset?: number;
    limit?: number;
  };
  switch (call.name) {
    case "Read": {
      const from = args.offset ?? 1;
      const lines = readFileSync(args["file_path"] ?? "", "utf8").split("\n");
      const shown = lines.slice(from - 1, from - 1 + (args.limit ?? 2000));
      return shown.map((line, index) => `${from + index}\t${line}`).join("\n");
    }
    case "Edit": {
      const path = args["file_path"] ?? "";
      const text = readFileSync(path, "utf8");
      writeFileSync(
        path,
        text.replace(args["old_string"] ?? "", () => args["new_string"] ?? ""),
      );
      return "done";
    }
    case "Grep":
      return start("rg", ["-n", "--", args["pattern"] ?? "", args["path"] ?? "."]);
    case "Bash":
      return start("bash", ["-c", args["command"] ?? ""]);
    default:
      return `There is no tool ${call.name}.`;
  }
}

function start(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      resolve(error === null ? stdout : `${stdout}${stderr}${error.message}`);
    });
  });
}

if (import.meta.main) {
  const [endpoint = "", path = ""] = process.argv.slice(2);
  await run(endpoint, JSON.parse(readFileSync(path, "utf8")) as { messages: unknown[] });
}
