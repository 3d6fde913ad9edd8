/** Apart from all else: whoever only reads arguments needs this one number. */

/** As many as a person can keep in mind; each may cost its patience. */
export const fallbacksMax = 8;
