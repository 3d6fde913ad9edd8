/** A session in which somebody is there to be asked: a program at the other end of its lines, which says what it is told to. */
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { isRecord } from "@cloister/base";
import { openModel, type Script } from "../attacks/model.ts";
import { mainFile, type Place } from "../harness.ts";

export interface Asked {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** As a person sees it. */
  readonly text: string;
}

export interface Attended {
  readonly asked: readonly Asked[];
  /** What the model was shown, request by request. */
  readonly shown: readonly string[];
  readonly stdout: string;
}

const SESSION_MS_MAX = 120_000;

/** The model follows its script whatever it is told; to every question the answer is `answer`. */
export async function attend(
  place: Place,
  script: Script,
  {
    answer = "deny",
    flags = [],
  }: { readonly answer?: "allow" | "deny"; readonly flags?: readonly string[] } = {},
): Promise<Attended> {
  await using model = await openModel(script);
  const lines = ["--input-format", "stream-json", "--output-format", "stream-json"];
  const args = [
    ...lines,
    "--permission-prompt-tool",
    "stdio",
    "--endpoint",
    model.url,
    "--max-turns",
    "300",
    ...flags,
  ];
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: place.project,
    env: { PATH: process.env["PATH"], HOME: place.home, TMPDIR: tmpdir() },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: SESSION_MS_MAX,
    killSignal: "SIGKILL",
  });
  const say = (line: object): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  say({ type: "user", message: { role: "user", content: "go" } });
  const complaints: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  const asked: Asked[] = [];
  const out: string[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    out.push(text);
    const line: unknown = JSON.parse(text);
    if (!isRecord(line)) continue;
    const request = line["request"];
    if (line["type"] === "control_request" && isRecord(request)) {
      const { tool_name: tool, input, cloister } = request;
      asked.push({
        tool: String(tool),
        input: isRecord(input) ? input : {},
        text: isRecord(cloister) ? String(cloister["text"]) : "",
      });
      const response = { behavior: answer, message: "no" };
      say({
        type: "control_response",
        response: { subtype: "success", request_id: line["request_id"], response },
      });
    }
    if (line["type"] === "result") child.stdin.end();
  }
  if (!out.some((line) => line.includes('"type":"result"'))) {
    throw new Error(`the session ended without a result: ${Buffer.concat(complaints).toString()}`);
  }
  return { asked, shown: model.shown, stdout: out.join("\n") };
}
