/**
 * What a command line says, as far as it can be told without running it. There is no tree: whatever stands anywhere in
 * the text, in a loop, a branch, a substitution or a here-document, may run, so all commands stand in one list.
 */

/** Beyond this nobody can say at a glance what a command does. */
export const COMMAND_CHARS_MAX = 10_000;

export type ShellScript =
  | {
      readonly kind: "script";
      readonly commands: readonly ShellCommand[];
      /** Sentences that say why more may happen than `commands` tell: a function, an indirect expansion. */
      readonly doubts: readonly string[];
    }
  /** No shell's text, or one that is not worth the risk of reading it differently than the shell will. */
  | { readonly kind: "unreadable"; readonly why: string };

/** One simple command. Without words: assignments or redirections that stand alone, or follow a compound command. */
export interface ShellCommand {
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
}

export interface Assignment {
  readonly name: string;
  /** Known when nothing is expanded in it. */
  readonly value: string | undefined;
  readonly text: string;
}

export interface Word {
  /** As it stands in the source. */
  readonly text: string;
  /** What the program will be given; undefined when an expansion, a pattern or braces decide that. */
  readonly literal: string | undefined;
  /** What it surely begins with, unless it splits; file names that a pattern finds may begin with anything. */
  readonly start: string;
  /** Whether an expansion in it stands in no quotes: then blanks in its value make several words of it. */
  readonly splits: boolean;
  /** Whether some of it is in quotes or escaped: then it is no reserved word. */
  readonly isQuoted: boolean;
  /** Whether it begins with a home folder, written `~` in `literal`. */
  readonly isHome: boolean;
}

export interface Redirection {
  /** `text` is a here-document or here-string, whose target is what the command reads. */
  readonly kind: "read" | "write" | "text" | "duplicate";
  readonly operator: string;
  readonly target: Word;
}

/** Thrown inside the parser only. */
export class Unreadable extends Error {}
