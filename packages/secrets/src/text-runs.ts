/** A text, and where its runs end. */
export interface TextRuns {
  readonly text: string;
  /**
   * The first place from `start` on where `stop` matches, or the end of the text. `stop` has the global flag. Asked from
   * left to right, all answers together cost one pass over the text per expression: inside a run that is already
   * known to have no end before `end`, nothing is read again.
   */
  endOf(stop: RegExp, start: number): number;
}

export function createTextRuns(text: string): TextRuns {
  const known = new Map<RegExp, { start: number; end: number }>();
  return {
    text,
    endOf(stop, start) {
      const run = known.get(stop);
      if (run !== undefined && run.start <= start && start <= run.end) return run.end;
      stop.lastIndex = start;
      const end = stop.exec(text)?.index ?? text.length;
      known.set(stop, { start, end });
      return end;
    },
  };
}
