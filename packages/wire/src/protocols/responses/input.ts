/** The `input` of a Responses request: a text, or a list of items that makes up the conversation. */
import { isRecord, type JsonObject } from "@cloister/base";
import type { RawCall } from "../../calls.ts";
import type { ReasoningEffort, TurnItem, TurnTool } from "../../turn.ts";
import type { ParseOptions } from "../protocol.ts";
import { BRIDGES, bridgedArguments } from "./bridges.ts";
import { readEffort } from "./effort.ts";
import { badRequest, type LossList } from "./losses.ts";
import { partTexts, readOutput, readParts, readTexts } from "./parts.ts";
import { addTools, flatName } from "./tools.ts";

export interface Input {
  /** Developer and system texts before anything was said. */
  readonly system: readonly string[];
  readonly items: readonly TurnItem[];
  /** From the last `configuration_update`: it outranks the request's own. */
  readonly effort: ReasoningEffort | undefined;
}

interface Reading extends ParseOptions {
  readonly tools: Map<string, TurnTool>;
  readonly losses: LossList;
}

export function readInput(value: unknown, reading: Reading): Input {
  if (typeof value === "string") {
    const items: TurnItem[] = [{ kind: "user", parts: [{ kind: "text", text: value }] }];
    return { system: [], items, effort: undefined };
  }
  if (!Array.isArray(value)) throw badRequest("input", "must be a text or a list of items");
  const reader = new InputReader(reading);
  for (const [index, item] of value.entries()) {
    const path = `input[${index}]`;
    if (!isRecord(item)) throw badRequest(path, "must be an object");
    reader.take(item, path);
  }
  return reader.finish();
}

type Item = Record<string, unknown>;
type Result = Extract<TurnItem, { kind: "result" }>;
interface Answer {
  text: string;
  reasoning: string;
  readonly calls: RawCall[];
  readonly thoughts: JsonObject[];
}

/** Text, reasoning and calls that stand together were one answer of the model, and become one message again (R1). */
class InputReader {
  readonly #tools: Map<string, TurnTool>;
  readonly #losses: LossList;
  readonly #keepsThoughts: boolean;
  readonly #system: string[] = [];
  readonly #items: TurnItem[] = [];
  #effort: ReasoningEffort | undefined;
  #answer: Answer | undefined;
  #callOrder: readonly string[] = [];
  #results: Result[] = [];

  constructor({ tools, losses, keepsThoughts = false }: Reading) {
    this.#tools = tools;
    this.#losses = losses;
    this.#keepsThoughts = keepsThoughts;
  }

