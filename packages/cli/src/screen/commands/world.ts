/** What the screen's commands work with. */
import { relative } from "node:path";
import { CloisterError } from "@cloister/base";
import type { Desk, Line } from "@cloister/console";
import { linesOf, span, wrapLine } from "@cloister/console";
import type { Policy } from "@cloister/policy";
import type { InteractiveArguments } from "../../arguments.ts";
import type { ChosenEndpoint } from "../../endpoint.ts";
import type { Environment } from "../../environment.ts";
import type { OpenedExtensions } from "../../extension/open.ts";
import type { Notebook } from "../notebook.ts";
import type { OpenedSession } from "../opened.ts";
import type { OwnThemes } from "../theme-files.ts";
import type { ScreenWords } from "../words/type.ts";

/** The session on the screen; each part as soon as it is known. */
export interface ScreenSession {
  readonly opened: OpenedSession | undefined;
  readonly chosen: ChosenEndpoint | undefined;
  readonly policy: Policy | undefined;
  readonly extensions: OpenedExtensions | undefined;
}

/** How the next session differs from this one. */
export type NextSession = Partial<Pick<InteractiveArguments, "session" | "model" | "endpoint" | "clearance">>;

export interface ScreenWorld {
  readonly environment: Environment;
  readonly words: ScreenWords;
  readonly notebook: Notebook;
  readonly args: InteractiveArguments;
  readonly themes: OwnThemes;
  readonly session: ScreenSession;
  /** An MCP server, anew. Without effect where no session is at work. */
  restartServer(name: string): void;
  /** Resolves once the session is open, or has failed to. */
  ready(): Promise<void>;
  /**
   * Ends the session, and interrupts what it is at. What `between` does is done while none is open; then the one that
   * it names begins, or the same one goes on.
   */
  moveOn(between: () => Promise<NextSession | undefined>): void;
}

/** @throws CloisterError `not-ready` */
export function openedOf({ session, words }: ScreenWorld): OpenedSession {
  if (session.opened !== undefined) return session.opened;
  throw notReady(words);
}

/** @throws CloisterError `not-ready` */
export function extensionsOf({ session, words }: ScreenWorld): OpenedExtensions {
  if (session.extensions !== undefined) return session.extensions;
  throw notReady(words);
}

export function notReady(words: ScreenWords): CloisterError {
  return new CloisterError(words.notYet, { code: "not-ready" });
}

/** As a person knows it: inside the project, or from their home. */
export function shortPath(
  path: string,
  { directory, home }: Pick<Environment, "directory" | "home">,
): string {
  const inside = relative(directory, path);
  if (!inside.startsWith("..")) return inside;
  const own = relative(home, path);
  return own.startsWith("..") ? path : `~/${own}`;
}

/** More is read in a screen of its own. */
const PRINTED_LINES_MAX = 15;

/** Short texts become part of the scroll, long ones are for the pager. */
export function present(desk: Desk, title: string, lines: readonly Line[]): void {
  if (lines.length <= PRINTED_LINES_MAX) desk.print([[span(title, "heading")], ...lines]);
  else desk.read(title, (columns) => lines.flatMap((each) => wrapLine(each, { columns })));
}

export function presentText(desk: Desk, title: string, lines: readonly string[]): void {
  present(
    desk,
    title,
    lines.flatMap((each) => linesOf(each)),
  );
}

export function say(desk: Desk, text: string, style: "dim" | "good" | "warning" = "dim"): void {
  desk.print([[span(text, style)]]);
}
