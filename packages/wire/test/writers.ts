/** How each family's template writes calls: the formats that the recovery must read back. */
import type { Json, JsonObject } from "@cloister/base";

export interface WrittenCall {
  readonly name: string;
  readonly args: JsonObject;
}

export interface DialectWriter {
  readonly name: string;
  readonly write: (calls: readonly WrittenCall[]) => string;
  /** Prose may stand before the calls. */
  readonly allowsProse: boolean;
  /** Closing tags of its own that a value may mention. */
  readonly ownTags: readonly string[];
}

export const WRITERS: readonly DialectWriter[] = [
  tagged("qwen-xml", ["</parameter>", "</function>", "</tool_call>"], (calls) =>
    calls
      .map((call) => `<tool_call>\n<function=${call.name}>\n${qwenValues(call)}</function>\n</tool_call>`)
      .join("\n"),
  ),
  tagged("qwen-xml without its wrapper", ["</parameter>"], (calls) =>
    calls.map((call) => `<function=${call.name}>\n${qwenValues(call)}</function>\n</tool_call>`).join("\n"),
  ),
  json("hermes-json", (calls) =>
    calls.map((call) => `<tool_call>\n${named(call, "arguments")}\n</tool_call>`).join("\n"),
  ),
  tagged("glm", ["</arg_value>", "</tool_call>"], (calls) =>
    calls
      .map(({ name, args }) => {
        const pairs = Object.entries(args).map(
          ([key, value]) => `<arg_key>${key}</arg_key>\n<arg_value>${plain(value)}</arg_value>\n`,
        );
        return `<tool_call>${name}\n${pairs.join("")}</tool_call>`;
      })
      .join("\n"),
  ),
  tagged("deepseek V4", ["</｜DSML｜parameter>"], (calls) => {
    const invokes = calls.map(({ name, args }) => {
      const parameters = Object.entries(args).map(
        ([key, value]) =>
          `<｜DSML｜parameter name="${key}" string="${typeof value === "string"}">${plain(value)}</｜DSML｜parameter>\n`,
      );
      return `<｜DSML｜invoke name="${name}">\n${parameters.join("")}</｜DSML｜invoke>\n`;
    });
    return `<｜DSML｜tool_calls>\n${invokes.join("")}</｜DSML｜tool_calls>`;
  }),
  json("deepseek V3.1", (calls) => {
    const body = calls.map(
      ({ name, args }) =>
        `<｜tool▁call▁begin｜>${name}<｜tool▁sep｜>${JSON.stringify(args)}<｜tool▁call▁end｜>`,
    );
    return `<｜tool▁calls▁begin｜>${body.join("")}<｜tool▁calls▁end｜>`;
  }),
  json("kimi", (calls) => {
    const body = calls.map(
      ({ name, args }, index) =>
        `<|tool_call_begin|>functions.${name}:${index}<|tool_call_argument_begin|>${JSON.stringify(args)}<|tool_call_end|>`,
    );
    return `<|tool_calls_section_begin|>${body.join("")}<|tool_calls_section_end|>`;
  }),
  json("harmony", (calls) =>
    calls
      .map(
        ({ name, args }, index) =>
          `${index === 0 ? "" : "<|start|>assistant"}<|channel|>commentary to=functions.${name} <|constrain|>json<|message|>${JSON.stringify(args)}<|call|>`,
      )
      .join(""),
  ),
  json("mistral", (calls) =>
    calls.map(({ name, args }) => `[TOOL_CALLS]${name}[ARGS]${JSON.stringify(args)}`).join(""),
  ),
  json(
    "mistral's list",
    (calls) => `[TOOL_CALLS] [${calls.map((call) => named(call, "arguments")).join(", ")}]`,
  ),
  tagged("minimax M2", ["</parameter>", "</invoke>"], (calls) => {
    const invokes = calls.map(({ name, args }) => {
      const parameters = Object.entries(args).map(
        ([key, value]) => `<parameter name="${key}">${plain(value)}</parameter>\n`,
      );
      return `<invoke name="${name}">\n${parameters.join("")}</invoke>\n`;
    });
    return `<minimax:tool_call>\n${invokes.join("")}</minimax:tool_call>`;
  }),
  tagged("minimax M3", [], (calls) => {
    const s = "]<]minimax[>[";
    const invokes = calls.map(({ name, args }) => {
      const parameters = Object.entries(args).map(
        ([key, value]) => `${s}<${key}>${nested(value)}${s}</${key}>`,
      );
      return `${s}<invoke name="${name}">${parameters.join("")}${s}</invoke>\n`;
    });
    return `${s}<tool_call>\n${invokes.join("")}${s}</tool_call>`;
  }),
  tagged("kimi K3", ["<|close|>argument<|sep|>"], (calls) => {
    const blocks = calls.map(({ name, args }, index) => {
      const values = Object.entries(args).map(([key, value]) => {
        const type = Array.isArray(value) ? "array" : typeof value;
        return `<|open|>argument key="${key}" type="${type}"<|sep|>${plain(value)}<|close|>argument<|sep|>`;
      });
      return `<|open|>call tool="${name}" index="${index + 1}"<|sep|>${values.join("")}<|close|>call<|sep|>`;
    });
    return `<|open|>tools<|sep|>${blocks.join("")}<|close|>tools<|sep|><|close|>message<|sep|>`;
  }),
  json("gemma 4", (calls) =>
    calls.map(({ name, args }) => `<|tool_call>call:${name}${gemma(args, '<|"|>')}<tool_call|>`).join(""),
  ),
  json("functiongemma", (calls) =>
    calls
      .map(
        ({ name, args }) => `<start_function_call>call:${name}${gemma(args, "<escape>")}<end_function_call>`,
      )
      .join(""),
  ),
  json(
    "nemotron",
    (calls) => `<TOOLCALL>[${calls.map((call) => named(call, "arguments")).join(", ")}]</TOOLCALL>`,
  ),
  json("apertus", (calls) => {
    const items = calls.map(({ name, args }) => JSON.stringify({ [name]: args }));
    return `<|tools_prefix|>[${items.join(", ")}]<|tools_suffix|>`;
  }),
  json("command A", (calls) => {
    const items = calls.map(({ name, args }, index) =>
      JSON.stringify({ tool_call_id: String(index), tool_name: name, parameters: args }),
    );
    return `<|START_ACTION|>[\n${items.join(",\n")}\n]<|END_ACTION|>`;
  }),
  json("lfm 2", (calls) => `<|tool_call_start|>[${calls.map(python).join(", ")}]<|tool_call_end|>`),
  json("olmo 3", (calls) => `<function_calls>\n${calls.map(python).join("\n")}\n</function_calls>`),
  {
    ...json("bare JSON", (calls) => calls.map((call) => named(call, "parameters")).join("\n")),
    allowsProse: false,
  },
  {
    ...json("fenced JSON", (calls) =>
      calls.map((call) => `\`\`\`json\n${named(call, "arguments")}\n\`\`\``).join("\n"),
    ),
    allowsProse: false,
  },
];

