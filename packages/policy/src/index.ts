export { decide } from "./decide.ts";
export type { Decision, Facts, Rule } from "./decide.ts";
export { isLabel, isWithin, join, labels } from "./labels.ts";
export type { Label } from "./labels.ts";
