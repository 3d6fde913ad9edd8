/** What the console is given, what it says, and what can be said to it. */
import type { AgentEvent, AskAnswer, Goal, Mode, UserMessage } from "@cloister/agent";
import type { Clock } from "@cloister/base";
import type { Approval, ApprovalQuestion } from "./ask/dialogs.ts";
import type { Facts } from "./blocks/status.ts";
import type { Desk, SlashCommand } from "./commands.ts";
import type { PictureSource } from "./edit/attachments.ts";
import type { Bindings } from "./edit/bindings.ts";
import type { ListFiles } from "./edit/file-finder.ts";
import type { Terminal } from "./screen/terminal.ts";
import type { ColourDepth, OwnTheme, ThemeName } from "./screen/theme.ts";
import type { Shell } from "./shell.ts";
import type { ConsoleWords } from "./words/type.ts";

export type ConsoleCommand =
  | { readonly do: "send"; readonly message: UserMessage }
  | { readonly do: "interrupt" }
  | { readonly do: "mode"; readonly mode: Mode }
  /** Without one: it is taken back. */
  | { readonly do: "goal"; readonly goal?: Goal }
  | { readonly do: "compact"; readonly hints?: string }
  | { readonly do: "answer"; readonly id: string; readonly answer: AskAnswer }
  /** How far is each command in the background? */
  | { readonly do: "look" }
  /** A question beside the conversation. */
  | { readonly do: "aside"; readonly id: string; readonly question: string }
  /** A command in the background, a subagent or a side question. */
  | { readonly do: "stop"; readonly id: string }
  /** After `offer`: the person pressed enter. */
  | { readonly do: "retry" };

export interface ConsoleOptions {
  readonly terminal: Terminal;
  readonly words: ConsoleWords;
  readonly clock: Clock;
  readonly directory: string;
  readonly version: string;
  readonly theme: ThemeName | OwnTheme;
  readonly depth: ColourDepth;
  /** The terminal is asked for its ground, and `dark` or `light` follows its answer, if there is one. */
  readonly asksBackground?: boolean;
  /** When somebody looks elsewhere, and work is done or a question waits. Default `bell`. */
  readonly notify?: "bell" | "desktop" | "off";
  readonly bindings?: Bindings;
  /** Vi's keys where a person writes. */
  readonly hasVim?: boolean;
  /** Begins on a screen of its own instead of in the terminal's scroll. */
  readonly isFull?: boolean;
  /** There: the wheel scrolls and a click opens. Default true. */
  readonly hasMouse?: boolean;
  /** There: keeps what to tell the terminal if the process dies without a word; the answer ends that. */
  readonly guard?: (restore: string) => () => void;
  readonly history?: { readonly entries: readonly string[]; readonly add: (text: string) => void };
  /** Beside the built-in ones, or in their place. */
  readonly commands?: readonly SlashCommand[];
  /** Names of the files that `@` finds, relative to the directory. Asked for once, when the first `@` is typed. */
  readonly listFiles?: ListFiles;
  /** Runs a line after `!`, in a cell. */
  readonly shell?: Shell;
  /** Opens the person's own editor and gives back what they wrote. The terminal is theirs meanwhile. */
  readonly editExternally?: (text: string) => Promise<string>;
  /** Stops the process as ctrl-z does elsewhere; resolves when it goes on. */
  readonly suspend?: () => Promise<void>;
  /** Where pictures come from that a person pastes or drags in. */
  readonly pictures?: PictureSource;
  readonly onCommand: (command: ConsoleCommand) => void;
}

export interface Console {
  /** Of the agent. Unknown kinds are passed over. */
  event(event: AgentEvent): void;
  facts(facts: Partial<Facts>): void;
  readonly trouble: (error: unknown) => void;
  /** A line of the keeper's. */
  notice(text: string): void;
  /** Says something, and waits for enter on an empty line, which is the command `retry`. */
  offer(lines: readonly string[]): void;
  approve(question: ApprovalQuestion, signal: AbortSignal): Promise<Approval>;
  /** What becomes known later, such as a project's own commands; each time all of them. */
  commands(commands: readonly SlashCommand[]): void;
  /** For whoever asks the person something without having been asked. */
  readonly desk: Desk;
  /** Resolves when the person leaves, or the terminal is gone. */
  readonly left: Promise<void>;
  /** The terminal as it was found. */
  close(): void;
}
