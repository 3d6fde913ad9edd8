/** How much memory V8 takes for new objects. */
import { setFlagsFromString } from "node:v8";

/**
 * V8 doubles that room at each burst of work, up to 48 MB, and gives it back late or never: of a screen that then waits for
 * keys 5 to 20 MB were nothing but that. From here on it stays as it is; what lives longer is moved out sooner, at no
 * cost in CPU that was seen in an answer of 5,000 tokens, a long session or a large paste.
 */
export function holdYoungSpace(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** As V8 begins. It refuses compiled code that was written under other flags than it is read with. */
export function freeYoungSpace(): void {
  setFlagsFromString("--semi-space-growth-factor=2");
}
