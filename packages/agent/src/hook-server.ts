/** Hooks of type `mcp_tool`: a tool of an MCP server is called, judged by the keeper as if the model had called it. */
import { isRecord, parseJson, type Clock, type Json, type JsonObject } from "@cloister/base";
import { guardCall } from "@cloister/wire";
import { startDeadline } from "./deadline.ts";
import type { HookHandler } from "./extension/hooks/definition.ts";
import type { HookRunOptions } from "./extension/hooks/hooks.ts";
import type { HookRun } from "./extension/hooks/outcome.ts";
import { toolName } from "./mcp/names.ts";
import type { Tool, ToolWorld } from "./tools/tool.ts";

export interface HookServerWorld {
  readonly clock: Clock;
  /** What servers have brought by now. */
  readonly tools: () => readonly Tool[];
  readonly world: ToolWorld;
}

export async function askServerTool(
  { server, tool, input: wanted }: Extract<HookHandler, { kind: "mcp_tool" }>,
  { input, timeoutMs, signal }: HookRunOptions,
  { clock, tools, world }: HookServerWorld,
): Promise<HookRun> {
  const name = toolName(server, tool);
  const found = tools().find((each) => each.name === name);
  if (found === undefined) return { kind: "failed", why: `there is no ${name}, or not yet` };
  const about = parseJson(input, "the hook's input");
  const args = JSON.stringify(filled(wanted, isRecord(about) ? about : {}));
  const meant = guardCall({ id: "hook", name, arguments: args }, "stop", [found]);
  if (meant.kind === "refused") return { kind: "failed", why: meant.detail };
  const verdict = await world.judge?.(meant, signal);
  if (verdict?.kind !== "pass") {
    return { kind: "failed", why: verdict?.why ?? "nobody is here who could judge its call" };
  }
  using over = startDeadline(clock, timeoutMs, "it took too long");
  try {
    const { ok, text } = await found.run(meant.args, world, AbortSignal.any([signal, over.signal]));
    return ok ? { kind: "ended", exitCode: 0, stdout: text, stderr: "" } : { kind: "failed", why: text };
  } catch (error) {
    if (over.signal.aborted && !signal.aborted) return { kind: "timed-out" };
    throw error;
  }
}

const DEPTH_MAX = 20;

/** `${tool_input.file_path}` is what stands there in the hook's input; a text that is nothing else keeps its kind. */
function filled(wanted: JsonObject, about: Readonly<Record<string, unknown>>): JsonObject {
  const at = (path: string): Json => {
    let value: unknown = about;
    for (const step of path.split(".")) {
      value = isRecord(value) && Object.hasOwn(value, step) ? value[step] : null;
    }
    return (value ?? null) as Json;
  };
  const fill = (value: Json, depth: number): Json => {
    if (typeof value === "string") {
      const [, whole] = /^\$\{([\w.]+)\}$/u.exec(value) ?? [];
      if (whole !== undefined) return at(whole);
      return value.replaceAll(/\$\{([\w.]+)\}/gu, (_all, path: string) => {
        const part = at(path);
        return typeof part === "string" ? part : JSON.stringify(part);
      });
    }
    if (depth >= DEPTH_MAX) return null;
    if (Array.isArray(value)) return value.map((each: Json) => fill(each, depth + 1));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, depth + 1)]));
  };
  return fill(wanted, 0) as JsonObject;
}
