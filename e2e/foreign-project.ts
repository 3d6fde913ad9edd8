/** A project as another agent's user left it, trusted as it stands, and one session in it. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Rehearsal, RehearsalCall, RehearsalTurn } from "@cloister/backend/rehearsal";
import { isRecord, type JsonObject } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse, type Place, type RunOutcome } from "./harness.ts";

export interface ForeignProject {
  readonly files: Readonly<Record<string, string>>;
  /** Beside the empty home's own, by path below it. */
  readonly home?: Readonly<Record<string, string>>;
  readonly prompt?: string;
  readonly args?: readonly string[];
  readonly turns: readonly RehearsalTurn[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Played extends Disposable {
  readonly place: Place;
  readonly outcome: RunOutcome;
  readonly rehearsal: Rehearsal;
  /** The texts of each request's messages, in order. */
  readonly texts: readonly (readonly string[])[];
}

/** Trusts it as a person would after a look, plays the session, and holds that the script got what it waited for. */
export async function play(project: ForeignProject): Promise<Played> {
  const place = createPlace(project.files);
  for (const path of Object.keys(project.files).filter((each) => each.endsWith(".sh"))) {
    chmodSync(join(place.project, path), 0o755);
  }
  for (const [path, content] of Object.entries(project.home ?? {})) {
    mkdirSync(dirname(join(place.home, path)), { recursive: true });
    writeFileSync(join(place.home, path), content);
  }
  const trusted = await cloister(place, ["trust", "--yes"]);
  assert.equal(trusted.code, 0, trusted.stderr);
  const rehearsal = await rehearse(project.turns);
  const args = ["-p", project.prompt ?? "work", "--endpoint", rehearsal.url, ...(project.args ?? [])];
  const environment = project.environment === undefined ? {} : { environment: project.environment };
  const outcome = await cloister(place, args, environment);
  await rehearsal.close();
  assert.deepEqual(rehearsal.failures, [], outcome.stderr);
  return {
    place,
    outcome,
    rehearsal,
    texts: bodies(rehearsal).map(textsOf),
    [Symbol.dispose]: () => place[Symbol.dispose](),
  };
}

function textsOf(body: string): string[] {
  const value: unknown = JSON.parse(body);
  assert.ok(isRecord(value) && Array.isArray(value["messages"]));
  return value["messages"]
    .filter(isRecord)
    .map(({ content }) => (typeof content === "string" ? content : JSON.stringify(content)));
}

export function call(name: string, args: JsonObject): RehearsalCall {
  return { name, arguments: args };
}

export function bash(command: string): RehearsalCall {
  return call("Bash", { command });
}

export function useTool(name: string, args: JsonObject): RehearsalCall {
  return call("UseTool", { name, arguments: args });
}

/** A turn that comes when the last call answered with all of these. */
export function after(texts: readonly string[], turn: RehearsalTurn): RehearsalTurn {
  return { ...turn, expect: { lastMessageContains: [...texts] } };
}

/** A settings file's list for one event: a command that runs where the matcher matches. */
export function hook(matcher: string, command: string, more: JsonObject = {}): JsonObject {
  return { matcher, hooks: [{ type: "command", command, ...more }] };
}

/** An MCP server of a few lines with the tools `look` and `drop`; it answers with a variable of its own. */
export const mcpServer: string = `
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
const tools = ["look", "drop"].map((name) => ({ name, description: name, inputSchema: { type: "object" } }));
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  const result = method === "initialize" ? { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "t", version: "1" } }
    : method === "tools/list" ? { tools }
    : { content: [{ type: "text", text: params?.name + " of " + process.env.WHO }] };
  if (id !== undefined) say({ id, result });
});
`;
