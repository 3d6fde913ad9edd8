// What a rehearsal plays, and the strict parser of it.

import { CloisterError, isRecord } from "@cloister/base";
import type { JsonObject } from "@cloister/base";
import { patternsIn } from "./fill.ts";

/** A scripted model: it replaces the weights, and nothing else. */
export interface RehearsalScript {
  /** The name it goes by; "rehearsal" when left out. */
  readonly model?: string;
  /** The window it says it has; 32,768 tokens when left out. */
  readonly contextTokens?: number;
  /** The turn played is the one whose place is the number of assistant messages in the request. */
  readonly turns: readonly RehearsalTurn[];
  /** Between two pieces of a stream; 0 when left out. */
  readonly paceMs?: number;
}

/**
 * One answer. `{{match:REGEX}}` in `text`, `reasoning` and the text values of arguments stands for the first match
 * of REGEX in the text of the request (its first group, when it has one), so that a turn can use what the script
 * cannot know beforehand. No match is a failure.
 */
export interface RehearsalTurn {
  readonly expect?: RehearsalExpectation;
  readonly reasoning?: string;
  readonly text?: string;
  readonly calls?: readonly RehearsalCall[];
  /** "tool_calls" when there are calls, else "stop". */
  readonly finish?: RehearsalFinish;
  readonly fault?: RehearsalFault;
}

export interface RehearsalCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** What a request must look like for the turn to be played. Texts are looked for in the decoded request. */
export interface RehearsalExpectation {
  readonly lastMessageRole?: string;
  readonly lastMessageContains?: readonly string[];
  readonly bodyContains?: readonly string[];
  readonly bodyLacks?: readonly string[];
  /** Names of tools that must be on offer; others may be, too. */
  readonly tools?: readonly string[];
}

export type RehearsalFinish = (typeof finishes)[number];

/**
 * `cut`: the connection is destroyed in the middle. `no-done`: the stream ends without `[DONE]`.
 * `status-503-once`: "Loading model" the first time. `status-500`: as llama-server does for a bad history.
 * `stall`: headers, then nothing until the client leaves.
 */
export type RehearsalFault = (typeof faults)[number];

const finishes = ["stop", "tool_calls", "length"] as const;
const faults = ["cut", "no-done", "status-503-once", "status-500", "stall"] as const;
const turnsMax = 10_000;

/**
 * A script from a file, checked in full before anything is played.
 * @throws CloisterError `bad-rehearsal-script`, naming `what` and the field.
 */
export function parseRehearsalScript(value: unknown, what: string): RehearsalScript {
  const fields = record({ value, at: what, allowed: ["model", "contextTokens", "turns", "paceMs"] });
  const turns = list(fields.turns, `${what}: turns`);
  if (turns.length === 0 || turns.length > turnsMax) fail(`${what}: turns`, `hold 1 to ${turnsMax} turns`);
  return {
    ...optional("model", fields.model, (model) => name(model, `${what}: model`)),
    ...optional("contextTokens", fields.contextTokens, (tokens) =>
      count(tokens, `${what}: contextTokens`, 1),
    ),
    ...optional("paceMs", fields.paceMs, (ms) => count(ms, `${what}: paceMs`, 0)),
    turns: turns.map((turn, at) => parseTurn(turn, `${what}: turns[${at}]`)),
  };
}

function parseTurn(value: unknown, at: string): RehearsalTurn {
  const allowed = ["expect", "reasoning", "text", "calls", "finish", "fault"];
  const fields = record({ value, at, allowed });
  return {
    ...optional("expect", fields.expect, (expect) => parseExpectation(expect, `${at}.expect`)),
    ...optional("reasoning", fields.reasoning, (reasoning) => template(reasoning, `${at}.reasoning`)),
    ...optional("text", fields.text, (text) => template(text, `${at}.text`)),
    ...optional("calls", fields.calls, (calls) =>
      list(calls, `${at}.calls`).map((call, index) => parseCall(call, `${at}.calls[${index}]`)),
    ),
    ...optional("finish", fields.finish, (finish) => oneOf(finish, `${at}.finish`, finishes)),
    ...optional("fault", fields.fault, (fault) => oneOf(fault, `${at}.fault`, faults)),
  };
}

