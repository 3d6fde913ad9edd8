/** Tokens that mean nothing where they stand: closing tags without a block, and ends of turns that a server printed. */

export const STRAYS: readonly string[] = [
  "</tool_call>",
  "</tool_calls>",
  "</function>",
  "</function_call>",
  "</function_calls>",
  "</parameter>",
  "</invoke>",
  "</arg_value>",
  "</minimax:tool_call>",
  "]<]minimax[>[</tool_call>",
  "</｜DSML｜tool_calls>",
  "</｜DSML｜function_calls>",
  "</seed:tool_call>",
  "</tool_use>",
  "</functioncall>",
  "<｜tool▁calls▁end｜>",
  "<｜tool▁call▁end｜>",
  "<｜end▁of▁sentence｜>",
  "<｜tool_calls_end｜>",
  "<｜tool_call_end｜>",
  "<|tool_calls_section_end|>",
  "<|tool_call_section_end|>",
  "<|tool_call_end|>",
  "<|im_end|>",
  "<|endoftext|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|end|>",
  "<|call|>",
  "<|return|>",
  "<|observation|>",
  "<|user|>",
  "[/TOOL_CALLS]",
  "[|endofturn|]",
  "<|close|>tools<|sep|>",
  "<|close|>response<|sep|>",
  "<|close|>message<|sep|>",
  "<|end_of_msg|>",
  "<|END_RESPONSE|>",
  "<|END_ACTION|>",
  "<|end_of_text|>",
  "<|eom|>",
  "<tool_call|>",
  "<|tool_response>",
  "<turn|>",
  "<end_of_turn>",
  "<start_function_response>",
  "</s>",
];

/** So long may a row of them be; beyond that it is text. */
export const STRAY_CHARS_MAX = 256;

/** Less of a token at the very end is more likely a character of the text. */
const PARTIAL_CHARS_MIN = 4;

/** Where the row of strays and the blanks between them ends that begins at `at`; `at` when there is none. */
export function skipStrays(text: string, at: number): number {
  let end = at;
  while (end - at < STRAY_CHARS_MAX) {
    const start = end + blanksAt(text, end);
    const stray = STRAYS.find((literal) => text.startsWith(literal, start));
    if (stray === undefined) return end;
    end = start + stray.length;
  }
  return end;
}

/** Whether the text is strays to its end: `more` when it may become that. */
export function looksStray(text: string, isOver: boolean): "yes" | "no" | "more" {
  if (text.length > STRAY_CHARS_MAX) return "no";
  const end = skipStrays(text, 0);
  const rest = text.slice(end).trimStart();
  if (rest === "" && end > 0) return isOver ? "yes" : "more";
  const mayBecome = rest.length < STRAY_CHARS_MAX && STRAYS.some((literal) => literal.startsWith(rest));
  if (!mayBecome) return "no";
  if (!isOver) return "more";
  return rest.length >= PARTIAL_CHARS_MIN ? "yes" : "no";
}

function blanksAt(text: string, at: number): number {
  return /^\s*/.exec(text.slice(at, at + STRAY_CHARS_MAX))?.[0].length ?? 0;
}
