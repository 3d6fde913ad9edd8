import type { JsonObject } from "@cloister/base";
import { systemMessage } from "./conversation.ts";
import { systemPrompt } from "./prompt.ts";
import { createSessionTools } from "./session-tools.ts";
import { toChatTool } from "./subagents.ts";
import { createUseTool } from "./tools/deferred.ts";
import { tools } from "./tools/toolset.ts";

/** What every session's first request begins with, wherever it runs: for a server's cache, before anybody has asked. */
export function fixedPrefix(): JsonObject {
  const sessionTools = createSessionTools({
    mode: () => "default",
    setMode: () => {
      /* only the names and schemas count here */
    },
    startSubagent: () => Promise.reject(new Error("nothing runs in a prefix")),
  });
  const prefix = {
    tools: [...tools, createUseTool(() => []), ...sessionTools].map(toChatTool),
    messages: [systemMessage(systemPrompt)],
  };
  return JSON.parse(JSON.stringify(prefix)) as JsonObject;
}
