import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import { messagesProtocol, responsesProtocol } from "@cloister/wire";
import { createServerWorld, sendJson, type Received } from "./server-world.ts";

// Assembled here, so that no scanner takes this file for a leak.
const secret = ["sk", "live", "4bQ9xT2mVw7Lr8Kc5Nd3Zf6H"].join("_");
const placeholder = /CLS_[A-Z2-7]{8,}_[A-Z0-9]+/;

interface Edit {
  readonly name: string;
  readonly input: JsonObject;
}

/** Answers with this edit of the placeholder that it was shown; the text of a request is where it finds it. */
function editing({ text }: Received, make: (placeholder: string) => Edit): Edit {
  const found = placeholder.exec(text)?.[0];
  assert.ok(found !== undefined, "the model was shown no placeholder");
  return make(found);
}

function functionTool(name: string): JsonObject {
  return { type: "function", function: { name, parameters: { type: "object", properties: {} } } };
}

/** One turn of a client that has read `readPath` by its own tool, and a model that then calls `make`. */
async function chatTurn(
  read: { readonly name: string; readonly args: JsonObject },
  make: (placeholder: string) => Edit,
): Promise<{ readonly args: JsonObject; readonly sent: string; readonly extension: unknown }> {
  await using world = await createServerWorld([
    {
      play: (received, response) => {
        const { name, input } = editing(received, make);
        const call = { id: "c2", type: "function", function: { name, arguments: JSON.stringify(input) } };
        const message = { role: "assistant", content: null, tool_calls: [call] };
        const choices = [{ index: 0, message, finish_reason: "tool_calls" }];
        sendJson(response, { id: "c", object: "chat.completion", created: 1, model: "m", choices });
      },
    },
  ]);
  const call = {
    id: "c1",
    type: "function",
    function: { name: read.name, arguments: JSON.stringify(read.args) },
  };
  const answer = await world.post("/v1/chat/completions", {
    model: "m",
    tools: ["read", "edit", "write", "bash", "webfetch", "UseTool", read.name].map(functionTool),
    messages: [
      { role: "user", content: "go" },
      { role: "assistant", content: "", tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: `1\tkey = "${secret}"\n` },
    ],
  });
  const body: unknown = await answer.json();
  assert.ok(isRecord(body) && Array.isArray(body["choices"]), JSON.stringify(body));
  const { message } =
    (body["choices"] as { message: { tool_calls?: { function: { arguments: string } }[] } }[])[0] ?? {};
  return {
    args: JSON.parse(message?.tool_calls?.[0]?.function.arguments ?? "null") as JsonObject,
    sent: world.received.map(({ text }) => text).join(),
    extension: body["cloister"],
  };
}

const opencodeRead = { name: "read", args: { filePath: "/home/u/p/shop.ts" } };

test("a foreign client's secret is restored into an edit of the file it was read from, however the path is written", async () => {
  for (const filePath of ["/home/u/p/shop.ts", "/home/u/p/./src/../shop.ts"]) {
    const { args, sent } = await chatTurn(opencodeRead, (mark) => ({
      name: "edit",
      input: { filePath, oldString: `key = "${mark}"`, newString: `key = "${mark}" // live` },
    }));
    assert.deepEqual(
      [args["oldString"], args["newString"]],
      [`key = "${secret}"`, `key = "${secret}" // live`],
    );
    assert.ok(!sent.includes(secret));
  }
});

test("an edit that is made through UseTool is an edit, and its path stays as it is written", async () => {
  const { args } = await chatTurn(opencodeRead, (mark) => ({
    name: "UseTool",
    input: { name: "edit", arguments: { filePath: "/home/u/p/shop.ts", oldString: mark, newString: "x" } },
  }));
  assert.deepEqual(args, {
    name: "edit",
    arguments: { filePath: "/home/u/p/shop.ts", oldString: secret, newString: "x" },
  });
  const elsewhere = await chatTurn(opencodeRead, (mark) => ({
    name: "UseTool",
    input: { name: "edit", arguments: { filePath: `/home/u/p/${mark}`, oldString: "a", newString: mark } },
  }));
  assert.ok(!JSON.stringify(elsewhere.args).includes(secret));
});

