/** How deep a value of JSON may be: what walks through it afterwards walks by calling itself. */

export const JSON_DEPTH_MAX = 500;

/** Without calling itself: that is what a value that is too deep would break. */
export function isShallow(value: unknown): boolean {
  let level: readonly object[] = isObject(value) ? [value] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= JSON_DEPTH_MAX) return false;
    level = level.flatMap((each) => Object.values(each as Record<string, unknown>).filter(isObject));
  }
  return true;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