function parseExpectation(value: unknown, at: string): RehearsalExpectation {
  const lists = ["lastMessageContains", "bodyContains", "bodyLacks", "tools"];
  const fields = record({ value, at, allowed: ["lastMessageRole", ...lists] });
  const names = (field: string) => (items: unknown) =>
    list(items, `${at}.${field}`).map((item, index) => name(item, `${at}.${field}[${index}]`));
  return {
    ...optional("lastMessageRole", fields.lastMessageRole, (role) => name(role, `${at}.lastMessageRole`)),
    ...optional("lastMessageContains", fields.lastMessageContains, names("lastMessageContains")),
    ...optional("bodyContains", fields.bodyContains, names("bodyContains")),
    ...optional("bodyLacks", fields.bodyLacks, names("bodyLacks")),
    ...optional("tools", fields.tools, names("tools")),
  };
}

function parseCall(value: unknown, at: string): RehearsalCall {
  const fields = record({ value, at, allowed: ["name", "arguments"] });
  const { arguments: given } = fields;
  if (!isRecord(given)) fail(`${at}.arguments`, "be an object");
  checkTemplates(given, `${at}.arguments`);
  // The value came out of JSON, so that an object is an object of JSON values.
  return { name: name(fields.name, `${at}.name`), arguments: given as JsonObject };
}

function checkTemplates(value: unknown, at: string): void {
  if (typeof value === "string") template(value, at);
  else if (Array.isArray(value)) value.forEach((item, index) => checkTemplates(item, `${at}[${index}]`));
  else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) checkTemplates(item, `${at}.${key}`);
  }
}

function template(value: unknown, at: string): string {
  if (typeof value !== "string") return fail(at, "be a text");
  for (const pattern of patternsIn(value)) {
    try {
      RegExp(pattern);
    } catch {
      return fail(at, `hold a regular expression after "match:", which ${pattern} is not`);
    }
  }
  return value;
}

function name(value: unknown, at: string): string {
  return typeof value === "string" && value !== "" ? value : fail(at, "be a text that is not empty");
}

function count(value: unknown, at: string, least: number): number {
  const fits = typeof value === "number" && Number.isSafeInteger(value) && value >= least;
  return fits ? value : fail(at, `be a whole number of at least ${least}`);
}

function list(value: unknown, at: string): readonly unknown[] {
  return Array.isArray(value) ? value : fail(at, "be a list");
}

function oneOf<T extends string>(value: unknown, at: string, allowed: readonly T[]): T {
  return allowed.find((candidate) => candidate === value) ?? fail(at, `be one of ${allowed.join(", ")}`);
}

/** A field nobody knows is a mistake: a misspelt `expect` would otherwise expect nothing. */
function record({
  value,
  at,
  allowed,
}: {
  value: unknown;
  at: string;
  allowed: readonly string[];
}): Record<string, unknown> {
  if (!isRecord(value)) return fail(at, "be an object");
  const unknown = Object.keys(value).find((key) => !allowed.includes(key));
  return unknown === undefined
    ? value
    : fail(`${at}.${unknown}`, `be left out: the fields are ${allowed.join(", ")}`);
}

function optional<K extends string, T>(
  key: K,
  value: unknown,
  parse: (value: unknown) => T,
): { [P in K]?: T } {
  return (value === undefined ? {} : { [key]: parse(value) }) as { [P in K]?: T };
}

function fail(at: string, duty: string): never {
  throw new CloisterError(`${at} must ${duty}`, {
    code: "bad-rehearsal-script",
    next: "correct the script at that place",
  });
}
