// From a Chat Completions request to Ollama's own (docs/api.md, "Generate a chat completion"). The same request always
// gives the same bytes, so that what Ollama keeps of a prompt is found again.

import { CloisterError, isRecord } from "@cloister/base";

type Fields = Record<string, unknown>;

/**
 * What has no counterpart is left out, as Ollama's OpenAI route does: `tool_choice`, `n`, penalties of other names.
 * @throws CloisterError `bad-request` for what would change the meaning: an image that is not in the request, messages
 * of another shape.
 */
export function toOllamaRequest(request: Readonly<Fields>, contextTokens: number): Fields {
  const { model, messages, tools } = request;
  if (!Array.isArray(messages) || !messages.every(isRecord)) {
    throw new CloisterError("'messages' is missing, or is not a list of messages", { code: "bad-request" });
  }
  return {
    model,
    messages: toMessages(messages),
    ...(Array.isArray(tools) && tools.length > 0 && { tools }),
    stream: true,
    ...known({
      think: thinkOf(request),
      format: formatOf(request.response_format),
      keep_alive: request.keep_alive,
    }),
    // Without these two, what does not fit is dropped in silence: at the begin, or while the answer is written.
    truncate: false,
    shift: false,
    options: {
      num_ctx: contextTokens,
      ...known({
        num_predict: request.max_completion_tokens ?? request.max_tokens,
        temperature: request.temperature,
        top_p: request.top_p,
        top_k: request.top_k,
        min_p: request.min_p,
        seed: request.seed,
        stop: typeof request.stop === "string" ? [request.stop] : request.stop,
        presence_penalty: request.presence_penalty,
        frequency_penalty: request.frequency_penalty,
        repeat_penalty: request.repetition_penalty,
      }),
    },
  };
}

function toMessages(messages: readonly Fields[]): Fields[] {
  // A result names its tool in Ollama, and its call in OpenAI's form.
  const toolNames = new Map<unknown, unknown>();
  return messages.map((message) => {
    const { role, tool_calls, tool_call_id, name } = message;
    const calls = Array.isArray(tool_calls) ? tool_calls.filter(isRecord) : [];
    for (const call of calls) if (isRecord(call.function)) toolNames.set(call.id, call.function.name);
    const { text, images } = contentOf(message.content);
    return {
      role: role === "developer" ? "system" : role,
      content: text,
      ...(images.length > 0 && { images }),
      ...known({ thinking: nonEmpty(message.reasoning_content) ?? nonEmpty(message.reasoning) }),
      ...(calls.length > 0 && { tool_calls: calls.map(toCall) }),
      ...(role === "tool" && known({ tool_name: toolNames.get(tool_call_id) ?? name, tool_call_id })),
    };
  });
}

function contentOf(content: unknown): { text: string; images: string[] } {
  if (content === null || content === undefined) return { text: "", images: [] };
  if (typeof content === "string") return { text: content, images: [] };
  const texts: string[] = [];
  const images: string[] = [];
  for (const part of Array.isArray(content) ? (content as unknown[]) : [content]) {
    if (isRecord(part) && typeof part.text === "string") texts.push(part.text);
    else if (isRecord(part) && part.type === "image_url") images.push(imageOf(part.image_url));
    else throw new CloisterError("a message holds neither text nor an image", { code: "bad-request" });
  }
  return { text: texts.join("\n"), images };
}

function imageOf(image: unknown): string {
  const url = isRecord(image) ? image.url : image;
  const base64 = typeof url === "string" ? /^data:image\/[\w.+-]+;base64,(.*)$/s.exec(url)?.[1] : undefined;
  if (base64 !== undefined) return base64;
  throw new CloisterError("Ollama takes images only in the request itself, as a data: URL in base64", {
    code: "bad-request",
    next: "send the image's bytes instead of its address",
  });
}

function toCall(call: Fields): Fields {
  const body = isRecord(call.function) ? call.function : {};
  return { ...known({ id: call.id }), function: { name: body.name, arguments: toArguments(body.arguments) } };
}

/** An object here, text there. */
function toArguments(value: unknown): Fields {
  if (isRecord(value)) return value;
  try {
    const parsed: unknown = JSON.parse(String(value));
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {}; // One spoilt call must not fail every later request of its session.
  }
}

/** `reasoning_effort` as OpenAI has it, or the switch of Qwen's templates. Left out, the model's own default counts. */
function thinkOf(request: Readonly<Fields>): boolean | string | undefined {
  const { reasoning_effort: effort, chat_template_kwargs: template } = request;
  if (effort === "none") return false;
  if (typeof effort === "string") return efforts[effort] ?? true;
  const enabled = isRecord(template) ? template.enable_thinking : undefined;
  return typeof enabled === "boolean" ? enabled : undefined;
}

const efforts: Readonly<Record<string, string>> = {
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "high",
};

function formatOf(format: unknown): unknown {
  if (!isRecord(format)) return undefined;
  if (format.type === "json_object") return "json";
  return format.type === "json_schema" && isRecord(format.json_schema)
    ? format.json_schema.schema
    : undefined;
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function known(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}
