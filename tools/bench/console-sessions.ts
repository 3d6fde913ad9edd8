/**
 * Saved sessions of 1,000 questions and as many answers. Ours is played, turn by turn. Of a peer one turn is played and
 * its two records are written a thousand times, each with an id of its own and the text that is due.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, isRecord, newId, parseJson, readLines, type JsonObject } from "@cloister/base";
import { parseRehearsalScript, startRehearsal } from "@cloister/backend/rehearsal";
import type { Place } from "./console-terminal.ts";
import type { Screen } from "./screens.ts";

export const LAST_ANSWER = "THE-LAST-ANSWER";

const TURNS = 1000;
const WINDOW_TOKENS = 1_000_000;

const question = (turn: number): string => `Question ${turn}: what does part ${turn} of this project do?`;

function answer(turn: number): string {
  const name = turn === TURNS - 1 ? LAST_ANSWER : `part ${turn}`;
  return [
    `It reads **the whole file** and returns \`null\` when it is empty.`,
    `- first it opens file ${turn}\n- then it reads line by line`,
    `\`\`\`ts\nconst value = read("file-${turn}.ts");\nif (value === null) return;\n\`\`\``,
    `That is all there is to say about ${name}.`,
  ].join("\n\n");
}

export async function makeOwnSession(screen: Screen, place: Place): Promise<void> {
  const turns = Array.from({ length: TURNS }, (_, turn) => ({ text: answer(turn) }));
  const script = { contextTokens: WINDOW_TOKENS, turns };
  const rehearsal = await startRehearsal(parseRehearsalScript(script, "the long session"));
  try {
    const lines = ["--input-format", "stream-json", "--output-format", "stream-json"];
    const [node = "", entry = ""] = screen.argv;
    const child = start(screen, place, [node, entry, "-p", ...lines, "--endpoint", rehearsal.url]);
    let turn = 0;
    const say = (): void => {
      const message = { type: "user", message: { role: "user", content: question(turn) } };
      if (turn < TURNS) child.stdin.write(`${JSON.stringify(message)}\n`);
      else child.stdin.end();
      turn += 1;
    };
    say();
    for await (const line of readLines(child.stdout, { lineCharsMax: 1_000_000 })) {
      const event = parseJson(line, "a line of ours");
      if (isRecord(event) && event["type"] === "result") say();
    }
    if (turn <= TURNS) throw failed(`${screen.name} ended after ${turn} questions`);
  } finally {
    await rehearsal.close();
  }
}

/** @throws CloisterError `bench-run-failed` where its file is not as it was when this was written */
export async function makePeerSession(screen: Screen, place: Place): Promise<void> {
  const rounds = start(screen, place, [...screen.argv, "-p", question(0)]);
  rounds.stdin.end();
  rounds.stdout.resume();
  await new Promise((resolve) => rounds.once("close", resolve));
  const path = sessionFile(place.home);
  const records = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => parseJson(line, path))
    .filter(isRecord) as JsonObject[];
  const said = records.find((each) => roleOf(each) === "user");
  const answered = records.find((each) => roleOf(each) === "assistant" || roleOf(each) === "model");
  if (said === undefined || answered === undefined) throw failed(`${path} holds no question and answer`);
  const [id, parent] = "uuid" in said ? ["uuid", "parentUuid"] : ["id", "parentId"];
  const kept = records.slice(0, records.indexOf(said));
  let last = kept.at(-1)?.[id] ?? null;
  const lines = kept;
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [record, text] of [
      [said, question(turn)],
      [answered, answer(turn)],
    ] as const) {
      const own = newId("rec");
      lines.push({ ...record, [id]: own, [parent]: last, message: withText(record["message"], text) });
      last = own;
    }
  }
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

function start(
  { environment }: Screen,
  { home, directory }: Place,
  [program = "", ...args]: readonly string[],
): ReturnType<typeof spawn> & { stdin: NodeJS.WritableStream; stdout: NodeJS.ReadableStream } {
  return spawn(program, args, {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: home, LANG: "en_US.UTF-8", ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
}

/** The one conversation below a home in which nothing else was said. */
function sessionFile(home: string): string {
  const found = readdirSync(home, { recursive: true, encoding: "utf8" }).filter((path) =>
    /(?:sessions|chats)\/.*\.jsonl$/.test(path),
  );
  const [only] = found;
  if (only === undefined || found.length > 1) throw failed(`${home} holds ${found.length} conversations`);
  return join(home, only);
}

function roleOf({ type, message }: JsonObject): unknown {
  const isMessage = type === "message" || type === "user" || type === "assistant";
  return isMessage && isRecord(message) ? message["role"] : undefined;
}

/** The same message with this text alone: in `content` as pi has it, in `parts` as Qwen Code does. */
function withText(message: unknown, text: string): JsonObject {
  if (!isRecord(message)) throw failed("a record holds no message");
  const place = "parts" in message ? { parts: [{ text }] } : { content: [{ type: "text", text }] };
  return { ...(message as JsonObject), ...place };
}

function failed(message: string): CloisterError {
  return new CloisterError(message, {
    code: "bench-run-failed",
    next: "run the program by hand to see why",
  });
}
