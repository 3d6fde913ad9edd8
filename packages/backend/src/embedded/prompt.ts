// From a chat request to the pieces of text that are tokenised one by one, so that what a file says stays what it says:
// the words `<|im_end|>` in a message are ten characters, and never the token that ends a turn.

import { CloisterError, isRecord } from "@cloister/base";

/** Renders a Jinja template. @throws what the template raises */
export type RenderTemplate = (template: string, values: Readonly<Record<string, unknown>>) => string;

export interface PromptInput {
  readonly messages: readonly Record<string, unknown>[];
  readonly tools: readonly unknown[] | undefined;
  /** Such as `enable_thinking`; the request's `chat_template_kwargs`. */
  readonly templateValues: Readonly<Record<string, unknown>>;
}

export interface PromptFormat {
  readonly template: string;
  readonly render: RenderTemplate;
  /** Texts of the control tokens of this vocabulary: nothing but the template writes them. */
  readonly controlTexts: readonly string[];
  /** Texts of its other markup, such as `</think>`: the model writes it too, what it reads does not. */
  readonly markupTexts: readonly string[];
  readonly bosText: string;
  readonly eosText: string;
}

/** Unicode keeps these for use inside a program (section 23.7): no text that is interchanged needs them. */
const marksFirst = 0xfdd0;
const marksLast = 0xfdef;
const depthMax = 64;

/** Whoever writes these may have read them in a file or from a server. */
const textFields = new Set(["content", "text", "description", "reasoning_content", "reasoning", "thinking"]);

/**
 * The rendered prompt, cut so that no piece holds a special token's text that the template did not write: tokenised with
 * special tokens each for itself, the pieces give exactly the template's own.
 *
 * A mark goes into every such text found in a string of the request, whatever its field, and around every
 * text, so that two texts side by side cannot make one. Marks inside rather than around the found ones: templates trim,
 * split and search what they are given, and a mark that is lost that way would leave text taken for the template's.
 * @throws CloisterError `bad-request` for content that is not text, and for what the template refuses.
 */
export function toPromptPieces(input: PromptInput, format: PromptFormat): string[] {
  const { template, render, bosText, eosText } = format;
  const marks = createMarker(JSON.stringify(input), format);
  const messages = input.messages.map((message) => toTemplateMessage(message, marks));
  const tools = input.tools?.map((tool) => marks.inside(tool, "around"));
  const values = marks.inside(input.templateValues, "bare");
  let text: string;
  try {
    text = render(template, {
      ...(isRecord(values) ? values : {}),
      messages,
      ...(tools !== undefined && { tools }),
      add_generation_prompt: true,
      bos_token: bosText,
      eos_token: eosText,
    });
  } catch (cause) {
    throw new CloisterError("the model's chat template refuses these messages", {
      code: "bad-request",
      cause,
    });
  }
  return text.split(marks.mark).filter((piece) => piece !== "");
}

function toTemplateMessage(message: Record<string, unknown>, marks: Marker): Record<string, unknown> {
  const { role, content, tool_calls } = message;
  // The model's own words are not set apart from the template's: so they are the tokens it wrote, and stay cached.
  const edges = role === "assistant" ? "bare" : "around";
  const rest = marks.inside(message, edges);
  const calls = Array.isArray(tool_calls) ? tool_calls.filter(isRecord).map(withObjectArguments) : undefined;
  return {
    ...(isRecord(rest) ? rest : {}),
    content: textOf(content)
      .map((text) => marks.text(text, edges))
      .join("\n"),
    ...(calls !== undefined && { tool_calls: marks.inside(calls, "bare") }),
  };
}

function textOf(content: unknown): string[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return [content];
  const parts: readonly unknown[] = Array.isArray(content) ? content : [content];
  return parts.map((part) => {
    if (isRecord(part) && typeof part.text === "string") return part.text;
    throw new CloisterError("this model takes text only, and a message holds something else", {
      code: "bad-request",
      next: "use a model server for images",
    });
  });
}

/** Templates write arguments themselves, each family in its own way, and want the object. */
function withObjectArguments(call: Record<string, unknown>): Record<string, unknown> {
  const body = call.function;
  if (!isRecord(body) || typeof body.arguments !== "string") return call;
  try {
    const parsed: unknown = JSON.parse(body.arguments);
    return isRecord(parsed) ? { ...call, function: { ...body, arguments: parsed } } : call;
  } catch {
    return call; // Not JSON: the template writes the text as it is.
  }
}

type Edges = "around" | "bare";

interface Marker {
  readonly mark: string;
  text(text: string, edges: Edges): string;
  /** All strings in a value, deeply; keys too. */
  inside(value: unknown, edges: Edges): unknown;
}

function createMarker(request: string, { controlTexts, markupTexts }: PromptFormat): Marker {
  const mark = freeMark(request);
  const control = anyOf(controlTexts);
  const special = anyOf([...controlTexts, ...markupTexts]);
  const divide = (text: string, edges: Edges): string => {
    const pattern = edges === "bare" ? control : special;
    if (pattern === undefined) return text;
    // A token of one character cannot be divided; it gives way.
    return text.replace(pattern, (first, found: string) => (found === first ? "\uFFFD" : first + mark));
  };
  const surround = (text: string): string => {
    // Within the blanks at either end, for templates that trim.
    const core = text.trim();
    const start = text.indexOf(core);
    return text.slice(0, start) + mark + core + mark + text.slice(start + core.length);
  };
  const mended = (text: string, edges: Edges): string =>
    edges === "bare" ? divide(text, edges) : surround(divide(text, edges));

  function inside(value: unknown, edges: Edges, depth = 0): unknown {
    if (depth > depthMax) {
      throw new CloisterError("the request is nested too deeply", { code: "bad-request" });
    }
    if (typeof value === "string") return divide(value, edges);
    if (Array.isArray(value)) return value.map((entry) => inside(entry, edges, depth + 1));
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => {
        const isText = typeof entry === "string" && textFields.has(key);
        return [divide(key, edges), isText ? mended(entry, edges) : inside(entry, edges, depth + 1)];
      }),
    );
  }
  return { mark, text: mended, inside };
}

/** Looks ahead from each character, which finds those that overlap, too. */
function anyOf(texts: readonly string[]): RegExp | undefined {
  const alternatives = texts.filter((text) => text !== "").sort((a, b) => b.length - a.length);
  if (alternatives.length === 0) return undefined;
  return new RegExp(`(?=(${alternatives.map((text) => RegExp.escape(text)).join("|")}))[^]`, "gu");
}

function freeMark(request: string): string {
  for (let code = marksFirst; code <= marksLast; code += 1) {
    const mark = String.fromCharCode(code);
    if (!request.includes(mark)) return mark;
  }
  throw new CloisterError("the request holds every character that Unicode keeps for internal use", {
    code: "bad-request",
  });
}
