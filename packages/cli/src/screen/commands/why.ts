/** Answers from the record and the rules: what was shown to whom, and what decided about a call. */
import { isRecord, type JsonObject } from "@cloister/base";
import type { Desk, Line } from "@cloister/console";
import { line, linesOf, span } from "@cloister/console";
import { openSide, readEntries, type ReadEntry, type SideReader } from "@cloister/ledger";
import { parsePermissionMode } from "@cloister/policy/modes";
import { cellDoctor } from "../../commands/cell-doctor.ts";
import { exposure as ledgerExposure } from "../../commands/ledger.ts";
import { permissions as showPermissions } from "../../commands/permissions.ts";
import { ledgerDirectory } from "../../commands/run.ts";
import { capture } from "../capture.ts";
import type { ScreenWords } from "../words/type.ts";
import { openedOf, present, presentText, say, type ScreenWorld } from "./world.ts";

export async function exposure(world: ScreenWorld, desk: Desk): Promise<void> {
  const session = openedOf(world).id;
  const { environment, args, words } = world;
  const lines = await capture(environment, (captured) =>
    ledgerExposure({ command: "ledger-exposure", ledger: args.ledger, json: false, session }, captured),
  );
  presentText(desk, words.exposure.title, lines);
}

export async function doctor({ environment, words }: ScreenWorld, desk: Desk): Promise<void> {
  const lines = await capture(environment, (captured) => cellDoctor({ json: false }, captured));
  presentText(desk, words.commands.doctor, lines);
}

export async function permissions(world: ScreenWorld, desk: Desk): Promise<void> {
  const lines = await aboutRules("permissions-list", "", world, desk);
  presentText(desk, world.words.commands.permissions, lines);
}

/** Without a call: the last decision that is on record, and what a person was asked last. */
export async function why(world: ScreenWorld, desk: Desk, call: string): Promise<void> {
  const { words, environment, args, notebook } = world;
  if (call !== "") {
    const lines = await aboutRules("permissions-why", call, world, desk);
    return presentText(desk, `/why ${call}`, lines);
  }
  const directory = args.ledger ?? ledgerDirectory(environment);
  const found = await lastDecision(directory, openedOf(world).id);
  const { asked } = notebook;
  const lines = [
    ...(asked === undefined ? [] : decisionLines({ ...asked, kind: "asked" }, words)),
    ...(found === undefined ? [] : decisionLines(found, words)),
  ];
  if (lines.length === 0) return say(desk, words.why.none);
  present(desk, "/why", [...lines, line(span(`  ${words.why.more}`, "dim"))]);
}

async function aboutRules(
  command: "permissions-list" | "permissions-why",
  call: string,
  { environment, args }: ScreenWorld,
  desk: Desk,
): Promise<readonly string[]> {
  const mode = parsePermissionMode(desk.mode);
  return await capture(environment, (captured) =>
    showPermissions({ command, call, mode, calls: args.calls, json: false }, captured),
  );
}

export interface Decision {
  readonly kind: keyof ScreenWords["why"]["kinds"];
  readonly tool: string;
  /** The whole command, path or address; secrets sealed. */
  readonly text: string;
  readonly rule: string;
  readonly reason: string | undefined;
}

const ENTRIES_MAX = 1_000_000;

async function lastDecision(directory: string, session: string): Promise<Decision | undefined> {
  const side = openSide(directory);
  try {
    let last: ReadEntry | undefined;
    let count = 0;
    for await (const entry of readEntries(directory)) {
      if (++count > ENTRIES_MAX) break;
      if (entry.body["session"] === session && isDecision(entry.body)) last = entry;
    }
    return last === undefined ? undefined : toDecision(last.body, side);
  } finally {
    side.close();
  }
}

function isDecision({ t, decision }: JsonObject): boolean {
  return t === "endorse" || (t === "decision" && isRecord(decision) && decision["kind"] === "deny");
}

/** `body`: a `decision` or an `endorse` of the ledger. */
export function toDecision(body: JsonObject, side: Pick<SideReader, "open">): Decision {
  const { t, tool, by, decision, parts } = body;
  const [part] = Array.isArray(parts) ? parts.filter(isRecord) : [];
  const opened = part === undefined ? undefined : side.open(part as JsonObject);
  const text = opened?.kind === "open" ? opened.data.toString("utf8") : "";
  const name = typeof tool === "string" ? tool : "?";
  if (t === "endorse") return { kind: "allowed", tool: name, text, rule: wordOf(by), reason: undefined };
  const { rule, line: at } = isRecord(decision) ? decision : {};
  const place = typeof at === "number" ? `${wordOf(rule)}, line ${at}` : wordOf(rule);
  return { kind: "denied", tool: name, text, rule: place, reason: undefined };
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : "?";
}

export function decisionLines(
  { kind, tool, text, rule, reason }: Decision,
  { why: words }: ScreenWords,
): Line[] {
  const [first = [], ...more] = linesOf(text);
  const style = kind === "denied" ? "bad" : kind === "allowed" ? "good" : "warning";
  return [
    line(span(`${words.kinds[kind]}  `, style), span(`${tool} `, "strong"), ...first),
    ...more.map((each) => line(span("    "), ...each)),
    line(span(`  ${words.rule(rule)}${reason === undefined || reason === "" ? "" : `: ${reason}`}`, "dim")),
  ];
}
