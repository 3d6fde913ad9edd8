// What is played in each terminal: a start and an answer, a long session, a large paste, a repository of many files.
import { openTerminal, sleep, type Cost, type OpenTerminal, type Place } from "./console-terminal.ts";
import { LAST_ANSWER } from "./console-sessions.ts";
import { COMMON_NAME, RARE_FILE, RARE_LETTER } from "./console-files.ts";
import type { Screen } from "./screens.ts";

/** Nobody's screen has it by itself. */
const LETTER = "¤";
/** Pressed while something goes on; each time one more of them stands in the line. */
const MEANWHILE = "§";
const MEANWHILE_KEYS_MAX = 90;
const MEANWHILE_PAUSE_MS = 20;
const KEYS = 20;
const IDLE_MS = 3000;
const SETTLE_MS = 2000;
const LIST_WAIT_MS = 20_000;
const PASTE_LINE_CHARS = 100;
const PASTE_BYTES = 10_000_000;

export interface PlainFigures {
  readonly paints: readonly { readonly ms: number; readonly cpuMs: number }[];
  readonly echoMs: readonly number[];
  /** All that was written to the terminal for one key. */
  readonly keyBytes: number;
  readonly idleCpuMs: number;
  readonly tokens: {
    readonly ms: number;
    readonly cpuMs: number;
    readonly shownKb: number;
    /** The longest that a key took which was pressed while an answer came. */
    readonly worstEchoMs: number;
  };
  readonly memory: Cost;
}

/** The first session in a fresh home is thrown away: afterwards everybody has kept what they keep. */
export async function playPlain(
  screen: Screen,
  place: Place,
  { rounds, last }: { readonly rounds: number; readonly last: string },
): Promise<PlainFigures> {
  const first = openScreen(screen, place);
  await first.until(screen.settled);
  await sleep(SETTLE_MS);
  first.type("go");
  await sleep(500);
  first.type("\r");
  await first.until(last);
  await first.leave();
  const paints = [];
  for (let round = 0; round < rounds; round++) {
    const terminal = openScreen(screen, place);
    const ms = await terminal.until(screen.ready);
    paints.push({ ms, cpuMs: terminal.cost().cpuMs });
    await sleep(1000);
    await terminal.leave();
  }
  const terminal = openScreen(screen, place);
  await terminal.until(screen.settled);
  await sleep(SETTLE_MS);
  const echoMs = await typeKeys(terminal);
  const keyBytes = Buffer.byteLength(terminal.shown);
  await sleep(SETTLE_MS);
  const rested = terminal.cost().cpuMs;
  await sleep(IDLE_MS);
  const before = { at: performance.now(), ...terminal.cost() };
  terminal.forget();
  terminal.type("\r");
  await terminal.until(last);
  const ms = performance.now() - before.at;
  const memory = terminal.cost();
  const cpuMs = memory.cpuMs - before.cpuMs;
  const shownKb = Buffer.byteLength(terminal.shown) / 1000;
  // A second answer: keys that are pressed would be counted in the first one's CPU.
  await sleep(SETTLE_MS);
  terminal.type("again");
  await sleep(SETTLE_MS);
  terminal.forget();
  terminal.type("\r");
  const worstEchoMs = await typeMeanwhile(terminal, last);
  await terminal.leave();
  const tokens = { ms, cpuMs, shownKb, worstEchoMs };
  return { paints, echoMs, keyBytes, idleCpuMs: before.cpuMs - rested, tokens, memory };
}

export interface SceneFigures {
  readonly ms: number;
  readonly cpuMs: number;
  readonly echoMs: readonly number[];
  /** The longest that a key took which was pressed while it went on. */
  readonly worstEchoMs: number;
  readonly memory: Cost;
}

/** From the start until the last answer stands there and a key comes back. */
export async function playLongSession(screen: Screen, place: Place): Promise<SceneFigures> {
  const terminal = openScreen(screen, place, screen.goOn);
  try {
    await terminal.until(screen.ready);
    const worstEchoMs = await typeMeanwhile(terminal, LAST_ANSWER);
    terminal.type(LETTER);
    const ms = await terminal.until(LETTER);
    await sleep(SETTLE_MS);
    const { cpuMs } = terminal.cost();
    return { ms, cpuMs, worstEchoMs, echoMs: await typeKeys(terminal), memory: terminal.cost() };
  } finally {
    await terminal.leave();
  }
}

