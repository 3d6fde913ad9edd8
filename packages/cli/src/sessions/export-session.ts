/** A session as one file for people or programs. Secrets stay placeholders: nothing of their table is in it. */
import { callsIn, contentOf } from "@cloister/agent/history";
import { picturesIn, type HeldPicture } from "@cloister/agent/pictures";
import { formatBytes, isRecord, sha256, type Json, type JsonObject } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import type { SessionHead } from "./head.ts";
import type { Story } from "./story.ts";

export type ExportFormat = "md" | "html" | "json";

export type Block =
  | { readonly kind: "said"; readonly by: "user" | "model" | "cloister" | "system"; readonly text: string }
  | { readonly kind: "thought"; readonly text: string }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: string;
      readonly result: string | undefined;
      readonly isError: boolean;
      readonly diff: string | undefined;
    }
  | { readonly kind: "picture"; readonly picture: HeldPicture }
  | { readonly kind: "note"; readonly text: string };

export function exportSession(head: SessionHead, story: Story, format: ExportFormat): string {
  switch (format) {
    case "md":
      return toMarkdown(head, blocksOf(story));
    case "html":
      return toHtml(head, blocksOf(story));
    case "json":
      return `${JSON.stringify(toJson(head, story), undefined, 2)}\n`;
  }
}

/** What was said, in order, each call with its result. The system prompt says nothing about this session. */
export function blocksOf({ transcript, diffs, results }: Story): Block[] {
  const answers = new Map<string, string>();
  for (const told of transcript) {
    if (told.kind !== "item" || typeof told.item.tool_call_id !== "string") continue;
    answers.set(told.item.tool_call_id, contentOf(told.item));
  }
  return transcript.flatMap((told): Block[] => {
    if (told.kind === "compaction") {
      return [{ kind: "note", text: `The conversation was shortened here (${told.method}).` }];
    }
    const { item } = told;
    const text = contentOf(item);
    const pictures = picturesIn(item);
    if (pictures.length > 0) return pictures.map((picture) => ({ kind: "picture", picture }));
    if (item.role === "user") {
      const isOurs = text.startsWith("[Cloister] ") || item.cloister?.source === "instructions";
      return [{ kind: "said", by: isOurs ? "cloister" : "user", text }];
    }
    if (item.role !== "assistant") return [];
    const thought = item["reasoning_content"];
    const calls = callsIn(item).map(({ id, name, arguments: args }): Block => {
      const isError = results.get(id)?.ok === false;
      return { kind: "call", name, args, result: answers.get(id), isError, diff: diffs.get(id)?.hunks };
    });
    return [
      ...(typeof thought === "string" && thought !== "" ? [{ kind: "thought" as const, text: thought }] : []),
      ...(text === "" ? [] : [{ kind: "said" as const, by: "model" as const, text }]),
      ...calls,
    ];
  });
}

function toJson(head: SessionHead, story: Story): JsonObject {
  const { id, title, name, created, updated, model, label, messages, turns } = head;
  return {
    format: "cloister-session-export 1",
    session: {
      id,
      title,
      ...(name === undefined ? {} : { name }),
      created,
      updated,
      model,
      label,
      messages,
      turns,
    },
    items: story.transcript.map((told) =>
      told.kind === "item" ? hashed(told.item) : { compaction: told.method },
    ),
    diffs: Object.fromEntries(Array.from(story.diffs, ([call, { path, hunks }]) => [call, { path, hunks }])),
  };
}

/** Programs that read it want to know which picture it was, and not its megabytes. */
function hashed(item: ChatMessage): JsonObject {
  const { content, ...rest } = item;
  if (!Array.isArray(content)) return item as JsonObject;
  const parts = content.map((part: Json): Json => {
    const [picture] = isRecord(part) ? picturesIn({ role: "user", content: [part] }) : [];
    if (picture === undefined) return part;
    const bytes = Buffer.from(picture.base64, "base64");
    const { mediaType } = picture;
    return { type: "picture", mediaType, bytes: bytes.length, sha256: sha256(bytes).toString("hex") };
  });
  return { ...(rest as JsonObject), content: parts };
}

