/** The MCP servers as they are now, while one looks: what each may do, what it said, and a key that starts one anew. */
import type { ServerNow } from "@cloister/agent";
import { isRecord, parseJson } from "@cloister/base";
import type { Desk, PickItem } from "@cloister/console";
import { line, linesOf, span } from "@cloister/console";
import { mcp as listServers } from "../../commands/mcp.ts";
import type { Environment } from "../../environment.ts";
import { capture } from "../capture.ts";
import type { ScreenWords } from "../words/type.ts";
import { present, say, type ScreenWorld } from "./world.ts";

export async function mcp(world: ScreenWorld, desk: Desk): Promise<void> {
  const { environment, words, notebook } = world;
  const { planned, notes } = await plannedServers(environment);
  if (notes.length > 0) desk.print(notes.flatMap((each) => linesOf(each, "warning")));
  const names = [...new Set([...planned.keys(), ...notebook.serversNow.keys()])];
  if (names.length === 0) return say(desk, words.mcp.none);
  const picked = await desk.pick({
    title: words.mcp.title,
    items: () =>
      names.map((name) => serverItem(name, notebook.serversNow.get(name), planned.get(name), words)),
    empty: words.nothingFound,
    hint: words.mcp.hint,
    onLetter: (letter, index) => {
      const name = names[index];
      if (letter !== "r" || name === undefined) return false;
      world.restartServer(name);
      return true;
    },
  });
  const name = picked === undefined ? undefined : names[picked];
  if (name === undefined) return;
  const now = notebook.serversNow.get(name);
  const heard = [...notebook.servers].find(([part]) => bare(part) === bare(name))?.[1];
  present(desk, `/mcp ${name}`, [
    line(`  ${stateOf(now, words)}`, span(`  ${planned.get(name) ?? ""}`, "dim")),
    ...(now?.why === undefined ? [] : linesOf(`  ${now.why}`, "warning")),
    ...(now?.state === "login" ? [line(span(`  ${words.mcp.login(name)}`, "accent"))] : []),
    [],
    line(span(words.mcp.heard, "heading")),
    ...(heard === undefined ? [line(span(`  ${words.mcp.silent}`, "dim"))] : linesOf(heard)),
  ]);
}

const signs: Readonly<Record<ServerNow["state"], string>> = {
  idle: "○",
  starting: "◌",
  ready: "●",
  failed: "✗",
  login: "!",
};

/** @param rights what it may do, in words; undefined for one that is of this session and in no file any more */
export function serverItem(
  name: string,
  now: ServerNow | undefined,
  rights: string | undefined,
  words: Pick<ScreenWords, "mcp">,
): PickItem {
  const why = now?.why?.split("\n", 1)[0];
  const help = now?.state === "login" ? words.mcp.login(name) : why;
  const more = [help, rights].filter((each) => each !== undefined && each !== "").join(" · ");
  return {
    label: `${now === undefined ? "○" : signs[now.state]} ${name}`,
    note: stateOf(now, words),
    ...(more === "" ? {} : { more }),
  };
}

function stateOf(now: ServerNow | undefined, { mcp: words }: Pick<ScreenWords, "mcp">): string {
  if (now === undefined) return words.absent;
  return now.state === "ready" ? words.ready(now.tools) : words.states[now.state];
}

/** Names that the model is told are made of fewer signs than a person may use. */
function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/gu, "");
}

/** A program's arguments may be a program themselves. */
const WHAT_CHARS_MAX = 120;

function short(what: string): string {
  return what.length > WHAT_CHARS_MAX ? `${what.slice(0, WHAT_CHARS_MAX)}…` : what;
}

/** As `cloister mcp list` knows them, with what is wrong with the others. */
async function plannedServers(
  environment: Environment,
): Promise<{ readonly planned: ReadonlyMap<string, string>; readonly notes: readonly string[] }> {
  const [first = "[]", ...notes] = await capture(environment, (captured) =>
    listServers({ command: "mcp", action: "list", json: true }, captured),
  );
  const listed = parseJson(first, "the list of MCP servers");
  const planned = (Array.isArray(listed) ? listed.filter(isRecord) : []).map(
    ({ name, what, rights }): [string, string] => [String(name), `${String(rights)}: ${short(String(what))}`],
  );
  return { planned: new Map(planned), notes };
}