function tagged(name: string, ownTags: readonly string[], write: DialectWriter["write"]): DialectWriter {
  return { name, ownTags, write, allowsProse: true };
}

function json(name: string, write: DialectWriter["write"]): DialectWriter {
  return { name, ownTags: [], write, allowsProse: true };
}

function qwenValues({ args }: WrittenCall): string {
  const values = Object.entries(args).map(
    ([key, value]) => `<parameter=${key}>\n${plain(value)}\n</parameter>\n`,
  );
  return values.join("");
}

function named({ name, args }: WrittenCall, key: string): string {
  return JSON.stringify({ name, [key]: args });
}

/** MiniMax M3 writes a list as `item` elements and an object as one element for each key. */
function nested(value: Json): string {
  const s = "]<]minimax[>[";
  const element = (tag: string, inner: Json): string => `${s}<${tag}>${nested(inner)}${s}</${tag}>`;
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => element("item", item)).join("");
  if (typeof value !== "object" || value === null) return plain(value);
  return Object.entries(value)
    .map(([key, item]) => element(key, item))
    .join("");
}

/** Keys are bare and texts stand between tokens. */
function gemma(value: Json, quote: string): string {
  if (typeof value === "string") return `${quote}${value}${quote}`;
  if (Array.isArray(value)) {
    return `[${(value as readonly Json[]).map((item) => gemma(item, quote)).join(",")}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}:${gemma(item, quote)}`)
    .join(",")}}`;
}

function python({ name, args }: WrittenCall): string {
  const literal = (value: Json): string =>
    JSON.stringify(value)
      .replaceAll(/\btrue\b(?=[,}\]])/g, "True")
      .replaceAll(/\bfalse\b(?=[,}\]])/g, "False");
  return `${name}(${Object.entries(args)
    .map(([key, value]) => `${key}=${literal(value)}`)
    .join(", ")})`;
}

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
