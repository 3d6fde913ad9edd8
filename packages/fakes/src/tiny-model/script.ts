// What a scripted model says, and the text in which a family of models writes it.
import type { JsonObject } from "@cloister/base";

export interface TinyCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** One assistant turn. `raw` is taken as it stands, for a malformed turn or a format not built in. */
export type TinyTurn =
  | { readonly raw: string }
  | { readonly reasoning?: string; readonly text?: string; readonly toolCalls?: readonly TinyCall[] };

export interface TinyScript {
  /** Turn n answers the request whose history holds n assistant messages. At least one. */
  readonly turns: readonly TinyTurn[];
  /** Wins over the turns when its text is in the last user or tool message; for side requests such as titles. */
  readonly rules?: readonly { readonly when: string; readonly turn: TinyTurn }[];
  /** After the last turn: say it again, or begin anew. Default "last". */
  readonly after?: "last" | "loop";
}

/** `hermes`: JSON in tags (Hermes, Qwen 2.5 and 3). `xml`: nested tags with bare values (Qwen3-Coder). */
export type TinyFormat = "hermes" | "xml";

/** The text that the model emits for a turn. */
export function writeTurn(turn: TinyTurn, format: TinyFormat): string {
  if ("raw" in turn) return turn.raw;
  const calls = (turn.toolCalls ?? []).map((call) => writeCall(call, format)).join("\n");
  const text = turn.text ?? "";
  const reasoning = turn.reasoning === undefined ? "" : `<think>\n${turn.reasoning}\n</think>\n\n`;
  return reasoning + text + (text !== "" && calls !== "" ? "\n" : "") + calls;
}

function writeCall(call: TinyCall, format: TinyFormat): string {
  switch (format) {
    case "hermes": {
      // The blank after each colon is part of the format: some engines match it as text.
      const { name, arguments: args } = call;
      return `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": ${JSON.stringify(args)}}\n</tool_call>`;
    }
    case "xml": {
      const parameters = Object.entries(call.arguments).map(([name, value]) => {
        const text = typeof value === "string" ? value : JSON.stringify(value);
        return `<parameter=${name}>\n${text}\n</parameter>\n`;
      });
      return `<tool_call>\n<function=${call.name}>\n${parameters.join("")}</function>\n</tool_call>`;
    }
  }
}
