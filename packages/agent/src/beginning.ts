/** What every conversation begins with: the fixed prompt, then what was brought. Nothing in it changes while the session lasts. */
import type { ChatMessage } from "@cloister/wire";
import { systemMessage, userMessage } from "./conversation.ts";
import type { BroughtExtensions } from "./extension/brought.ts";
import { answerLanguageText } from "./extension/settings/answer-language.ts";
import { formatSkillListing } from "./extension/skills.ts";
import { formatModels, type ModelChoice } from "./models.ts";
import { systemPrompt } from "./prompt.ts";
import { formatAgents } from "./subagents.ts";
import type { AgentDefinition } from "./agent-definition.ts";

export interface BeginningOptions {
  readonly brought: BroughtExtensions | undefined;
  readonly agents: readonly AgentDefinition[];
  readonly models: readonly ModelChoice[];
  readonly contextTokens: number | undefined;
}

export interface Beginning {
  /** Of every conversation of the session, subagents' too. */
  readonly shared: readonly ChatMessage[];
  /** Of the main one, behind that. */
  readonly main: readonly ChatMessage[];
}

/** A hundredth of the window, in characters, within these. */
const LISTING_CHARS_MIN = 2000;
const LISTING_CHARS_MAX = 16_000;
const CHARS_PER_TOKEN = 4;

export function beginningOf({
  brought,
  agents,
  models,
  contextTokens = 100_000,
}: BeginningOptions): Beginning {
  const { instructions, style, answerLanguage } = brought ?? {};
  const wanted = Math.floor((contextTokens * CHARS_PER_TOKEN) / 100);
  const charsMax = Math.min(LISTING_CHARS_MAX, Math.max(LISTING_CHARS_MIN, wanted));
  const listing = formatSkillListing(brought?.skills ?? [], charsMax);
  const told = [formatAgents(agents), formatModels(models), listing].filter((text) => text !== undefined);
  return {
    shared: [
      systemMessage(systemPrompt),
      ...(instructions === undefined
        ? []
        : [
            userMessage(
              instructions.text,
              "instructions",
              instructions.files.length === 0 ? undefined : instructions.files,
            ),
          ]),
    ],
    main: [
      ...(style === undefined ? [] : [userMessage(`How to write your answers:\n\n${style}`, "instructions")]),
      ...(answerLanguage === undefined
        ? []
        : [userMessage(answerLanguageText(answerLanguage), "instructions")]),
      ...told.map((text) => userMessage(text, "instructions")),
    ],
  };
}
