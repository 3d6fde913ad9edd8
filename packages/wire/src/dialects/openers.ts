/** What may begin markup in a text, and how to tell from the next few characters whether it does. */
import type { BlockReader } from "./dialect.ts";
import { readDsml } from "./dsml.ts";
import { FUNCTION_GEMMA, GEMMA_4, readGemma } from "./gemma.ts";
import { readHeadlessGlm } from "./glm.ts";
import { readHermes, WRAPPERS } from "./hermes.ts";
import { readGenericInvoke, readMinimaxM2 } from "./invoke.ts";
import { readKimiK3 } from "./kimi-k3.ts";
import { readMinimaxM3 } from "./minimax-m3.ts";
import { readMistral } from "./mistral.ts";
import { readQwenXml } from "./qwen-xml.ts";
import { readSentinel } from "./sentinel.ts";
import { readToolCall, readWordyHermes } from "./tool-call.ts";
import { readWholeAnswer } from "./whole.ts";

export interface Opener {
  readonly literal: string;
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
  /** Says nothing where it stands alone: what `begins` matches is left out. */
  | { readonly kind: "layout" }
  /** The rest of the answer, whole. */
  | { readonly kind: "rest"; readonly read: BlockReader };

/** So much is looked at behind a literal before it counts as prose. */
export const HEADER_CHARS_MAX = 320;

const TOOL_CALL_BEGINS =
  /^<tool_call>(?:\s*<tool_call>)*[\s\u200b-\u200d\u2060]*(?:(?:```[a-z]{0,8}\s*)?[{[]|<(?:function[=\s]|invoke\s)|["']?[\w.:/-]{1,128}["']?\s*(?:<tool_sep>|<\/?arg_key>|<\/?arg_value>|<\/tool_call>|\{|```))/;
const TOOL_CALL_MAY_BEGIN =
  /^<tool_call>(?:\s*<tool_call>)*[\s\u200b-\u200d\u2060]*(?:<[\w_]{0,10}|`{1,3}[a-z]{0,8}\s*|["']?[\w.:/-]{0,128}["']?\s*(?:<\/?[\w_]{0,10}|`{1,2})?)?$/;
/** A sentence between the two opening tags: it is shown, the first tag is left out, and the call begins with the second. */
const WORDY_BEGINS =
  /^<tool_call>(?=[ \t]*\n\s*(?:<!--[^<>]{0,200}-->|[^<`\s][^<`]{0,200})\s*\n\s*<function=[\w.:-]{1,128}>)/;
const WORDY_MAY_BEGIN =
  /^<tool_call>[ \t]*(?:\n\s*)?(?:<(?:!-{0,2})?|(?<=\n\s*)(?:<!--[^<>]{0,200}(?:-{0,2}>?)|[^<`\s][^<`]{0,200})\s*(?:<[a-z]{0,8}=?[\w.:-]{0,128})?)$/;

const HARMONY_CHANNEL = "<\\|channel\\|>\\w[^<>\\n]{0,200}(?:<\\|constrain\\|>[^<>\\n]{0,80})?";
const HARMONY_BEGINS = new RegExp(
  `^(?:<\\|start\\|>[\\w .=:-]{1,200}(?:${HARMONY_CHANNEL})?|${HARMONY_CHANNEL})<\\|(?:message|end|start|channel|call)\\|>`,
);

/** Marks around the answer's own text: Kimi K3's and Cohere's sections. */
const LAYOUT: readonly string[] = [
  "<|open|>response<|sep|>",
  "<|close|>response<|sep|>",
  "<|close|>tools<|sep|>",
  "<|close|>message<|sep|>",
  "<|START_RESPONSE|>",
  "<|END_RESPONSE|>",
];
/** The head of the turn itself, which a server without the model's template prints. */
const LEAKED_HEADS: readonly (readonly [string, RegExp, RegExp])[] = [
  ["<|im_start|>", /^<\|im_start\|>assistant\s*\n/, /^<\|im_start\|>[a-z]{0,9}\s*$/],
  [
    "<|start_header_id|>",
    /^<\|start_header_id\|>assistant<\|end_header_id\|>\s*/,
    /^<\|start_header_id\|>[a-z]{0,9}(?:<[|\w]{0,15})?$/,
  ],
];
const NEVER = /[^]^/;

