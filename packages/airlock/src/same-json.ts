import { isRecord, type Json } from "@cloister/base";

/** Whether two values print the same, the order of fields included. Quick where they share their parts. */
export function isSameJson(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((value: Json, index) => isSameJson(value, other[index] as Json))
    );
  }
  if (!isRecord(one) || !isRecord(other)) return false;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  return (
    names.length === others.length &&
    names.every((name, index) => name === others[index] && isSameJson(one[name] as Json, other[name] as Json))
  );
}
