/**
 * `cloister acp`: the agent in an editor that speaks the Agent Client Protocol (agentclientprotocol.com, version 1), as
 * Zed and JetBrains do. JSON-RPC over stdin and stdout, a line each. Files are read and changed in our cell, and
 * commands run in theirs: what the editor offers for that is not used.
 */
import { randomUUID } from "node:crypto";
import { isAbsolute } from "node:path";
import type { Rpc, RpcReply } from "@cloister/agent/rpc";
import type { Ending } from "@cloister/agent";
import { CloisterError, formatError, type JsonObject } from "@cloister/base";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openStdioRpc, rpcError, rpcRefusal as refused, rpcResult as result } from "../stdio-rpc.ts";
import type { AcpArguments } from "./acp-arguments.ts";
import { openAcpSession, type AcpSession } from "./acp-session.ts";
import { chosenIn, type Choose } from "./asking.ts";
import { choicesOf, configOptionsOf } from "./config-options.ts";
import { readEditorServers } from "./editor-servers.ts";
import { readBlocks } from "./prompt-blocks.ts";
import { findSaved, listPage, removeSaved, retell } from "./saved-sessions.ts";
import { textOf } from "./updates.ts";

const PROTOCOL_VERSION = 1;
/** Each has cells, a keeper and a process of its own. */
const SESSIONS_MAX = 8;
/** A person may be at lunch. */
const ANSWER_MS_MAX = 3_600_000;
/** Of the Agent Client Protocol. */
const RESOURCE_NOT_FOUND = -32_002;
/** With room for as many pictures as a conversation takes. */
const LINE_CHARS_MAX = 64 * 1024 * 1024;

interface Opened {
  readonly session: AcpSession;
  readonly workspace: string;
}

export async function acp(args: AcpArguments, environment: Environment): Promise<number> {
  const { home } = environment;
  const sessions = new Map<string, Opened>();
  const opening = new Set<Promise<AcpSession>>();
  const gone = new AbortController();

  const open = async (id: string, params: JsonObject, isKnown: boolean): Promise<AcpSession> => {
    const workspace = params["cwd"];
    if (typeof workspace !== "string" || !isAbsolute(workspace)) {
      throw new CloisterError("`cwd` must be an absolute path", { code: "bad-request" });
    }
    if (sessions.size + opening.size >= SESSIONS_MAX) {
      throw new CloisterError(`${SESSIONS_MAX} sessions are open`, {
        code: "too-many-sessions",
        next: "session/close ends one, and starting the agent anew in the editor all; session/load goes on with any",
      });
    }
    const { servers, refused: left } = readEditorServers(params["mcpServers"]);
    for (const { name, why } of left) {
      environment.stderr.write(
        `cloister: MCP server ${JSON.stringify(name)} of the editor is left out: ${why}\n`,
      );
    }
    // Until the editor knows the session it can make nothing of its news.
    let held: JsonObject[] | undefined = [];
    const tell = (update: JsonObject): void => rpc.notify("session/update", { sessionId: id, update });
    const update = (each: JsonObject): void => void (held === undefined ? tell(each) : held.push(each));
    const beginning = openAcpSession({
      ...{ id, isKnown, servers, update, args: args.run, choose: chooser(rpc, id), gone: gone.signal },
      environment: { ...environment, directory: workspace },
      onChange: (choices) =>
        update({ sessionUpdate: "config_option_update", configOptions: configOptionsOf(choices) }),
    });
    opening.add(beginning);
    try {
      const session = await beginning;
      setImmediate(() => {
        for (const each of held ?? []) tell(each);
        held = undefined;
      });
      sessions.set(id, { session, workspace });
      return session;
    } finally {
      opening.delete(beginning);
    }
  };
  const close = async (id: string): Promise<void> => {
    const known = sessions.get(id);
    sessions.delete(id);
    await known?.session.close();
  };

  /** `session/load` tells what was said before, before it answers: the protocol has it so. */
  const goOn = async (params: JsonObject, isTold: boolean): Promise<RpcReply> => {
    const id = textOf(params, "sessionId") ?? "";
    const saved = findSaved(home, id, textOf(params, "cwd") ?? "");
    await close(id);
    if (isTold) for (const update of retell(saved)) rpc.notify("session/update", { sessionId: id, update });
    return result(choicesOf((await open(id, params, true)).choices));
  };

  const choose = async (params: JsonObject): Promise<RpcReply> => {
    const { session } = find(sessions, params);
    const value = textOf(params, "value") ?? "";
    const { configId = "" } = params;
    if (configId === "mode") session.setMode(value);
    else if (configId === "model") await session.setModel(value);
    else return refused(rpcError.invalidParams, `there is no option ${JSON.stringify(configId)}`);
    return result({ configOptions: configOptionsOf(session.choices) });
  };

  const request = async (method: string, params: JsonObject, signal: AbortSignal): Promise<RpcReply> => {
    switch (method) {
      case "initialize":
        return result(capabilities(environment.version));
      case "authenticate":
        return result({});
      case "session/new": {
        const id = randomUUID();
        return result({ sessionId: id, ...choicesOf((await open(id, params, false)).choices) });
      }
      case "session/load":
        return await goOn(params, true);
      case "session/resume":
        return await goOn(params, false);
      case "session/list":
        return result(listPage(home, params));
      case "session/close":
        find(sessions, params);
        await close(textOf(params, "sessionId") ?? "");
        return result({});
      case "session/delete":
        await close(textOf(params, "sessionId") ?? "");
        removeSaved(home, textOf(params, "sessionId") ?? "");
        return result({});
      case "session/prompt": {
        const { session, workspace } = find(sessions, params);
        signal.addEventListener("abort", () => session.cancel(), { once: true });
        const said = readBlocks(params["prompt"], workspace);
        if (said.text.trim() === "") {
          throw new CloisterError("there is nothing in the message", {
            code: "bad-request",
            next: "`prompt` is a list of blocks: text, pictures, files",
          });
        }
        return toStop(await session.prompt(said));
      }
      case "session/set_mode":
        find(sessions, params).session.setMode(textOf(params, "modeId") ?? "");
        return result({});
      case "session/set_config_option":
        return await choose(params);
      default:
        return refused(rpcError.methodNotFound, `there is no method ${method}`);
    }
  };

  const rpc: Rpc = openStdioRpc(
    environment,
    {
      request: (method, params, signal) =>
        request(method, params, signal).catch((error: unknown) => refused(codeOf(error), formatError(error))),
      notification: (method, params) => {
        if (method === "session/cancel") sessions.get(textOf(params, "sessionId") ?? "")?.session.cancel();
      },
    },
    { cancelMethod: "$/cancel_request", answersCancelled: true, lineCharsMax: LINE_CHARS_MAX },
  );
  await rpc.ended;
  gone.abort(new Error("the editor has left"));
  // What has begun all the same is among the sessions then.
  await Promise.allSettled(opening);
  await Promise.all([...sessions.values()].map(({ session }) => session.close()));
  return exit.ok;
}

