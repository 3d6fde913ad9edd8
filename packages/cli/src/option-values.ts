/** Values of options, checked: what cannot be meant is a usage error that says what can. */
import { CloisterError } from "@cloister/base";
// The words alone: these lines are read before anything is drawn.
import { isLabel, labels, type Label } from "@cloister/policy/labels";

export function toLabel(option: string, text: string | undefined): Label | undefined {
  if (text === undefined || isLabel(text)) return text;
  throw usage(`${option} cannot be "${text}"`, `it is one of ${labels.join(", ")}`);
}

export function oneOf<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw usage(`${option} cannot be "${text}"`, `it is one of ${allowed.join(", ")}`);
  return found;
}

export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw usage(`${option} cannot be "${text}"`, `it is a whole number from ${min} to ${max}`);
}

/** Money, in whatever currency the price is in. */
export function amount(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0) return value;
  throw usage(`${option} cannot be "${text}"`, "it is an amount above 0, such as 2.50");
}

export function usage(message: string, next: string): CloisterError {
  // What Node adds about positional arguments helps nobody here.
  const [first = ""] = message.split(". To specify a positional argument");
  return new CloisterError(first, { code: "usage", next });
}