export const OPENERS: readonly Opener[] = [
  block("<tool_call>", readToolCall, {
    begins: TOOL_CALL_BEGINS,
    mayBegin: TOOL_CALL_MAY_BEGIN,
  }),
  layout("<tool_call>", WORDY_BEGINS, WORDY_MAY_BEGIN),
  block("<tool_call>", readWordyHermes, {
    begins: /^<tool_call>[ \t]*\n\s*[^<`{}\s][^<`{}]{0,200}\n\s*\{\s*["']name["']\s*:/,
    mayBegin: /^<tool_call>[ \t]*\n\s*[^<`{}\s][^<`{}]{0,200}(?:\n\s*\{\s*(?:["'][a-z]{0,4}["']?\s*)?)?$/,
  }),
  ...["<tool_calls>", "<function_calls>", "<seed:tool_call>"].map((literal) =>
    layout(
      literal,
      new RegExp(`^${literal}(?=\\s*<(?:function=|tool_call>))`),
      new RegExp(`^${literal}\\s*(?:<[a-z_]{0,9})?$`),
    ),
  ),
  block("<arg_key>", readHeadlessGlm, {
    begins: /^<arg_key>[^<>\n]{1,100}<\/arg_key>\s*<arg_value>/,
    mayBegin: /^<arg_key>[^<>\n]{0,100}(?:<\/?[\w]{0,7}|<\/arg_key>\s*(?:<[\w]{0,9})?)?$/,
  }),
  block("<function=", readQwenXml, {
    begins:
      /^<function=[^<>\n]{1,200}(?:<[|｜/][^<>\n]{1,40}>)?(?:>|(?=\n))\s*(?:\{|<(?:parameter[=\s]|\/function|\/tool_call|\/parameter))/,
    mayBegin: /^<function=[^<>\n]{0,200}(?:<[|｜/][^<>\n]{0,40}>?)?(?:(?:>|(?=\n))\s*(?:<\/?[\w_]{0,10})?)?$/,
  }),
  block("<function name=", readQwenXml, {
    begins: /^<function name=[^<>\n]{1,200}>\s*(?:\{|<(?:parameter[=\s]|\/function))/,
    mayBegin: /^<function name=[^<>\n]{0,200}(?:>\s*(?:<\/?[\w_]{0,10})?)?$/,
  }),
  ...WRAPPERS.map(({ open, isPython = false }) => {
    // An object with a quoted key, or a list of such: the tags are words of other languages, too.
    const python = isPython ? "|\\[?\\s*[A-Za-z_][\\w.]{0,128}\\(" : "";
    const pythonMaybe = isPython ? "|\\[?\\s*[\\w.]{0,128}" : "";
    return block(open, readHermes, {
      begins: new RegExp(`^${RegExp.escape(open)}\\s*(?:(?:\\[\\s*)?\\{\\s*\\{?\\s*["']${python})`),
      mayBegin: new RegExp(`^${RegExp.escape(open)}\\s*(?:(?:\\[\\s*)?(?:\\{\\s*){0,2}${pythonMaybe})$`),
    });
  }),
  ...["<function_calls>", "<tool_calls>", "<antml:function_calls>"].map((literal) =>
    block(literal, readGenericInvoke, wrapper(literal)),
  ),
  ...[GEMMA_4.open, FUNCTION_GEMMA.open].map((literal) =>
    block(literal, readGemma, {
      begins: new RegExp(`^${RegExp.escape(literal)}\\s*(?:call:)?\\s*[\\w.:-]{1,128}\\s*\\{`),
      mayBegin: new RegExp(`^${RegExp.escape(literal)}\\s*[\\w.:-]{0,133}\\s*$`),
    }),
  ),
  block("<|open|>", readKimiK3, {
    begins: /^<\|open\|>(?:tools<\|sep\|>\s*<\|open\|>call\s|call\s+tool="[^"\n]{1,200}")/,
    mayBegin:
      /^<\|open\|>(?:[a-z]{0,5}|tools<[|a-z]{0,5}>?\s*(?:<[|a-z]{0,6}>?[a-z]{0,4})?|call\s+[a-z]{0,4}(?:="?[^"\n]{0,200})?)$/,
  }),
  ...LAYOUT.map((literal) => layout(literal, new RegExp(`^${RegExp.escape(literal)}`))),
  ...LEAKED_HEADS.map(([literal, begins, mayBegin]) => layout(literal, begins, mayBegin)),
  block("<minimax:tool_call>", readMinimaxM2, wrapper("<minimax:tool_call>")),
  ...["", "antml:", "steptml:"].map((prefix) =>
    block(`<${prefix}invoke name=`, readGenericInvoke, {
      begins: new RegExp(
        `^<${prefix}invoke name=[^<>\\n]{1,200}>\\s*<(?:${prefix}parameter\\s|/${prefix}invoke)`,
      ),
      mayBegin: new RegExp(`^<${prefix}invoke name=[^<>\\n]{0,200}(?:>\\s*(?:</?[\\w:]{0,17})?)?$`),
    }),
  ),
  block("]<]minimax[>[", readMinimaxM3, {
    begins: /^\]<\]minimax\[>\[<(?:tool_call>|invoke\s)/,
    mayBegin: /^\]<\]minimax\[>\[(?:<\w{0,9})?$/,
  }),
  // Servers print the bars as ASCII, or lose the first one.
  ...["<｜DSML｜", "<|DSML|", "<DSML｜", "<DSML|"].map((literal) =>
    block(literal, readDsml, {
      begins:
        /^<[｜|]?DSML[｜|](?:(?:function_calls|tool_calls)>\s*<[｜|]?DSML[｜|]invoke|invoke name="[^"<>\n]{1,200}">\s*<\/?[｜|]?DSML)/,
      mayBegin:
        /^<[｜|]?DSML[｜|](?:[\w_]{0,14}|(?:function_calls|tool_calls)>\s*(?:<[｜|]?\w{0,4}[｜|]?\w{0,6})?|invoke name=(?:"[^"<>\n]{0,200}(?:">?)?)?|invoke |invoke n\w{0,3}|invoke name="[^"<>\n]{1,200}">\s*(?:<\/?[｜|]?\w{0,3})?)$/,
    }),
  ),
  ...sentinels(),
  block("[TOOL_CALLS]", readMistral, {
    begins:
      /^\[TOOL_CALLS\](?:\s*\[TOOL_CALLS\])*\s*(?:\[\s*\{|\{|[\w.:/-]{1,128}\s*(?:\[(?:ARGS|CALL_ID)\]|\{))/,
    mayBegin:
      /^\[TOOL_CALLS\](?:\s*\[TOOL_CALLS\])*\s*(?:\[[A-Z_]{0,11}\s*|[\w.:/-]{0,128}\s*(?:\[[A-Z_]{0,8})?)?$/,
  }),
  {
    literal: "<|python_tag|>",
    begins: /^<\|python_tag\|>\s*[{[a-z]/,
    mayBegin: /^<\|python_tag\|>\s*$/,
    role: { kind: "rest", read: (text, at, context) => readWholeAnswer(text, at + 14, context) },
  },
  ...["```tool_code", "```tool_call", "```function_call"].map((literal): Opener => ({
    literal,
    begins: /^```[a-z_]{1,16}[ \t]*\r?\n/,
    mayBegin: /^```[a-z_]{1,16}[ \t]*\r?$/,
    role: { kind: "rest", read: readWholeAnswer },
    atLineStart: true,
  })),
  ...["<|channel|>", "<|start|>"].map((literal): Opener => ({
    literal,
    begins: HARMONY_BEGINS,
    mayBegin:
      /^(?:<\|start\|>[\w .=:-]{0,200})?(?:<\|channel\|>(?:[\w][^<>\n]{0,200})?(?:<\|constrain\|>[^<>\n]{0,80})?)?(?:<\|?\w{0,9}\|?)?$/,
    role: { kind: "harmony" },
  })),
];

function block(literal: string, read: BlockReader, evidence: Pick<Opener, "begins" | "mayBegin">): Opener {
  return { literal, role: { kind: "block", read }, ...evidence };
}

function layout(literal: string, begins: RegExp, mayBegin: RegExp = NEVER): Opener {
  return { literal, begins, mayBegin, role: { kind: "layout" } };
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
      ["▁", "_", " "].flatMap((line) => [
        `<${bar}tool${line}calls${line}begin${bar}>`,
        `<${bar}tool${line}call${line}begin${bar}>`,
      ]),
    ),
    "<|tool_calls_section_begin|>",
    "<|tool_call_section_begin|>",
  ];
  return literals.map((literal) => {
    const isCall = /call[▁_ ]begin/.test(literal);
    const open = RegExp.escape(literal);
    // A call's own token is followed by its name, a section's by a call.
    const next = isCall ? "[\\w.:/-]" : "(?:<[|｜]tool|[\\w.:/-]{1,128}\\{)";
    return block(literal, readSentinel, {
      begins: new RegExp(`^${open}\\s*${isCall ? `(?:${next}{1,128}\\s*<[|｜]tool)` : next}`),
      mayBegin: new RegExp(`^${open}\\s*(?:[\\w.:/-]{0,128}\\s*)?(?:<[|｜]?\\w{0,4})?$`),
    });
  });
}