function capabilities(version: string): JsonObject {
  return {
    protocolVersion: PROTOCOL_VERSION,
    agentInfo: { name: "cloister", title: "Cloister", version },
    agentCapabilities: {
      loadSession: true,
      // Whether the model sees pictures is the session's: one that does not says so.
      promptCapabilities: { image: true, audio: false, embeddedContext: true },
      mcpCapabilities: { http: true, sse: true },
      sessionCapabilities: { list: {}, resume: {}, close: {}, delete: {} },
    },
    authMethods: [],
  };
}

function chooser(rpc: Rpc, sessionId: string): Choose {
  return async (toolCall, options, signal) => {
    try {
      const answer = await rpc.request({
        method: "session/request_permission",
        params: { sessionId, toolCall, options: options.map((each) => ({ ...each })) },
        timeoutMs: ANSWER_MS_MAX,
        signal,
      });
      return chosenIn(answer);
    } catch {
      return undefined; // the editor is gone, cannot ask, or it was taken back: nobody said yes
    }
  };
}

function find(sessions: ReadonlyMap<string, Opened>, params: JsonObject): Opened {
  const found = sessions.get(textOf(params, "sessionId") ?? "");
  if (found !== undefined) return found;
  throw new CloisterError("there is no such session here", {
    code: "no-session",
    next: "session/new, session/load",
  });
}

const stopReasons: Readonly<Partial<Record<Ending["outcome"], string>>> = {
  done: "end_turn",
  cancelled: "cancelled",
  "max-turns": "max_turn_requests",
  "max-tokens": "max_tokens",
};

/** For what the protocol has no word it is an error, which editors show. */
function toStop({ outcome, error, usage }: Ending): RpcReply {
  const stopReason = stopReasons[outcome];
  if (stopReason === undefined) {
    const next = error?.next === undefined ? "" : `; ${error.next}`;
    return refused(rpcError.internal, `${error?.message ?? outcome}${next}`);
  }
  const tokens = { inputTokens: usage.promptTokens, outputTokens: usage.completionTokens };
  return result({ stopReason, _meta: { cloister: tokens } });
}

const invalid: ReadonlySet<string> = new Set(["bad-request", "bad-mode", "bad-model"]);

function codeOf(error: unknown): number {
  if (!(error instanceof CloisterError)) return rpcError.internal;
  if (error.code === "no-session") return RESOURCE_NOT_FOUND;
  return invalid.has(error.code) ? rpcError.invalidParams : rpcError.internal;
}