function pictureLine({ about, mediaType, base64 }: HeldPicture): string {
  return `${about}, ${mediaType}, ${formatBytes(Buffer.byteLength(base64, "base64"))}`;
}

function titleLine({ name, title }: SessionHead): string {
  return name ?? title;
}

function aboutLine({ id, created, model, label, turns }: SessionHead): string {
  return `${created} · ${model} · ${label} · ${turns} turns · ${id}`;
}

/** Longer than any run of backticks within. */
function fenced(text: string, language = ""): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, "")}\n${fence}`;
}

const whoSpeaks = { user: "You", model: "Model", cloister: "Cloister", system: "System" } as const;

function toMarkdown(head: SessionHead, blocks: readonly Block[]): string {
  const parts = blocks.map((block) => {
    switch (block.kind) {
      case "said":
        return `## ${whoSpeaks[block.by]}\n\n${block.text}`;
      case "thought":
        return block.text.replaceAll(/^/gm, "> ");
      case "picture":
        return `*${pictureLine(block.picture)}*`;
      case "note":
        return `*${block.text}*`;
      case "call":
        return [
          `### ${block.name}${block.isError ? " (failed)" : ""}`,
          fenced(block.args, "json"),
          ...(block.diff === undefined ? [] : [fenced(block.diff, "diff")]),
          ...(block.result === undefined ? [] : [fenced(block.result)]),
        ].join("\n\n");
    }
  });
  return `${[`# ${titleLine(head)}`, aboutLine(head), ...parts].join("\n\n")}\n`;
}

// Nothing is loaded and nothing runs: the policy in the page says so to the browser, too.
const style = `:root{color-scheme:light dark;--line:#8884;--add:#1a7f37;--cut:#cf222e;--dim:#6a737d}
@media (prefers-color-scheme:dark){:root{--add:#56d364;--cut:#ff7b72;--dim:#9198a1}}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
header p,summary{color:var(--dim)}img{max-width:100%}figcaption{color:var(--dim)}pre{overflow:auto;padding:.7rem;border:1px solid var(--line);border-radius:.4rem;font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap}
section{margin:1.2rem 0}h2{font-size:1rem;margin:.2rem 0}.user{border-left:3px solid #4493f8;padding-left:.8rem}
.text{white-space:pre-wrap}.add{color:var(--add)}.cut{color:var(--cut)}.at{color:#8250df}.failed summary{color:var(--cut)}`;

function toHtml(head: SessionHead, blocks: readonly Block[]): string {
  const title = escaped(titleLine(head));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>${title}</title><style>${style}</style></head>
<body><header><h1>${title}</h1><p>${escaped(aboutLine(head))}</p></header>
${blocks.map(blockToHtml).join("\n")}
</body></html>
`;
}

function blockToHtml(block: Block): string {
  switch (block.kind) {
    case "said":
      return `<section class="${block.by}"><h2>${whoSpeaks[block.by]}</h2><div class="text">${escaped(block.text)}</div></section>`;
    case "thought":
      return `<details><summary>Thinking</summary><pre>${escaped(block.text)}</pre></details>`;
    case "picture": {
      const { mediaType, base64 } = block.picture;
      return `<figure><img src="data:${mediaType};base64,${base64}" alt=""><figcaption>${escaped(pictureLine(block.picture))}</figcaption></figure>`;
    }
    case "note":
      return `<p><em>${escaped(block.text)}</em></p>`;
    case "call": {
      const diff =
        block.diff === undefined ? "" : `<pre>${block.diff.split("\n").map(diffLine).join("\n")}</pre>`;
      const result = block.result === undefined ? "" : `<pre>${escaped(block.result)}</pre>`;
      const open = block.diff === undefined ? "" : " open";
      return `<details${open}${block.isError ? ' class="failed"' : ""}><summary>${escaped(block.name)} ${escaped(block.args.slice(0, 120))}</summary><pre>${escaped(block.args)}</pre>${diff}${result}</details>`;
    }
  }
}

const lineClasses: Readonly<Record<string, string>> = { "+": "add", "-": "cut", "@": "at" };

function diffLine(line: string): string {
  const name = lineClasses[line.slice(0, 1)];
  return name === undefined ? escaped(line) : `<span class="${name}">${escaped(line)}</span>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
