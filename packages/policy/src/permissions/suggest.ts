/** Rules that would allow a call the next time: narrow ones, for nobody reads far before saying "always". */
import { canonical, layersOf } from "./matching.ts";
import { hazardsOf } from "./hazards.ts";
import { isCarrier, programOf } from "./carriers.ts";
import { readOnly } from "./read-only.ts";
import { familyOf } from "./rule.ts";
import { parseShell } from "./shell/parse.ts";
import type { ShellCommand } from "./shell/script.ts";

const RULES_MAX = 5;
const RULE_CHARS_MAX = 300;

/** Programs whose first word says what they do, so that a star behind it stays in one kind of work. */
const manyTools =
  /^(?:git|npm|pnpm|yarn|bun|deno|cargo|go|dotnet|gradle|gradlew|mvn|poetry|uv|pip|bundle|rake|mix|composer|docker|podman|kubectl|helm|terraform|gh|glab|make|just|swift|flutter)$/u;
/** Of those, the words that need a further one: `npm run build`. */
const furtherWord = /^(?:run|exec|x|compose|remote|stash|pr|issue|workspace|tool)$/u;
/** They run what they are given: a rule for one command would be one for all. */
const interpreters =
  /^(?:(?:ba|da|z|k|fi|a|c|tc)?sh|python[\d.]*|node|deno|bun|ruby|perl|php|lua|Rscript|sudo|doas|su|ssh|npx|bunx|pnpx|osascript|awk|gawk|powershell|pwsh|docker|podman|kubectl)$/u;

/** @returns at most five rules; none when no narrow rule would do */
export function suggestRules(call: { readonly tool: string; readonly text: string }): readonly string[] {
  const tool = familyOf(call.tool);
  if (tool === "Bash") return suggestForCommand(call.text);
  if (tool === "WebFetch") {
    const host = URL.canParse(call.text) ? new URL(call.text).hostname : "";
    return host === "" ? [] : [`WebFetch(domain:${host})`];
  }
  if (tool === "Read" || tool === "Edit") {
    // A path that is a pattern at the same time would allow others.
    const isPlain = call.text !== "" && !/[*?[\]!()\\\n]/u.test(call.text);
    const path = call.text.startsWith("/") ? `/${call.text}` : `./${call.text.replace(/^(?:\.\/)+/u, "")}`;
    return isPlain ? [`${tool}(${path})`] : [];
  }
  if (tool === "Agent" || tool === "Skill") return call.text === "" ? [] : [`${tool}(${call.text})`];
  return [tool];
}

function suggestForCommand(text: string): readonly string[] {
  const script = parseShell(text);
  if (script.kind === "unreadable" || script.doubts.length > 0) return [];
  const rules = new Set<string>();
  for (const command of script.commands) {
    for (const { kind, target } of command.redirections) {
      if (kind === "write" && !(target.literal ?? "").startsWith("/dev/")) {
        const [edit] = suggestRules({ tool: "Edit", text: target.isHome ? "" : (target.literal ?? "") });
        if (edit === undefined) return [];
        rules.add(edit);
      }
    }
    const words = layersOf(command.words).at(-1) ?? [];
    if (words.length === 0 || readOnly(words) !== undefined) continue;
    const rule = ruleFor({ ...command, words });
    // Without one of its parts the others would not help.
    if (rule === undefined) return [];
    rules.add(rule);
  }
  return rules.size > RULES_MAX ? [] : [...rules];
}

function ruleFor({ words, assignments }: ShellCommand): string | undefined {
  const program = programOf(words);
  if (program === "" || interpreters.test(program) || isCarrier(program)) return undefined;
  if (words.some(({ literal }) => literal === undefined)) return undefined;
  const literals = words.map(({ literal }) => literal ?? "");
  const isPlainWord = (word: string | undefined): boolean => /^[a-z][\w:.-]*$/u.test(word ?? "");
  const count = furtherWord.test(literals[1] ?? "") ? 3 : 2;
  const isTool = manyTools.test(literals[0] ?? "") && literals.slice(1, count).every(isPlainWord);
  if (isTool && literals.length >= count && hazardsOf(words).length === 0 && assignments.length === 0) {
    return `Bash(${literals.slice(0, count).join(" ")} *)`;
  }
  const exact = [...assignments.map((each) => each.text), canonical(words)]
    .join(" ")
    .replaceAll("*", String.raw`\*`);
  return exact.length > RULE_CHARS_MAX || exact.includes("\n") ? undefined : `Bash(${exact})`;
}

/** The flag that allows the call for one run, ready to be copied into a shell. */
export function flagFor(rule: string): string {
  return `--allow '${rule.replaceAll("'", String.raw`'\''`)}'`;
}
