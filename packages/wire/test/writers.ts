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
        ([key, value]) => `${s}<${key}>${plain(value)}${s}</${key}>`,
      );
      return `${s}<invoke name="${name}">${parameters.join("")}${s}</invoke>\n`;
    });
    return `${s}<tool_call>\n${invokes.join("")}${s}</tool_call>`;
  }),
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

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
