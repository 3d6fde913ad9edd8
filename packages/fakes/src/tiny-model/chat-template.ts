// A small Jinja chat template of our own. In a scripted model a control token at the start of each assistant turn, in
// the history as well as in the generation prompt, says which turn it is.
import type { TinyFormat, TinyScript } from "./script.ts";

export interface TemplateOptions {
  readonly format: TinyFormat;
  readonly script: TinyScript | undefined;
}

export function turnToken(index: number): string {
  return `<|turn_${index}|>`;
}

export function ruleToken(index: number): string {
  return `<|rule_${index}|>`;
}

export function chatTemplate({ format, script }: TemplateOptions): string {
  const marker = script === undefined ? "" : `\n${turnMarker(script)}`;
  const open = `{{- '<|im_start|>assistant\\n' }}${marker}`;
  return `{%- set st = namespace(done=0, last='') %}
{%- if tools %}
{{- '<|im_start|>system\\n' }}
{%- if messages and messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
{{- 'Tools:\\n' }}
{%- for t in tools %}{{- t | tojson }}{{- '\\n' }}{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- elif messages and messages[0].role == 'system' %}
{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for m in messages %}
{%- if m.content is string %}{%- set text = m.content %}{%- else %}{%- set text = '' %}{%- endif %}
{%- if m.role == 'system' %}
{%- if not loop.first %}{{- '<|im_start|>system\\n' + text + '<|im_end|>\\n' }}{%- endif %}
{%- elif m.role == 'tool' %}
{%- set st.last = text %}
{{- '<|im_start|>user\\n<tool_response>\\n' + text + '\\n</tool_response><|im_end|>\\n' }}
{%- elif m.role == 'assistant' %}
${open}
{%- set st.done = st.done + 1 %}
{%- if m.reasoning_content %}{{- '<think>\\n' + m.reasoning_content + '\\n</think>\\n\\n' }}{%- endif %}
{{- text }}
{%- if m.tool_calls %}
{%- for tc in m.tool_calls %}
{%- set c = tc.function if tc.function else tc %}
{%- if not loop.first or text %}{{- '\\n' }}{%- endif %}
${CALL[format]}
{%- endfor %}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- else %}
{%- set st.last = text %}
{{- '<|im_start|>' + m.role + '\\n' + text + '<|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
${open}
{%- endif %}
`;
}

// '<param' + 'eter=' keeps llama.cpp from taking the template for Qwen3-Coder's own, whose parser knows no turn tokens.
const CALL: Readonly<Record<TinyFormat, string>> = {
  hermes: String.raw`{{- '<tool_call>\n{"name": "' + c.name + '", "arguments": ' }}{{- c.arguments if c.arguments is string else c.arguments | tojson }}{{- '}\n</tool_call>' }}`,
  xml: String.raw`{{- '<tool_call>\n<function=' + c.name + '>\n' }}{%- for k in c.arguments %}{{- '<param' + 'eter=' + k + '>\n' }}{{- c.arguments[k] if c.arguments[k] is string else c.arguments[k] | tojson }}{{- '\n</parameter>\n' }}{%- endfor %}{{- '</function>\n</tool_call>' }}`,
};

function turnMarker(script: TinyScript): string {
  const count = script.turns.length;
  const isTurn = (index: number): string => {
    if (script.after === "loop") return `st.done % ${count} == ${index}`;
    return index === count - 1 ? `st.done >= ${index}` : `st.done == ${index}`;
  };
  const cases = [
    ...(script.rules ?? []).map((rule, i) => [`${jinjaString(rule.when)} in st.last`, ruleToken(i)]),
    ...script.turns.map((_, i) => [isTurn(i), turnToken(i)]),
  ];
  const lines = cases.map(([test, token], i) => `{%- ${i === 0 ? "if" : "elif"} ${test} %}{{- '${token}' }}`);
  return [...lines, "{%- endif %}"].join("\n");
}

function jinjaString(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
}
