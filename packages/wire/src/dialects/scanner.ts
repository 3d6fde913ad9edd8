/**
 * From the text of an answer, as it streams in, to what is text, what is reasoning, and what are calls. One pass: text goes on at
 * once up to the first character that may begin markup. From an opener with its header on the rest is held back and
 * read at the end, whole; so the outcome cannot depend on how the text was cut, and a closing tag inside a value is told from a real one.
 */
import type { DialectContext, Draft, Reading } from "./dialect.ts";
import { findMarkup, isHalfToken, type Found } from "./find.ts";
import { readHarmonyCall, stepHarmony, type HarmonyState } from "./harmony.ts";
import { MarkdownPlace } from "./markdown.ts";
import { OPENERS, type Opener } from "./openers.ts";
import { skipStrays } from "./strays.ts";
import type { ThinkTags } from "./think.ts";
import { looksWhole, readWholeAnswer } from "./whole.ts";

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "draft"; readonly draft: Draft }
  | {
      readonly kind: "refused";
      readonly cause: "truncated" | "syntax";
      readonly name: string;
      readonly detail: string;
    };

/** A held block longer than this is not read any more, and refused. */
const HELD_CHARS_MAX = 16 * 1024 * 1024;
/** Blocks read in one answer; each may cost a pass over the rest, so their number keeps the work linear. */
const READS_MAX = 128;

type Mode =
  | { readonly kind: "text" }
  /** `seesCalls` until the thinking is known to be closed. */
  | { readonly kind: "think"; readonly tags: ThinkTags; readonly seesCalls: boolean }
  | { readonly kind: "harmony"; readonly state: HarmonyState };

type HeldRole =
  | { readonly kind: "text" }
  | { readonly kind: "whole" }
  | { readonly kind: "harmony"; readonly name: string };

const TEXT: Mode = { kind: "text" };
const NO_OPENERS: ReadonlyMap<string, readonly Opener[]> = new Map();

export class Scanner {
  readonly #options: DialectContext;
  readonly #openers: ReadonlyMap<string, readonly Opener[]>;
  readonly #readsWhole: boolean;
  #mode: Mode = TEXT;
  /** What came and is not decided. */
  #rest = "";
  #held: string[] | undefined;
  #heldRole: HeldRole = { kind: "text" };
  #heldChars = 0;
  #heldTail = "";
  #place = new MarkdownPlace();
  /** Nothing but blanks so far, or since the thinking: the answer may still be a call as a whole. */
  #isOpening = true;
  /** Blanks at the beginning and after a call are shown only if text follows. */
  #gap = "";
  #gapIsLayout = true;
  /** Behind thinking not even then. */
  #gapIsDropped = false;
  #readsLeft = READS_MAX;
  #pieces: Piece[] = [];

  constructor(options: DialectContext) {
    this.#options = options;
    const isWanted = ({ role }: Opener): boolean => options.tools.length > 0 || role.kind === "harmony";
    this.#openers = Map.groupBy(OPENERS.filter(isWanted), ({ literal }) => literal.charAt(0));
    this.#readsWhole = options.tools.length > 0;
  }

  push(text: string): Piece[] {
    if (this.#held === undefined) {
      this.#rest += text;
      this.#run(false);
    } else {
      this.#hold(text);
    }
    return this.#take();
  }

  /** The answer is over: what was held is read. */
  finish(): Piece[] {
    if (this.#heldChars > HELD_CHARS_MAX) {
      const detail = `the call is longer than ${HELD_CHARS_MAX} characters`;
      return [{ kind: "refused", cause: "truncated", name: "", detail }];
    }
    this.#rest = this.#held?.join("") ?? this.#rest;
    const isHeld = this.#held !== undefined;
    this.#held = undefined;
    if (isHeld && this.#heldRole.kind === "harmony") this.#readHarmonyCall(this.#heldRole.name);
    this.#run(true);
    return this.#take();
  }

  #take(): Piece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #run(isOver: boolean): void {
    // Every step consumes something, or says that it cannot go on.
    while (this.#held === undefined && this.#rest !== "") {
      const goesOn =
        this.#mode.kind === "harmony" ? this.#stepHarmony(this.#mode.state, isOver) : this.#scan(isOver);
      if (!goesOn) return;
    }
  }

