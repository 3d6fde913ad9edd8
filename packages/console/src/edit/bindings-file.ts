/** A person's own table of keys, checked: `{"ctrl+x": "leave", "ctrl+o": "none"}`. */
import { isRecord } from "@cloister/base";
import { defaultBindings, type Action, type Bindings } from "./bindings.ts";

export interface ReadBindings {
  readonly bindings: Bindings;
  /** What is not understood, each with what would be; the rest holds all the same. */
  readonly problems: readonly string[];
}

const KEYS_MAX = 200;
const names =
  /^(?:enter|tab|escape|space|backspace|delete|insert|home|end|pageup|pagedown|up|down|left|right|f[1-4])$/;
const modifiers = ["ctrl", "alt", "shift"];
/** Whoever takes these away from a terminal cannot get out of it. */
const kept: Readonly<Record<string, Action>> = { "ctrl+c": "interrupt", enter: "submit" };

export function readBindings(value: unknown): ReadBindings {
  if (!isRecord(value)) return { bindings: {}, problems: ['it must be as {"ctrl+x": "leave"}'] };
  const bindings: Record<string, Action> = {};
  const problems: string[] = [];
  const actions = new Set<string>([...Object.values(defaultBindings), "line-up", "line-down", "none"]);
  const isAction = (text: unknown): text is Action => typeof text === "string" && actions.has(text);
  for (const [written, action] of Object.entries(value).slice(0, KEYS_MAX)) {
    const key = keyOf(written);
    if (key === undefined) {
      problems.push(`there is no key "${written}"; keys are written as ctrl+x, alt+enter, shift+tab`);
    } else if (!isAction(action)) {
      const known = [...actions].toSorted().join(", ");
      problems.push(`"${written}" cannot do ${JSON.stringify(action)}; there are ${known}`);
    } else if (kept[key] !== undefined && kept[key] !== action) {
      problems.push(`"${written}" stays "${kept[key]}"`);
    } else bindings[key] = action;
  }
  if (Object.keys(value).length > KEYS_MAX) problems.push(`it has more than ${KEYS_MAX} keys`);
  return { bindings, problems };
}

/** In the order in which the terminal's keys are named. */
function keyOf(written: string): string | undefined {
  const parts = written.trim().toLowerCase().split("+");
  // The plus itself: `ctrl++`.
  const name = written.endsWith("+") ? "+" : (parts.at(-1) ?? "");
  const given = parts.slice(0, written.endsWith("+") ? -2 : -1);
  const isKnown = names.test(name) || Array.from(name).length === 1;
  if (!isKnown || new Set(given).size !== given.length) return undefined;
  if (given.some((each) => !modifiers.includes(each))) return undefined;
  // A letter alone is for writing.
  if (given.length === 0 && !names.test(name)) return undefined;
  return [...modifiers.filter((each) => given.includes(each)), name].join("+");
}
