/** What may begin markup in a text, and how to tell from the next few characters whether it does. */
import type { BlockReader } from "./dialect.ts";
import { readDsml } from "./dsml.ts";
import { readHeadlessGlm } from "./glm.ts";
import { readHermes } from "./hermes.ts";
import { readGenericInvoke, readMinimaxM2 } from "./invoke.ts";
import { readMinimaxM3 } from "./minimax-m3.ts";
import { readMistral } from "./mistral.ts";
import { readQwenXml } from "./qwen-xml.ts";
import { readSentinel } from "./sentinel.ts";
import { readToolCall } from "./tool-call.ts";
import { readWholeAnswer } from "./whole.ts";

/** The names for `RecoveryOptions.dialects`. Bare and fenced JSON belong to `bare-json`. */
export const DIALECTS = [
  "qwen-xml",
  "hermes-json",
  "glm",
  "deepseek",
  "kimi",
  "harmony",
  "mistral",
  "minimax",
  "invoke",
  "bare-json",
] as const;

export type DialectName = (typeof DIALECTS)[number];

export interface Opener {
  readonly literal: string;
  readonly dialects: readonly DialectName[];
  /** The text from the literal on, when it is markup. */
  readonly begins: RegExp;
  /** The text from the literal on, as long as it may still become that. */
  readonly mayBegin: RegExp;
  readonly role: OpenerRole;
  /** Only where nothing but blanks stands before it on its line. */
  readonly atLineStart?: boolean;
}

export type OpenerRole =
  | { readonly kind: "block"; readonly read: BlockReader }
  | { readonly kind: "harmony" }
  /** The rest of the answer, whole. */
  | { readonly kind: "rest"; readonly read: BlockReader };

/** So much is looked at behind a literal before it counts as prose. */
export const HEADER_CHARS_MAX = 320;

