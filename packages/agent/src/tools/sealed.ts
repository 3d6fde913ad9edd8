/** Placeholders that stand for sealed secrets. */
const PLACEHOLDER = /\bCLS_[A-Z2-7]{8,}_[A-Z0-9]+\b/g;

/**
 * Why `written` must not go into a file that now holds `current`, or undefined. The airlock restores the placeholders
 * of a file in edits of that file before the call arrives, so one that arrives is one that could not be restored:
 * written down, it would destroy the real value.
 */
export function sealedRefusal(written: string, current: string): string | undefined {
  const lost = (written.match(PLACEHOLDER) ?? []).find((placeholder) => !current.includes(placeholder));
  if (lost === undefined) return undefined;
  return (
    `${lost} is a placeholder for a sealed secret. Its value can only be restored in edits of the file it came from. ` +
    "Nothing was written. Leave that part of the text out of the edit."
  );
}
