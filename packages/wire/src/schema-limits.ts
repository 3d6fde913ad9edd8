/** The limits of a JSON Schema (2020-12, validation, 6.2 to 6.4) on one value. */
import type { Json, JsonObject } from "@cloister/base";

/** What is wrong with the value, as the end of a sentence about it; undefined when it keeps the limits. */
export function limitFault(value: Json, schema: JsonObject): string | undefined {
  const limit = (name: string): number | undefined => {
    const said = schema[name];
    return typeof said === "number" && Number.isFinite(said) ? said : undefined;
  };
  const outside = (size: number, [min, max]: readonly [string, string], unit: string): string | undefined => {
    const [low, high] = [limit(min), limit(max)];
    if (low !== undefined && size < low) return `must have at least ${low} ${unit}, not ${size}`;
    if (high !== undefined && size > high) return `may have at most ${high} ${unit}, not ${size}`;
    return undefined;
  };
  if (typeof value === "string") {
    return (
      outside(lengthOf(value), ["minLength", "maxLength"], "characters") ??
      patternFault(value, schema["pattern"])
    );
  }
  if (Array.isArray(value)) return outside(value.length, ["minItems", "maxItems"], "items");
  if (typeof value !== "number") return undefined;
  const [low, high] = [limit("minimum"), limit("maximum")];
  const [above, below] = [limit("exclusiveMinimum"), limit("exclusiveMaximum")];
  if (low !== undefined && value < low) return `must be at least ${low}, not ${value}`;
  if (high !== undefined && value > high) return `may be at most ${high}, not ${value}`;
  if (above !== undefined && value <= above) return `must be above ${above}, not ${value}`;
  if (below !== undefined && value >= below) return `must be below ${below}, not ${value}`;
  return undefined;
}

/** In code points, as the specification counts. */
function lengthOf(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

const PATTERN_CHARS_MAX = 500;
const MATCHED_CHARS_MAX = 2000;
/** Each unbounded repetition, and a beginning that may be anywhere, is one more power of the text's length. */
const POWER_MAX = 2;

/**
 * A pattern is a stranger's program, and the engine has no time limit. One that could take long is not tried: whoever
 * offered the tool checks it as well.
 */
function patternFault(text: string, pattern: Json | undefined): string | undefined {
  if (typeof pattern !== "string" || text.length > MATCHED_CHARS_MAX || !isQuick(pattern)) return undefined;
  let compiled: RegExp;
  try {
    compiled = new RegExp(pattern, "u");
  } catch {
    return undefined; // not a pattern of this language: nothing can be said by it
  }
  return compiled.test(text) ? undefined : `must match ${JSON.stringify(pattern)}`;
}

function isQuick(pattern: string): boolean {
  if (pattern.length > PATTERN_CHARS_MAX) return false;
  const bare = pattern.replaceAll(/\\./gsu, "x").replaceAll(/\[[^\]]*\]/g, "x");
  // Repeated groups, looking around and references can take exponential time.
  if (/\)[*+{]|\(\?[^:]|\\/.test(bare)) return false;
  const powers = (bare.match(/[*+]|\{\d+,\d*\}/g)?.length ?? 0) + (bare.startsWith("^") ? 0 : 1);
  return powers <= POWER_MAX && !/\\[1-9k]/.test(pattern);
}
