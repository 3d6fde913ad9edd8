/** An editor for tests of `cloister acp`: the protocol's official library, which checks each message by its own schema. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import {
  client,
  methods,
  ndJsonStream,
  type ClientContext,
  type McpServer,
  type NewSessionResponse,
  type SessionUpdate,
} from "@cloister/fakes/acp";
import { bodies, mainFile, rehearse, type Place } from "./harness.ts";

export interface Editor {
  readonly agent: ClientContext;
  readonly updates: readonly SessionUpdate[];
  /** What the editor was asked, by title and the ids of the options; and what the model had said by then. */
  readonly asked: readonly {
    readonly title: string;
    readonly options: readonly string[];
    readonly said: string;
    /** All that is shown with the question. */
    readonly shown: string;
  }[];
  /** Ids of options, in the order in which they will be chosen; without one it is cancelled. */
  readonly answers: string[];
  readonly sent: () => readonly string[];
  /** From now on nobody answers, until what it gives is called. */
  readonly hold: () => () => void;
  readonly write: (path: string, text: string) => void;
  /** Resolves when a call of this kind is shown. */
  readonly started: (kind: string) => Promise<void>;
}

export async function withEditor(
  place: Place,
  turns: readonly RehearsalTurn[],
  work: (editor: Editor) => Promise<void>,
  args: readonly string[] = [],
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const rehearsal = await rehearse(turns);
  stack.defer(() => rehearsal.close());
  const child = spawn(process.execPath, [mainFile, "acp", "--endpoint", rehearsal.url, ...args], {
    // The session's folder is the one that the editor names.
    cwd: place.base,
    env: { PATH: process.env["PATH"], HOME: place.home, TMPDIR: tmpdir(), LANG: "en_US.UTF-8" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  stack.defer(async () => {
    child.stdin.end();
    const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
    await ended;
    clearTimeout(late);
  });
  const updates: SessionUpdate[] = [];
  const asked: { title: string; options: readonly string[]; said: string; shown: string }[] = [];
  const answers: string[] = [];
  let onUpdate = (): void => {};
  let held: PromiseWithResolvers<void> | undefined;
  const stream = ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout));
  const editor = client({ name: "editor" })
    .onNotification(methods.client.session.update, ({ params }) => {
      updates.push(params.update);
      onUpdate();
    })
    .onRequest(methods.client.session.requestPermission, async ({ params }) => {
      const { toolCall, options } = params;
      const words = updates.map((each) =>
        each.sessionUpdate === "agent_message_chunk" && each.content.type === "text" ? each.content.text : "",
      );
      asked.push({
        ...{ title: toolCall.title ?? "", options: options.map(({ optionId }) => optionId) },
        ...{ said: words.join(""), shown: JSON.stringify(toolCall.content ?? []) },
      });
      if (held !== undefined) {
        await held.promise;
        return { outcome: { outcome: "cancelled" } };
      }
      const optionId = answers.shift();
      if (optionId === undefined) return { outcome: { outcome: "cancelled" } };
      return { outcome: { outcome: "selected", optionId } };
    });
  const started = (kind: string): Promise<void> =>
    new Promise((resolve) => {
      onUpdate = () => {
        if (updates.some((each) => each.sessionUpdate === "tool_call" && each.kind === kind)) resolve();
      };
      onUpdate();
    });
  try {
    await editor.connectWith(stream, (agent) =>
      work({
        ...{ agent, updates, asked, answers, started, sent: () => bodies(rehearsal) },
        hold: () => {
          held = Promise.withResolvers();
          return () => {
            held?.resolve();
            held = undefined;
          };
        },
        write: (path, text) => writeFileSync(join(place.project, path), text),
      }),
    );
  } catch (error) {
    throw new Error(`in the editor (${complaint})`, { cause: error });
  }
  assert.deepEqual(rehearsal.failures, []);
}

export async function begin(
  agent: ClientContext,
  place: Place,
  mcpServers: readonly McpServer[] = [],
): Promise<NewSessionResponse> {
  await agent.request(methods.agent.initialize, { protocolVersion: 1, clientCapabilities: {} });
  return await agent.request(methods.agent.session.new, { cwd: place.project, mcpServers: [...mcpServers] });
}

export function textOf(updates: readonly SessionUpdate[], kind: SessionUpdate["sessionUpdate"]): string {
  return updates
    .map((update) => {
      if (update.sessionUpdate !== kind || !("content" in update)) return "";
      const { content } = update;
      return content !== null && content !== undefined && !Array.isArray(content) && content.type === "text"
        ? content.text
        : "";
    })
    .join("");
}