const TOOL_CALL_BEGINS =
  /^<tool_call>(?:\s*<tool_call>)*\s*(?:(?:```[a-z]{0,8}\s*)?[{[]|<(?:function[=\s]|invoke\s)|[\w.:/-]{1,128}\s*(?:<\/?arg_key>|<arg_value>|<\/tool_call>|\{))/;
const TOOL_CALL_MAY_BEGIN =
  /^<tool_call>(?:\s*<tool_call>)*\s*(?:<[\w_]{0,10}|`{1,3}[a-z]{0,8}\s*|[\w.:/-]{0,128}\s*(?:<\/?[\w_]{0,10})?)?$/;

const HARMONY_CHANNEL = "<\\|channel\\|>\\w[^<>\\n]{0,200}(?:<\\|constrain\\|>[^<>\\n]{0,80})?";
const HARMONY_BEGINS = new RegExp(
  `^(?:<\\|start\\|>[\\w .=:-]{1,200}(?:${HARMONY_CHANNEL})?|${HARMONY_CHANNEL})<\\|(?:message|end|start|channel|call)\\|>`,
);

const SENTINEL_DIALECTS: readonly DialectName[] = ["kimi", "deepseek"];

export const OPENERS: readonly Opener[] = [
  block("<tool_call>", ["qwen-xml", "hermes-json", "glm"], readToolCall, {
    begins: TOOL_CALL_BEGINS,
    mayBegin: TOOL_CALL_MAY_BEGIN,
  }),
  block("<arg_key>", ["glm"], readHeadlessGlm, {
    begins: /^<arg_key>[^<>\n]{1,100}<\/arg_key>\s*<arg_value>/,
    mayBegin: /^<arg_key>[^<>\n]{0,100}(?:<\/?[\w]{0,7}|<\/arg_key>\s*(?:<[\w]{0,9})?)?$/,
  }),
  block("<function=", ["qwen-xml"], readQwenXml, {
    begins:
      /^<function=[^<>\n]{1,200}(?:<[|｜/][^<>\n]{1,40}>)?(?:>|(?=\n))\s*(?:\{|<(?:parameter[=\s]|\/function|\/tool_call|\/parameter))/,
    mayBegin: /^<function=[^<>\n]{0,200}(?:<[|｜/][^<>\n]{0,40}>?)?(?:(?:>|(?=\n))\s*(?:<\/?[\w_]{0,10})?)?$/,
  }),
  block("<function name=", ["qwen-xml"], readQwenXml, {
    begins: /^<function name=[^<>\n]{1,200}>\s*(?:\{|<(?:parameter[=\s]|\/function))/,
    mayBegin: /^<function name=[^<>\n]{0,200}(?:>\s*(?:<\/?[\w_]{0,10})?)?$/,
  }),
  ...["<function_call>", "<tools>", "<|tool_call|>"].map((literal) =>
    block(literal, ["hermes-json"], readHermes, {
      begins: new RegExp(`^${RegExp.escape(literal)}\\s*[{[]`),
      mayBegin: new RegExp(`^${RegExp.escape(literal)}\\s*$`),
    }),
  ),
  ...["<function_calls>", "<tool_calls>"].map((literal) =>
    block(literal, ["invoke"], readGenericInvoke, wrapper(literal)),
  ),
  block("<minimax:tool_call>", ["minimax"], readMinimaxM2, wrapper("<minimax:tool_call>")),
  block("<invoke name=", ["invoke", "minimax"], readGenericInvoke, {
    begins: /^<invoke name=[^<>\n]{1,200}>\s*<(?:parameter\s|\/invoke)/,
    mayBegin: /^<invoke name=[^<>\n]{0,200}(?:>\s*(?:<\/?\w{0,9})?)?$/,
  }),
  block("]<]minimax[>[", ["minimax"], readMinimaxM3, {
    begins: /^\]<\]minimax\[>\[<(?:tool_call>|invoke\s)/,
    mayBegin: /^\]<\]minimax\[>\[(?:<\w{0,9})?$/,
  }),
  ...["｜", "|"].map((bar) =>
    block(`<${bar}DSML${bar}`, ["deepseek"], readDsml, {
      begins:
        /^<[｜|]DSML[｜|](?:(?:function_calls|tool_calls)>\s*<[｜|]DSML[｜|]invoke|invoke name="[^"<>\n]{1,200}">\s*<\/?[｜|]DSML)/,
      mayBegin:
        /^<[｜|]DSML[｜|](?:[\w_]{0,14}|(?:function_calls|tool_calls)>\s*(?:<[｜|]?\w{0,4}[｜|]?\w{0,6})?|invoke name=(?:"[^"<>\n]{0,200}(?:">?)?)?|invoke |invoke n\w{0,3}|invoke name="[^"<>\n]{1,200}">\s*(?:<\/?[｜|]?\w{0,3})?)$/,
    }),
  ),
  ...sentinels(),
  block("[TOOL_CALLS]", ["mistral"], readMistral, {
    begins:
      /^\[TOOL_CALLS\](?:\s*\[TOOL_CALLS\])*\s*(?:\[\s*\{|\{|[\w.:/-]{1,128}\s*(?:\[(?:ARGS|CALL_ID)\]|\{))/,
    mayBegin:
      /^\[TOOL_CALLS\](?:\s*\[TOOL_CALLS\])*\s*(?:\[[A-Z_]{0,11}\s*|[\w.:/-]{0,128}\s*(?:\[[A-Z_]{0,8})?)?$/,
  }),
  {
    literal: "<|python_tag|>",
    dialects: ["bare-json"],
    begins: /^<\|python_tag\|>\s*[{[a-z]/,
    mayBegin: /^<\|python_tag\|>\s*$/,
    role: { kind: "rest", read: (text, at, context) => readWholeAnswer(text, at + 14, context) },
  },
  ...["```tool_code", "```tool_call", "```function_call"].map((literal): Opener => ({
    literal,
    dialects: ["bare-json"],
    begins: /^```[a-z_]{1,16}[ \t]*\r?\n/,
    mayBegin: /^```[a-z_]{1,16}[ \t]*\r?$/,
    role: { kind: "rest", read: readWholeAnswer },
    atLineStart: true,
  })),
  ...["<|channel|>", "<|start|>"].map((literal): Opener => ({
    literal,
    dialects: ["harmony"],
    begins: HARMONY_BEGINS,
    mayBegin:
      /^(?:<\|start\|>[\w .=:-]{0,200})?(?:<\|channel\|>(?:[\w][^<>\n]{0,200})?(?:<\|constrain\|>[^<>\n]{0,80})?)?(?:<\|?\w{0,9}\|?)?$/,
    role: { kind: "harmony" },
  })),
];

function block(
  literal: string,
  dialects: readonly DialectName[],
  read: BlockReader,
  evidence: Pick<Opener, "begins" | "mayBegin">,
): Opener {
  return { literal, dialects, role: { kind: "block", read }, ...evidence };
}

function wrapper(literal: string): Pick<Opener, "begins" | "mayBegin"> {
  const open = RegExp.escape(literal);
  return {
    begins: new RegExp(`^${open}(?:\\s*${open})*\\s*<(?:[a-z]{1,20}:)?invoke\\s`),
    mayBegin: new RegExp(`^${open}(?:\\s*${open})*\\s*(?:<[\\w:]{0,28})?$`),
  };
}

/** DeepSeek's tokens have wide bars and a low line of their own; servers print them with ASCII too. */
function sentinels(): Opener[] {
  const literals = [
    ...["｜", "|"].flatMap((bar) =>
      ["▁", "_"].flatMap((line) => [
        `<${bar}tool${line}calls${line}begin${bar}>`,
        `<${bar}tool${line}call${line}begin${bar}>`,
      ]),
    ),
    "<|tool_calls_section_begin|>",
    "<|tool_call_section_begin|>",
  ];
  return literals.map((literal) => {
    const isCall = /call[▁_]begin/.test(literal);
    const open = RegExp.escape(literal);
    // A call's own token is followed by its name, a section's by a call.
    const next = isCall ? "[\\w.:/-]" : "(?:<[|｜]tool|[\\w.:/-]{1,128}\\{)";
    return block(literal, SENTINEL_DIALECTS, readSentinel, {
      begins: new RegExp(`^${open}\\s*${isCall ? `(?:${next}{1,128}\\s*<[|｜]tool)` : next}`),
      mayBegin: new RegExp(`^${open}\\s*(?:[\\w.:/-]{0,128}\\s*)?(?:<[|｜]?\\w{0,4})?$`),
    });
  });
}
