/** What a person typed, made into messages: `/command args`, files that are mentioned with `@`, what hooks say about it. */
import type { ChatMessage, Provenance } from "@cloister/wire";
import { attach, attachMentioned, whyNotShown, type AttachedPicture } from "./attachments.ts";
import { userMessage } from "./conversation.ts";
import { importsIn } from "./extension/instruction-files.ts";
import type { Fork, SkillsAtHand } from "./skills-at-hand.ts";
import { readTool } from "./tools/read.ts";
import type { ToolWorld } from "./tools/tool.ts";

/** Something else than a file that a prompt may mention, such as what a server holds; undefined where it is none of that. */
export type Mention = (written: string, signal: AbortSignal) => Promise<ChatMessage | undefined>;

export interface PromptInput {
  readonly skills: SkillsAtHand;
  readonly world: ToolWorld;
  /** For a skill that a subagent does. */
  readonly fork: Fork;
  readonly mentions?: readonly Mention[];
  /** The conversation so far, for what may still come into it. */
  readonly held?: readonly ChatMessage[];
}

/** The person's words, and the pictures shown with them. */
export interface SaidMessage {
  readonly text: string;
  readonly pictures?: readonly AttachedPicture[];
  /** Of the workspace, where the text holds pieces of them: it has their labels, whatever else it says. */
  readonly files?: NonNullable<Provenance["files"]>;
}

export type PromptMessages =
  | { readonly kind: "messages"; readonly messages: readonly ChatMessage[] }
  /** It is not sent, and why. */
  | { readonly kind: "refused"; readonly why: string };

const MENTIONS_MAX = 20;
const PROMPT_CHARS_SEARCHED_MAX = 100_000;

/** The person's words stand first, as they are: what they name comes behind them. */
export async function toPromptMessages(
  said: SaidMessage,
  { skills, world, fork, mentions = [], held = [] }: PromptInput,
  signal: AbortSignal,
): Promise<PromptMessages> {
  const attached = await attach(said.pictures ?? [], world, signal);
  if (attached.kind === "refused") return attached;
  const named = await namedIn(said, { skills, world, fork, mentions }, signal);
  if (named.kind === "refused") return named;
  const messages = [...named.messages.slice(0, 1), ...attached.messages, ...named.messages.slice(1)];
  const why = whyNotShown(messages, held, world);
  return why === undefined ? { kind: "messages", messages } : { kind: "refused", why };
}

async function namedIn(
  { text, files }: SaidMessage,
  { skills, world, fork, mentions }: Required<Omit<PromptInput, "held">>,
  signal: AbortSignal,
): Promise<PromptMessages> {
  const words = userMessage(text, "user", files);
  const called = skills.called(text);
  if (called !== undefined) {
    const expanded = await called.expand({ world, fork }, signal);
    return expanded.kind === "failed"
      ? { kind: "refused", why: `/${called.name} could not be used: ${expanded.why}` }
      : { kind: "messages", messages: [words, ...expanded.messages] };
  }
  const messages: ChatMessage[] = [words];
  for (const written of importsIn(text.slice(0, PROMPT_CHARS_SEARCHED_MAX)).slice(0, MENTIONS_MAX)) {
    const shown = await attachMentioned(written, world, signal);
    if (typeof shown === "string") return { kind: "refused", why: shown };
    const message =
      shown ?? (await readFile(written, world, signal)) ?? (await firstOf(mentions, written, signal));
    if (message !== undefined) messages.push(message);
  }
  return { kind: "messages", messages };
}

/** As if the model had read it. What is no file of the workspace stays the word that it is: `@team`, `@scope/package`. */
async function readFile(
  written: string,
  world: ToolWorld,
  signal: AbortSignal,
): Promise<ChatMessage | undefined> {
  const [, path = written, from, to] = /^(.+?)#L(\d{1,7})(?:-L?(\d{1,7}))?$/u.exec(written) ?? [];
  const range =
    from === undefined
      ? {}
      : { offset: Number(from), limit: Math.max(1, Number(to ?? from) - Number(from) + 1) };
  const read = await readTool.run({ file_path: path, ...range }, world, signal);
  if (!read.ok) return undefined;
  return {
    role: "user",
    content: `${path}, which the user mentions:\n\n${read.text}`,
    cloister: { source: "file", tool: "Read", files: read.sources },
  };
}

async function firstOf(
  mentions: readonly Mention[],
  written: string,
  signal: AbortSignal,
): Promise<ChatMessage | undefined> {
  for (const mention of mentions) {
    const message = await mention(written, signal);
    if (message !== undefined) return message;
  }
  return undefined;
}
