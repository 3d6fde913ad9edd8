/** What the session has cost so far: tokens, the server's cache, money where prices are set, time. */
import type { Desk, Line } from "@cloister/console";
import { line, lineWidth, shortCount, shortSeconds, span } from "@cloister/console";
import type { Notebook } from "../notebook.ts";
import type { ScreenWords } from "../words/type.ts";
import type { ScreenWorld } from "./world.ts";

export function cost({ notebook, words }: ScreenWorld, desk: Desk): void {
  desk.print(costLines(notebook, { words, paces: desk.words }));
}

interface CostWords {
  readonly words: Pick<ScreenWords, "cost">;
  readonly paces: Pick<Desk["words"], "speed" | "firstToken">;
}

export function costLines(
  { spent, paces: models }: Pick<Notebook, "spent" | "paces">,
  { words: { cost: words }, paces }: CostWords,
): Line[] {
  const { prompt, cached, completion, money, turns, ms } = spent;
  const percent = prompt === 0 ? 0 : Math.round((cached / prompt) * 100);
  const speeds = [...models].flatMap(([model, { answers, firstMs, tokensPerSecond }]) => {
    const told = [
      ...(tokensPerSecond === undefined ? [] : [paces.speed(String(Math.round(tokensPerSecond)))]),
      ...(firstMs === undefined ? [] : [paces.firstToken(shortSeconds(firstMs))]),
    ];
    return told.length === 0 ? [] : [{ told: told.join(" · "), of: words.paceOf(model, answers) }];
  });
  const names = [words.tokens, words.work, words.speed, words.money];
  const wide = Math.max(...names.map((name) => lineWidth([span(name)])));
  const row = (name: string, text: string, note = ""): Line =>
    line(
      span(`  ${name}${" ".repeat(wide - lineWidth([span(name)]))}  `, "dim"),
      text,
      span(note === "" ? "" : `  ${note}`, "dim"),
    );
  return [
    line(span(words.title, "heading")),
    row(
      words.tokens,
      words.inOut(shortCount(prompt), shortCount(completion)),
      cached > 0 ? words.cached(shortCount(cached), percent) : "",
    ),
    row(words.work, words.answers(turns, shortSeconds(ms))),
    ...speeds.map(({ told, of }) => row(words.speed, told, of)),
    row(words.money, money === undefined ? words.noPrice : money.toFixed(4)),
  ];
}