  take(item: Item, path: string): void {
    const type = item["type"] ?? "message";
    switch (type) {
      case "message":
        this.#takeMessage(item, path);
        return;
      case "reasoning":
        this.#takeReasoning(item, path);
        return;
      case "function_call":
      case "custom_tool_call":
        this.#takeCall(item, path);
        return;
      case "function_call_output":
      case "custom_tool_call_output":
        this.#takeResult(item, path);
        return;
      case "agent_message":
        // What another agent says is input to this one, as a user's words are.
        this.#push({ kind: "user", parts: readParts(item["content"], `${path}.content`, this.#losses) });
        return;
      case "additional_tools":
        addTools(item["tools"], `${path}.tools`, this.#tools, this.#losses);
        return;
      case "configuration_update":
        this.#takeConfiguration(item, path);
        return;
      case "item_reference":
        throw badRequest(
          path,
          "points at a stored item, and none is stored here",
          "send the item itself, with `store: false`",
        );
      case "compaction":
      case "compaction_summary":
      case "context_compaction":
      case "compaction_trigger":
        throw badRequest(
          path,
          "is a compaction that only its maker can read or make",
          "let the client compact the conversation into text",
        );
      default:
        this.#takeBuiltIn(item, path);
    }
  }

  finish(): Input {
    this.#closeAnswer();
    this.#closeResults();
    return { system: this.#system, items: this.#items, effort: this.#effort };
  }

  #takeMessage(item: Item, path: string): void {
    const { role, content } = item;
    switch (role) {
      case "user":
        this.#push({ kind: "user", parts: readParts(content, `${path}.content`, this.#losses) });
        return;
      case "system":
      case "developer": {
        const texts = readTexts(content, `${path}.content`, this.#losses);
        if (this.#items.length === 0 && this.#answer === undefined && this.#results.length === 0) {
          this.#system.push(...texts);
        } else if (texts.length > 0) {
          this.#push({ kind: "system", text: texts.join("\n\n") });
        }
        return;
      }
      case "assistant": {
        const text = readTexts(content, `${path}.content`, this.#losses).join("");
        const answer = this.#openAnswer();
        answer.text = joined(answer.text, text);
        return;
      }
      default:
        throw badRequest(`${path}.role`, "must be user, assistant, system or developer");
    }
  }

  #takeReasoning(item: Item, path: string): void {
    if (this.#keepsThoughts) {
      this.#openAnswer().thoughts.push(item as JsonObject);
      return;
    }
    const full = partTexts(item["content"]).join("\n\n");
    const text = full === "" ? partTexts(item["summary"]).join("\n\n") : full;
    if (typeof item["encrypted_content"] === "string" && item["encrypted_content"] !== "") {
      const reason = "only the server that made it can read it";
      if (text === "") this.#losses.semantic(`${path}.encrypted_content`, reason);
      else this.#losses.cosmetic(`${path}.encrypted_content`, reason);
    }
    if (text === "") return;
    const answer = this.#openAnswer();
    answer.reasoning = joined(answer.reasoning, text);
  }

  #takeCall(item: Item, path: string): void {
    const { name, namespace, arguments: args, input } = item;
    if (typeof name !== "string" || name === "") throw badRequest(`${path}.name`, "must name a tool");
    const isCustom = item["type"] === "custom_tool_call";
    const text = isCustom ? input : args;
    if (typeof text !== "string") {
      throw badRequest(`${path}.${isCustom ? "input" : "arguments"}`, "must be a string");
    }
    this.#openAnswer().calls.push({
      id: callIdOf(item, path),
      name: flatName(namespace, name),
      arguments: isCustom ? JSON.stringify({ input: text }) : text,
    });
  }

  #takeResult(item: Item, path: string): void {
    const { output, status } = item;
    const isPatch = item["type"] === "apply_patch_call_output";
    if (output === undefined && !isPatch) throw badRequest(`${path}.output`, "must be there");
    const callId = callIdOf(item, path);
    const parts = readOutput(output ?? String(status), `${path}.output`, this.#losses);
    this.#closeAnswer();
    this.#results.push({ kind: "result", callId, parts, isError: isPatch && status === "failed" });
  }

  #takeBuiltIn(item: Item, path: string): void {
    const bridge = BRIDGES.find(
      ({ callType, outputType }) => item["type"] === callType || item["type"] === outputType,
    );
    if (bridge === undefined) {
      this.#losses.semantic(path, `an item of type ${JSON.stringify(item["type"])} cannot be carried`);
    } else if (item["type"] === bridge.outputType) {
      this.#takeResult(item, path);
    } else {
      const id = callIdOf(item, path);
      this.#openAnswer().calls.push({ id, name: bridge.tool, arguments: bridgedArguments(bridge, item) });
    }
  }

  #takeConfiguration(item: Item, path: string): void {
    const reasoning = item["reasoning"];
    if (!isRecord(reasoning)) {
      this.#losses.semantic(path, "this configuration is not known");
      return;
    }
    this.#effort = readEffort(reasoning["effort"], `${path}.reasoning.effort`, this.#losses) ?? this.#effort;
  }

  #openAnswer(): Answer {
    this.#closeResults();
    this.#answer ??= { text: "", reasoning: "", calls: [], thoughts: [] };
    return this.#answer;
  }

  #push(item: TurnItem): void {
    this.#closeAnswer();
    this.#closeResults();
    this.#items.push(item);
  }

  #closeAnswer(): void {
    if (this.#answer === undefined) return;
    const { text, reasoning, calls, thoughts } = this.#answer;
    this.#answer = undefined;
    if (text === "" && reasoning === "" && calls.length === 0) return;
    const kept = thoughts.length === 0 ? {} : { thoughts };
    this.#items.push({ kind: "assistant", text, reasoning, calls, ...kept });
    this.#callOrder = calls.map(({ id }) => id);
  }

  /** Results follow in the order of their calls (R1), for Chat knows no other; results of nothing known come last. */
  #closeResults(): void {
    const rank = ({ callId }: Result): number => {
      const at = this.#callOrder.indexOf(callId);
      return at < 0 ? this.#callOrder.length : at;
    };
    this.#items.push(...this.#results.toSorted((a, b) => rank(a) - rank(b)));
    this.#results = [];
  }
}

function callIdOf(item: Item, path: string): string {
  // The oldest of the built-in calls has its call's id in `id`.
  const id = item["call_id"] ?? (item["type"] === "local_shell_call_output" ? item["id"] : undefined);
  if (typeof id !== "string" || id === "") throw badRequest(`${path}.call_id`, "must be the id of a call");
  return id;
}

function joined(before: string, after: string): string {
  return before === "" || after === "" ? before + after : `${before}\n\n${after}`;
}
