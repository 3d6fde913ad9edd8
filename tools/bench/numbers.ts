import { CloisterError } from "@cloister/base";

/** A whole number from 1 to `max`, as an option holds it. @throws CloisterError `usage` */
export function wholeNumber(text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new CloisterError(`"${text}" is not a whole number from 1 to ${max}`, { code: "usage" });
}