  #startHolding(role: HeldRole): void {
    this.#held = [this.#rest];
    this.#heldRole = role;
    this.#heldChars = this.#rest.length;
    this.#rest = "";
  }

  #hold(text: string): void {
    this.#heldChars += text.length;
    if (this.#heldChars > HELD_CHARS_MAX) return;
    this.#held?.push(text);
    if (this.#mode.kind !== "think") return;
    // A call in thinking that is closed after all was only thought about.
    const { close } = this.#mode.tags;
    const seam = this.#heldTail + text;
    this.#heldTail = seam.slice(1 - close.length);
    if (!seam.includes(close)) return;
    this.#rest = this.#held?.join("") ?? "";
    this.#held = undefined;
    this.#mode = { ...this.#mode, seesCalls: false };
    this.#run(false);
  }

  /** Goes on through text or thinking up to the next decision. */
  #scan(isOver: boolean): boolean {
    if (this.#mode.kind === "text" && this.#isOpening) {
      const start = this.#rest.length - this.#rest.trimStart().length;
      this.#gap += this.#rest.slice(0, start);
      this.#rest = this.#rest.slice(start);
      if (this.#rest === "") return false;
      const look = this.#readsWhole ? looksWhole(this.#rest, isOver, this.#options) : "no";
      if (look === "more") return false;
      if (look === "yes" && !isOver) {
        this.#startHolding({ kind: "whole" });
        return false;
      }
      this.#isOpening = false;
      if (look === "yes" && this.#accept(readWholeAnswer(this.#rest, 0, this.#options))) return true;
    }
    const marks = /[<[\]`]/g;
    let placed = 0;
    for (let match = marks.exec(this.#rest); match !== null; match = marks.exec(this.#rest)) {
      this.#place.advance(this.#rest.slice(placed, match.index));
      placed = match.index;
      const found = this.#find(match.index, isOver);
      if (found.kind === "none") continue;
      this.#show(this.#rest.slice(0, placed));
      this.#rest = this.#rest.slice(placed);
      return this.#enter(found, isOver);
    }
    this.#place.advance(this.#rest.slice(placed));
    this.#show(this.#rest);
    this.#rest = "";
    return false;
  }

  /** Takes what was found at the beginning of the rest. */
  #enter(found: Exclude<Found, { kind: "none" }>, isOver: boolean): boolean {
    switch (found.kind) {
      case "none":
      case "more":
        return false;
      case "strays":
        this.#rest = "";
        return false;
      case "dangling":
        this.#rest = "";
        this.#refuse("truncated", "", "the answer ends where a call begins");
        return false;
      case "think":
        this.#rest = this.#rest.slice(found.tags.open.length);
        this.#mode = { kind: "think", tags: found.tags, seesCalls: true };
        return true;
      case "unthink":
        this.#rest = this.#rest.slice(found.literal.length);
        this.#endThinking(isOver);
        return true;
      case "opener":
        return this.#open(found.opener, isOver);
    }
  }

  #open({ role, begins }: Opener, isOver: boolean): boolean {
    this.#isOpening = false;
    if (role.kind === "harmony") {
      this.#mode = { kind: "harmony", state: "between" };
      return true;
    }
    if (role.kind === "layout") {
      this.#rest = this.#rest.slice(begins.exec(this.#rest)?.[0].length ?? 1);
      this.#isOpening = this.#gapIsLayout;
      return true;
    }
    if (!isOver) {
      this.#startHolding({ kind: "text" });
      return false;
    }
    this.#readsLeft -= 1;
    const reading = role.read(this.#rest, 0, this.#options);
    const isTaken = this.#mode.kind === "think" ? this.#acceptThought(reading) : this.#accept(reading);
    if (isTaken) return true;
    // The opener is a word of the text after all; a whole example is shown whole, so that nothing in it is read again.
    const isWhole = this.#mode.kind === "text" && (reading.kind === "calls" || reading.kind === "broken");
    const shown = this.#rest.slice(0, isWhole ? reading.end : 1);
    this.#place.advance(shown);
    this.#show(shown);
    this.#rest = this.#rest.slice(shown.length);
    return true;
  }

  /** False when it is text. */
  #accept(reading: Reading): boolean {
    switch (reading.kind) {
      case "text":
        return false;
      case "cut":
        this.#refuse("truncated", reading.name, "the answer ends before the call is closed");
        this.#rest = "";
        break;
      case "broken":
        if (this.#isExample(reading.end)) return false;
        this.#refuse("syntax", reading.name, reading.detail);
        this.#rest = this.#rest.slice(reading.end);
        break;
      case "calls":
        if (this.#isExample(reading.end)) return false;
        for (const draft of reading.drafts) this.#pieces.push({ kind: "draft", draft });
        this.#rest = this.#rest.slice(skipStrays(this.#rest, reading.end));
        if (isHalfToken(this.#rest.trim())) this.#rest = "";
        break;
    }
    // What follows a block begins afresh, as on a new line.
    this.#place.advance("\n");
    this.#gapIsLayout = true;
    this.#gap = "";
    return true;
  }

  /** In thinking that was never closed only whole calls count, and only at its very end. */
  #acceptThought(reading: Reading): boolean {
    const isEnd =
      reading.kind === "calls" && this.#rest.slice(skipStrays(this.#rest, reading.end)).trim() === "";
    if (isEnd) return this.#accept(reading);
    if (this.#mode.kind === "think") this.#mode = { ...this.#mode, seesCalls: false };
    return false;
  }

  /** In quotes, or in the middle of a sentence that goes on behind it. */
  #isExample(end: number): boolean {
    const before = this.#place.last;
    const after = this.#rest.slice(end, end + 80);
    const quote = QUOTES[before];
    if (quote !== undefined && after.startsWith(quote)) return true;
    if (/^\s*-->/.test(after)) return true;
    return !this.#place.isLineStart && /^[ \t]*(?:\p{Ll}|\p{Lo}|[,;.:)，。；：）])/u.test(after);
  }

  #refuse(cause: "truncated" | "syntax", name: string, detail: string): void {
    this.#pieces.push({ kind: "refused", cause, name, detail });
  }

  #endThinking(isOver: boolean): void {
    // Without an opening tag: what was held before it was thinking too, and nothing in it may run.
    if (this.#mode.kind === "text" && isOver) {
      this.#pieces = this.#pieces.flatMap((piece): Piece[] => {
        if (piece.kind === "text") return [{ kind: "reasoning", text: piece.text }];
        return piece.kind === "reasoning" ? [piece] : [];
      });
    }
    this.#gapIsDropped = this.#mode.kind === "think";
    this.#mode = TEXT;
    this.#place = new MarkdownPlace();
    this.#isOpening = true;
    this.#gapIsLayout = true;
    this.#gap = "";
  }

  #find(at: number, isOver: boolean): Found {
    const isThinking = this.#mode.kind === "think";
    return findMarkup({
      text: this.#rest,
      at,
      isOver,
      place: this.#place,
      ...(this.#mode.kind === "think" ? { thinking: this.#mode } : {}),
      // Thinking begins at the beginning, or on a line of its own.
      mayThink: !isThinking && this.#place.isLineStart,
      dropsStrays: this.#options.tools.length > 0,
      openers: this.#readsLeft > 0 ? this.#openers : NO_OPENERS,
    });
  }

  #stepHarmony(state: HarmonyState, isOver: boolean): boolean {
    const step = stepHarmony(this.#rest, state, isOver);
    if ("text" in step && step.text !== "") {
      if (step.isReasoning) this.#pieces.push({ kind: "reasoning", text: step.text });
      else this.#showText(step.text);
    }
    this.#rest = this.#rest.slice(step.next);
    switch (step.kind) {
      case "go":
        this.#mode = { kind: "harmony", state: step.state };
        return true;
      case "more":
        return false;
      case "leave":
        this.#mode = TEXT;
        return true;
      case "call":
        if (isOver) this.#readHarmonyCall(step.name);
        else this.#startHolding({ kind: "harmony", name: step.name });
        return isOver;
    }
  }

  #readHarmonyCall(name: string): void {
    this.#readsLeft -= 1;
    this.#mode = { kind: "harmony", state: "between" };
    const reading = readHarmonyCall(name)(this.#rest, 0, this.#options);
    if (reading.kind === "calls") {
      for (const draft of reading.drafts) this.#pieces.push({ kind: "draft", draft });
      this.#rest = this.#rest.slice(reading.end);
    } else this.#accept(reading);
  }

  #show(text: string): void {
    if (text === "") return;
    if (this.#mode.kind === "think") this.#pieces.push({ kind: "reasoning", text });
    else this.#showText(text);
  }

  #showText(text: string): void {
    if (this.#gapIsLayout && text.trim() === "") {
      this.#gap += text;
      return;
    }
    const shown = this.#gapIsDropped ? text : this.#gap + text;
    this.#gapIsDropped = false;
    this.#gapIsLayout = false;
    this.#gap = "";
    this.#isOpening = false;
    this.#pieces.push({ kind: "text", text: shown });
  }
}

const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "“": "”",
  "‘": "’",
  "«": "»",
  "(": ")",
};
