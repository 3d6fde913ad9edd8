// What is played in each terminal: a start and an answer, a long session, a large paste, a repository of many files.
import { openTerminal, sleep, type Cost, type OpenTerminal, type Place } from "./console-terminal.ts";
import { LAST_ANSWER } from "./console-sessions.ts";
import { RARE_FILE, RARE_LETTER } from "./console-files.ts";
import type { Screen } from "./screens.ts";

/** Nobody's screen has it by itself. */
const LETTER = "¤";
const KEYS = 20;
const IDLE_MS = 3000;
const SETTLE_MS = 2000;
const LIST_WAIT_MS = 20_000;
const PASTE_LINE_CHARS = 100;
const PASTE_BYTES = 10_000_000;

export interface PlainFigures {
  readonly paints: readonly { readonly ms: number; readonly cpuMs: number }[];
  readonly echoMs: readonly number[];
  readonly idleCpuMs: number;
  readonly tokens: { readonly ms: number; readonly cpuMs: number; readonly shownKb: number };
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
  await sleep(SETTLE_MS);
  const rested = terminal.cost().cpuMs;
  await sleep(IDLE_MS);
  const before = { at: performance.now(), ...terminal.cost() };
  terminal.forget();
  terminal.type("\r");
  await terminal.until(last);
  const ms = performance.now() - before.at;
  const memory = terminal.cost();
  const tokens = { ms, cpuMs: memory.cpuMs - before.cpuMs, shownKb: terminal.shown.length / 1000 };
  await terminal.leave();
  return { paints, echoMs, idleCpuMs: before.cpuMs - rested, tokens, memory };
}

export interface SceneFigures {
  readonly ms: number;
  readonly cpuMs: number;
  readonly echoMs: readonly number[];
  readonly memory: Cost;
}

/** From the start until the last answer stands there and a key comes back. */
export async function playLongSession(screen: Screen, place: Place): Promise<SceneFigures> {
  const terminal = openScreen(screen, place, screen.goOn);
  try {
    await terminal.until(LAST_ANSWER);
    await terminal.until(screen.ready);
    terminal.type(LETTER);
    const ms = await terminal.until(LETTER);
    await sleep(SETTLE_MS);
    const { cpuMs } = terminal.cost();
    return { ms, cpuMs, echoMs: await typeKeys(terminal), memory: terminal.cost() };
  } finally {
    await terminal.leave();
  }
}

/** From the paste until a key that was pressed right after it comes back. */
export async function playPaste(screen: Screen, place: Place): Promise<SceneFigures> {
  const line = (at: number): string =>
    `${at}: a line of a log that somebody pastes `.padEnd(PASTE_LINE_CHARS - 1, "-");
  const lines = Array.from({ length: PASTE_BYTES / PASTE_LINE_CHARS }, (_, at) => line(at)).join("\n");
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
    return { ms, cpuMs, echoMs: await typeKeys(terminal), memory: terminal.cost() };
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
    return { ms, cpuMs, echoMs: await typeKeys(terminal), memory: terminal.cost() };
  } finally {
    await terminal.leave();
  }
}

function openScreen({ argv, environment }: Screen, place: Place, more: readonly string[] = []): OpenTerminal {
  return openTerminal({ argv: [...argv, ...more], environment, ...place });
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