/** From the paste until a key that was pressed right after it comes back. */
export async function playPaste(screen: Screen, place: Place): Promise<SceneFigures> {
  const line = (at: number): string =>
    `${at}: a line of a log that somebody pastes `.padEnd(PASTE_LINE_CHARS - 1, "-");
  // As terminals send the end of a line.
  const lines = Array.from({ length: PASTE_BYTES / PASTE_LINE_CHARS }, (_, at) => line(at)).join("\r");
  const terminal = openScreen(screen, place);
  try {
    await terminal.until(screen.settled);
    await sleep(SETTLE_MS);
    const before = { at: performance.now(), ...terminal.cost() };
    terminal.forget();
    terminal.type(`\u001b[200~${lines}\u001b[201~${LETTER}`);
    await terminal.until(LETTER);
    const ms = performance.now() - before.at;
    await sleep(SETTLE_MS);
    const cpuMs = terminal.cost().cpuMs - before.cpuMs;
    return { ms, cpuMs, worstEchoMs: ms, echoMs: await typeKeys(terminal), memory: terminal.cost() };
  } finally {
    await terminal.leave();
  }
}

/** From `@`, with a letter 50 ms after it, until the one file that has the letter is offered. */
export async function playManyFiles(screen: Screen, place: Place): Promise<SceneFigures> {
  const terminal = openScreen(screen, place);
  try {
    await terminal.until(screen.settled);
    await sleep(SETTLE_MS);
    const before = { at: performance.now(), ...terminal.cost() };
    terminal.forget();
    terminal.type("@");
    await sleep(50);
    terminal.type(RARE_LETTER);
    await terminal.until(RARE_FILE, LIST_WAIT_MS);
    const ms = performance.now() - before.at;
    await sleep(SETTLE_MS);
    const cpuMs = terminal.cost().cpuMs - before.cpuMs;
    const worstEchoMs = await typeName(terminal);
    return { ms, cpuMs, worstEchoMs, echoMs: await typeKeys(terminal), memory: terminal.cost() };
  } finally {
    await terminal.leave();
  }
}

function openScreen({ argv, environment }: Screen, place: Place, more: readonly string[] = []): OpenTerminal {
  return openTerminal({ argv: [...argv, ...more], environment, ...place });
}

/** Keys, one after another, until something else stands there too. The longest that one took. */
async function typeMeanwhile(terminal: OpenTerminal, end: string): Promise<number> {
  let worstMs = 0;
  for (let keys = 1; keys <= MEANWHILE_KEYS_MAX; keys++) {
    const before = performance.now();
    terminal.type(MEANWHILE);
    await terminal.until(MEANWHILE.repeat(keys));
    worstMs = Math.max(worstMs, performance.now() - before);
    if (terminal.shown.includes(end)) return worstMs;
    await sleep(MEANWHILE_PAUSE_MS);
  }
  await terminal.until(end);
  return worstMs;
}

/** Another name, letter by letter: one that nearly all files share letters with. The longest that a letter took. */
async function typeName(terminal: OpenTerminal): Promise<number> {
  let worstMs = 0;
  terminal.type(" @");
  await sleep(SETTLE_MS);
  for (let letters = 1; letters <= COMMON_NAME.length; letters++) {
    terminal.forget();
    const before = performance.now();
    terminal.type(COMMON_NAME.charAt(letters - 1));
    await terminal.until(`@${COMMON_NAME.slice(0, letters)}`);
    worstMs = Math.max(worstMs, performance.now() - before);
    await sleep(MEANWHILE_PAUSE_MS);
  }
  return worstMs;
}

async function typeKeys(terminal: OpenTerminal): Promise<number[]> {
  const echoMs: number[] = [];
  for (let key = 0; key < KEYS; key++) {
    terminal.forget();
    const before = performance.now();
    terminal.type(LETTER);
    await terminal.until(LETTER);
    echoMs.push(performance.now() - before);
    await sleep(50);
  }
  return echoMs;
}