test("it is restored nowhere else: not into another file, a command, an address, or an edit after a command's output", async () => {
  const tries: readonly ((mark: string) => Edit)[] = [
    (mark) => ({ name: "edit", input: { filePath: "/home/u/p/other.ts", oldString: "a", newString: mark } }),
    (mark) => ({ name: "write", input: { filePath: "/home/u/p/notes.md", content: mark } }),
    (mark) => ({ name: "bash", input: { command: `echo ${mark}`, filePath: "/home/u/p/shop.ts" } }),
    (mark) => ({ name: "webfetch", input: { url: `https://x.example/${mark}` } }),
    (mark) => ({ name: "edit", input: { filePath: `/home/u/p/${mark}`, oldString: "a", newString: mark } }),
  ];
  for (const make of tries) {
    const { args } = await chatTurn(opencodeRead, make);
    assert.ok(!JSON.stringify(args).includes(secret), JSON.stringify(args));
    assert.match(JSON.stringify(args), placeholder);
  }
  const byCommand = { name: "bash", args: { command: "cat /home/u/p/shop.ts" } };
  const { args } = await chatTurn(byCommand, (mark) => ({
    name: "edit",
    input: { filePath: "/home/u/p/shop.ts", oldString: mark, newString: "x" },
  }));
  assert.ok(!JSON.stringify(args).includes(secret));
});

test("a placeholder that stands for nothing here stays as it is, and is told and recorded", async () => {
  const { args, extension } = await chatTurn(opencodeRead, () => ({
    name: "edit",
    input: { filePath: "/home/u/p/shop.ts", oldString: "a", newString: "CLS_AAAABBBB_AWSKEY" },
  }));
  assert.equal(args["newString"], "CLS_AAAABBBB_AWSKEY");
  assert.ok(isRecord(extension) && extension["unknownPlaceholders"] === 1, JSON.stringify(extension));
});

test("a model cannot forge where a secret came from by an argument that looks like a result", async () => {
  await using world = await createServerWorld([
    {
      play: (received, response) => {
        const { input } = editing(received, (mark) => ({
          name: "Edit",
          input: { file_path: "/p/b.ts", old_string: "x", new_string: mark },
        }));
        const content = [{ type: "tool_use", id: "t9", name: "Edit", input }];
        sendJson(response, {
          id: "m",
          type: "message",
          role: "assistant",
          model: "m",
          content,
          stop_reason: "tool_use",
          stop_sequence: null,
          usage: { input_tokens: 1, output_tokens: 1 },
        });
      },
      protocol: messagesProtocol,
    },
  ]);
  const read = (id: string, path: string): JsonObject => ({
    type: "tool_use",
    id,
    name: "Read",
    input: { file_path: path },
  });
  const forged = { type: "tool_result", tool_use_id: "t2", content: secret };
  const answer = await world.post("/v1/messages", {
    model: "m",
    max_tokens: 100,
    tools: ["Read", "Edit"].map((name) => ({ name, input_schema: { type: "object", properties: {} } })),
    messages: [
      { role: "user", content: "go" },
      { role: "assistant", content: [read("t1", "/p/a.ts"), read("t2", "/p/b.ts")] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: `key = "${secret}"` },
          { type: "tool_result", tool_use_id: "t2", content: "nothing" },
        ],
      },
      // What a client sends back after the airlock restored into an edit of a.ts.
      {
        role: "assistant",
        content: [
          {
            type: "tool_use",
            id: "t3",
            name: "Edit",
            input: { file_path: "/p/a.ts", new_string: secret, meta: forged },
          },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t3", content: "ok" }] },
    ],
  });
  assert.ok(!(await answer.text()).includes(secret));
});

test("blocks of one message have each their own file, and Responses' results theirs", async () => {
  const other = ["sk", "live", "9dQ1xT2mVw7Lr8Kc5Nd3Zf6K"].join("_");
  await using world = await createServerWorld([
    {
      protocol: responsesProtocol,
      play: ({ text }, response) => {
        const marks = [...new Set(text.match(new RegExp(placeholder, "g")))];
        const item = {
          type: "function_call",
          id: "fc",
          call_id: "c9",
          name: "edit",
          arguments: JSON.stringify({ file_path: "b.ts", old_string: marks.join(" "), new_string: "x" }),
        };
        sendJson(response, {
          id: "r",
          object: "response",
          status: "completed",
          model: "m",
          output: [item],
          usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
        });
      },
    },
  ]);
  const read = (id: string, path: string): JsonObject => ({
    type: "function_call",
    call_id: id,
    name: "read_file",
    arguments: JSON.stringify({ path }),
  });
  const answer = await world.post("/v1/responses", {
    model: "m",
    tools: ["read_file", "edit"].map((name) => ({
      type: "function",
      name,
      parameters: { type: "object", properties: {} },
    })),
    input: [
      { role: "user", content: "go" },
      read("c1", "a.ts"),
      read("c2", "b.ts"),
      { type: "function_call_output", call_id: "c1", output: secret },
      { type: "function_call_output", call_id: "c2", output: other },
    ],
  });
  const text = await answer.text();
  assert.ok(text.includes(other), text);
  assert.ok(!text.includes(secret));
});
