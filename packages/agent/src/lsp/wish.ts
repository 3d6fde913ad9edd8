/** What the agent needs to know of a language server. Which program it is, and where that runs, stays with the keeper. */
import type { JsonObject } from "@cloister/base";

export interface LanguageServerWish {
  /** By which the keeper knows it. */
  readonly name: string;
  /** For people and models, such as `gopls`. */
  readonly title: string;
  /** Endings of files without the dot, each with its language in the protocol's words. */
  readonly languages: Readonly<Record<string, string>>;
  /** Sent with `initialize`, and answered when it asks for its settings. */
  readonly settings?: JsonObject;
}
