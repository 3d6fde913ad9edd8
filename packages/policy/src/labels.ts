/** How confidential something is. Grades follow GB/T 43697-2024; `secret` is no grade: it is sealed, never sent. */
export const labels = ["public", "internal", "restricted", "core"] as const;

export type Label = (typeof labels)[number];

export function isLabel(text: string): text is Label {
  return (labels as readonly string[]).includes(text);
}

/** Whether something of this label may be shown to somebody with this clearance. */
export function isWithin(label: Label, clearance: Label): boolean {
  return labels.indexOf(label) <= labels.indexOf(clearance);
}

/** The label of a whole is the highest of its parts. */
export function join(first: Label, second: Label): Label {
  return isWithin(first, second) ? second : first;
}
