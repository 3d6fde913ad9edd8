import assert from "node:assert/strict";
import { test } from "node:test";
import { contentOf } from "./history.ts";
import { answering, createFakeServer } from "./mcp/fake-server.ts";
import { call, rehearse, type RehearsedOptions } from "./rehearsed.ts";

const bash = (command: string): ReturnType<typeof call> => call("1", "Bash", { command });
const handler = {
  type: "mcp_tool",
  server: "rules",
  tool: "check",
  input: { text: "run ${tool_input.command}" },
};
const deny = { hookSpecificOutput: { permissionDecision: "deny", permissionDecisionReason: "house rule" } };

function withServer(answer: object, judge?: RehearsedOptions["judge"]) {
  const schema = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
  const fake = createFakeServer((method, params) =>
    method === "tools/call"
      ? { content: [{ type: "text", text: JSON.stringify(answer) }] }
      : answering([{ name: "check", description: "Checks.", inputSchema: schema }])(method, params),
  );
  const options: RehearsedOptions = {
    mcpServers: [{ name: "rules" }],
    startServer: () => Promise.resolve(fake.link),
    brings: { hookSettings: { PreToolUse: [{ matcher: "Bash", hooks: [handler] }] } },
    ...(judge === undefined ? {} : { judge }),
  };
  return { fake, options };
}

test("a server's tool may judge a call, once the keeper let the hook's own call pass", async () => {
  const judged: unknown[] = [];
  const { options } = withServer(deny, async ({ name, args }) => {
    judged.push([name, args]);
    return { kind: "pass" };
  });
  using played = rehearse([{ calls: [bash("ls")] }], options);
  await played.ask("go");
  assert.deepEqual(judged, [["mcp__rules__check", { text: "run ls" }]]);
  assert.deepEqual(played.commands, []);
  assert.match(contentOf(played.requests[1]?.messages.at(-1)), /a hook refused it: house rule/);
});

test("what the keeper refuses is not asked of the server, and the hook counts as one that failed", async () => {
  const refusing = withServer(deny, async () => ({ kind: "deny", why: "a rule denies it" }));
  const nobody = withServer(deny);
  for (const { options, fake } of [refusing, nobody]) {
    using played = rehearse([{ calls: [bash("ls")] }], options);
    await played.ask("go");
    assert.deepEqual(played.commands, ["ls"]);
    assert.ok(!fake.heard.some(({ method }) => method === "tools/call"));
    assert.ok(played.of("status").some(({ text }) => text.startsWith("PreToolUse hook of")));
  }
});
