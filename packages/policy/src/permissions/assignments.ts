/** Variables that steer nothing but how a program speaks, so that setting them needs no question. */
import type { Assignment, Word } from "./shell/script.ts";

const harmless =
  /^(?:LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLORTERM|COLUMNS|LINES|CI|NO_COLOR|FORCE_COLOR|CLICOLOR(?:_FORCE)?|NODE_ENV|DEBUG|RUST_BACKTRACE|RUST_LOG|CARGO_TERM_COLOR|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|PYTHONHASHSEED|GOOS|GOARCH|GO111MODULE|CGO_ENABLED|GIT_PAGER|PAGER|MANPAGER|GIT_TERMINAL_PROMPT|GIT_OPTIONAL_LOCKS|DJANGO_DEBUG|RAILS_ENV|MIX_ENV|APP_ENV|LOG_LEVEL|VERBOSE)$/u;
/** They are started. */
const pagers = /^(?:GIT_PAGER|PAGER|MANPAGER)$/u;
/**
 * Small letters are a script's own variables, but for these, which programs and zsh give a meaning: package managers and
 * `configure` take any setting from such names, the shell that runs scripts among them.
 */
const special =
  /_proxy$|^(?:npm|pnpm|yarn|bun|uv|pip|cargo|ac|am|gl|lt|gt)_|^(?:path|fpath|cdpath|manpath|mailpath|module_path|argv|prompt|psvar|watch|status|signals|histchars|aliases|functions|commands|options|builtins|parameters|words)$/u;

export function isHarmless({ name, value }: Assignment): boolean {
  if (pagers.test(name)) return /^(?:cat|)$/u.test(value ?? "-");
  if (harmless.test(name)) return value !== undefined;
  return /^[a-z_][a-z0-9_]*$/u.test(name) && !special.test(name);
}

/** What `export A=b` and its like assign; undefined when they do more than that. */
export function assignmentsOf(words: readonly Word[]): readonly Assignment[] | undefined {
  if (!/^(?:export|readonly|local|declare|typeset)$/u.test(words[0]?.literal ?? "")) return undefined;
  const found: Assignment[] = [];
  for (const { literal, text } of words.slice(1)) {
    if (literal === undefined && !/^[A-Za-z_]\w*=/u.test(text)) return undefined;
    if (/^-[xrg]+$/u.test(literal ?? "")) continue;
    const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/su.exec(literal ?? text) ?? [];
    if (name === undefined) return undefined;
    found.push({ name, value: literal === undefined ? undefined : (value ?? ""), text });
  }
  return found;
}
