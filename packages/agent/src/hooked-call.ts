/** What hooks say of one call, and what that makes of it. */
import type { Json, JsonObject } from "@cloister/base";
import { guardCall } from "@cloister/wire";
import type { HookDecision } from "./extension/hooks/decide.ts";
import type { Tool, ToolResult, ToolWorld } from "./tools/tool.ts";

export interface HookedCall {
  readonly id: string;
  readonly name: string;
  readonly args: JsonObject;
}

export type CallVerdict =
  /** `told`: for the model, behind the result. */
  | { readonly kind: "run"; readonly args: JsonObject; readonly told: readonly string[] }
  | { readonly kind: "denied"; readonly text: string };

/** Undefined when the call may go on. */
export async function deniedBy(
  { permission, stop }: HookDecision,
  { name, args }: HookedCall,
  world: ToolWorld,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (stop !== undefined) return `Not run: a hook ended the work: ${stop}`;
  switch (permission?.verdict) {
    case undefined:
    case "allow":
      return undefined;
    case "deny":
      return `Not run: a hook refused it${permission.reason === "" ? "." : `: ${permission.reason}`}`;
    // Nobody is there who could take it up again later.
    case "defer":
    case "ask": {
      const why = permission.reason === "" ? "" : ` (${permission.reason})`;
      const answer = await world.question?.(
        {
          kind: "choice",
          questions: [
            {
              question: `A hook asks: may ${name} run${why}? ${JSON.stringify(args).slice(0, ARGS_CHARS_MAX)}`,
              header: "hook",
              options: [{ label: YES }, { label: "No" }],
            },
          ],
        },
        signal,
      );
      if (answer?.kind === "chosen" && answer.texts[0] === YES) return undefined;
      return answer === undefined || answer.kind === "absent"
        ? `Not run: a hook wants a person's word for it${why}, and nobody is here. Go on without it.`
        : `Not run: the user said no${why}.`;
    }
  }
}

const YES = "Yes";
const ARGS_CHARS_MAX = 2000;

interface Changed {
  readonly call: HookedCall;
  readonly tool: Tool;
  readonly world: ToolWorld;
}

/**
 * The keeper judged the call that the model made; what a hook makes of it is judged as if the model had made that. Its
 * arguments are the tool's own, or nothing is run: nobody is there who would make the call again.
 */
export async function withInput(
  { updatedInput, context }: HookDecision,
  { call, tool, world }: Changed,
  signal: AbortSignal,
): Promise<CallVerdict> {
  const { id, name } = call;
  if (updatedInput === undefined) return { kind: "run", args: call.args, told: context };
  const changed = JSON.stringify(updatedInput);
  const meant = guardCall({ id, name, arguments: changed }, "stop", [tool]);
  const why =
    meant.kind === "refused" ? meant.detail : await whyNot({ id, name, args: meant.args }, world, signal);
  if (meant.kind === "refused" || why !== undefined) {
    const text = `Not run: a hook changed its arguments to ${changed}, and those are refused: ${why}`;
    return { kind: "denied", text: withTold(text, context) };
  }
  const told = `its arguments were changed to ${changed}`;
  return { kind: "run", args: meant.args, told: [told, ...context] };
}

async function whyNot(
  call: HookedCall,
  { judge }: ToolWorld,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (judge === undefined) return "nobody is here who could judge them.";
  const verdict = await judge(call, signal);
  return verdict.kind === "pass" ? undefined : verdict.why;
}

export function responseOf({ args }: HookedCall, { ok, text }: ToolResult): Json {
  const path = args["file_path"];
  return { success: ok, output: text, ...(typeof path === "string" ? { filePath: path } : {}) };
}

export function withTold(text: string, told: readonly string[]): string {
  return [text, ...told.map((each) => `[hook] ${each}`)].join("\n");
}
