/** What fills the model's window. */
import type { Desk, Line } from "@cloister/console";
import { line, lineWidth, shortCount, span } from "@cloister/console";
import type { Notebook } from "../notebook.ts";
import type { ContextPart, ScreenWords } from "../words/type.ts";
import type { ScreenWorld } from "./world.ts";

export async function context({ notebook, words }: ScreenWorld, desk: Desk): Promise<void> {
  const { fixedPrefix } = await import("@cloister/agent");
  const tools = JSON.stringify(fixedPrefix()["tools"]).length;
  desk.print(contextLines(notebook, tools, words));
}

const order: readonly ContextPart[] = [
  ...(["system", "tools", "instructions", "messages", "answers", "files", "results", "notes"] as const),
];
const BAR_COLUMNS = 24;
/** Beyond it the conversation is going to be shortened soon. */
const FULL = 0.8;

/** @param toolChars of the tools' schemas, which stand before all messages */
export function contextLines(
  { context: { used, window }, parts }: Pick<Notebook, "context" | "parts">,
  toolChars: number,
  { context: words }: Pick<ScreenWords, "context">,
): Line[] {
  const chars: Record<ContextPart, number> = { ...parts, tools: toolChars };
  const all = order.reduce((sum, part) => sum + chars[part], 0);
  const whole = window ?? Math.max(1, used);
  const rows = order
    .map((part) => ({ name: words.parts[part], tokens: Math.round((used * chars[part]) / Math.max(1, all)) }))
    .filter(({ tokens }) => tokens > 0);
  const free =
    window === undefined ? [] : [{ name: words.free, tokens: Math.max(0, window - used), isFree: true }];
  const named = [...rows, ...free];
  const wide = Math.max(...named.map(({ name }) => widthOf(name)));
  const percent = Math.min(100, Math.round((used / whole) * 100));
  const head =
    window === undefined
      ? line(span(words.title, "heading"), span(`  ${shortCount(used)} · ${words.unknown}`, "dim"))
      : line(
          span(words.title, "heading"),
          `  ${shortCount(used)} / ${shortCount(window)}  ${percent} %  `,
          ...bar(used / whole, used / whole >= FULL ? "warning" : "accent"),
        );
  return [
    head,
    ...named.map((row): Line => {
      const share = row.tokens / whole;
      const pad = " ".repeat(wide - widthOf(row.name));
      const isFree = "isFree" in row;
      return line(
        span(`  ${row.name}${pad}  ${shortCount(row.tokens).padStart(6)}  `, isFree ? "dim" : "text"),
        ...bar(share, isFree ? "dim" : "accent"),
        span(`  ${Math.round(share * 100)} %`, "dim"),
      );
    }),
    line(span(`  ${words.note}`, "dim")),
  ];
}

function bar(share: number, style: "accent" | "warning" | "dim"): Line {
  const full = Math.max(0, Math.min(BAR_COLUMNS, Math.round(share * BAR_COLUMNS)));
  return [
    span((style === "dim" ? "░" : "█").repeat(full), style),
    span("·".repeat(BAR_COLUMNS - full), "dim"),
  ];
}

function widthOf(text: string): number {
  return lineWidth([span(text)]);
}
