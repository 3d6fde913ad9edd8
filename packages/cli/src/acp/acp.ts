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
import { savedHere } from "../screen/commands/saved.ts";
import { goingOnWith, newSession } from "../screen/going-on.ts";
import { blocksOf } from "../sessions/export-session.ts";
import { readWholeSession } from "../sessions/find-session.ts";
import { openStdioRpc, rpcError, rpcRefusal as refused, rpcResult as result } from "../stdio-rpc.ts";
import type { AcpArguments } from "./acp-arguments.ts";
import { acpModes, openAcpSession, type AcpSession } from "./acp-session.ts";
import { chosenIn, type Choose } from "./asking.ts";
import { textOfBlocks } from "./prompt-blocks.ts";
import { replayOf, textOf } from "./updates.ts";

const PROTOCOL_VERSION = 1;
/** Each has cells, a keeper and a process of its own. */
const SESSIONS_MAX = 8;
/** A person may be at lunch. */
const ANSWER_MS_MAX = 3_600_000;
/** Of the Agent Client Protocol. */
const RESOURCE_NOT_FOUND = -32_002;

interface Opened {
  readonly session: AcpSession;
  readonly workspace: string;
}

export async function acp(args: AcpArguments, environment: Environment): Promise<number> {
  const sessions = new Map<string, Opened>();
  let opening = 0;

  const open = async (id: string, params: JsonObject, isKnown: boolean): Promise<AcpSession> => {
    const workspace = params["cwd"];
    if (typeof workspace !== "string" || !isAbsolute(workspace)) {
      throw new CloisterError("`cwd` must be an absolute path", { code: "bad-request" });
    }
    if (sessions.size + opening >= SESSIONS_MAX) {
      throw new CloisterError(`${SESSIONS_MAX} sessions are open`, {
        code: "too-many-sessions",
        next: "start the agent anew in the editor: that ends those that are open; cloister --resume goes on with any",
      });
    }
    if (Array.isArray(params["mcpServers"]) && params["mcpServers"].length > 0) {
      environment.stderr.write(
        "cloister: servers of the editor are not started; cloister mcp add names them here\n",
      );
    }
    // Until the editor knows the session it can make nothing of its news.
    let held: JsonObject[] | undefined = [];
    const tell = (update: JsonObject): void => rpc.notify("session/update", { sessionId: id, update });
    opening += 1;
    try {
      const session = await openAcpSession({
        args: {
          ...args.run,
          session: isKnown ? goingOnWith(id) : { ...newSession({ isSaved: true }), id },
        },
        environment: { ...environment, directory: workspace },
        update: (update) => (held === undefined ? tell(update) : held.push(update)),
        choose: chooser(rpc, id),
      });
      setImmediate(() => {
        for (const update of held ?? []) tell(update);
        held = undefined;
      });
      sessions.set(id, { session, workspace });
      return session;
    } finally {
      opening -= 1;
    }
  };

  const load = async (params: JsonObject): Promise<RpcReply> => {
    const id = textOf(params, "sessionId") ?? "";
    const there = { ...environment, directory: textOf(params, "cwd") ?? "" };
    const found = savedHere(there).find(({ head }) => head.id === id);
    if (found === undefined) return refused(RESOURCE_NOT_FOUND, `there is no session ${id} in this folder`);
    await sessions.get(id)?.session.close();
    sessions.delete(id);
    // Before the answer: the protocol has it so.
    for (const update of replayOf(blocksOf(readWholeSession(found, { lenient: true }).story))) {
      rpc.notify("session/update", { sessionId: id, update });
    }
    return result({ modes: modesOf(await open(id, params, true)) });
  };

  const request = async (method: string, params: JsonObject): Promise<RpcReply> => {
    switch (method) {
      case "initialize":
        return result(capabilities(environment.version));
      case "authenticate":
        return result({});
      case "session/new": {
        const id = randomUUID();
        return result({ sessionId: id, modes: modesOf(await open(id, params, false)) });
      }
      case "session/load":
        return await load(params);
      case "session/prompt": {
        const { session, workspace } = find(sessions, params);
        return toStop(await session.prompt(textOfBlocks(params["prompt"], workspace)));
      }
      case "session/set_mode":
        find(sessions, params).session.setMode(textOf(params, "modeId") ?? "");
        return result({});
      default:
        return refused(rpcError.methodNotFound, `there is no method ${method}`);
    }
  };

  const rpc: Rpc = openStdioRpc(
    environment,
    {
      request: (method, params) =>
        request(method, params).catch((error: unknown) => refused(codeOf(error), formatError(error))),
      notification: (method, params) => {
        if (method === "session/cancel") sessions.get(textOf(params, "sessionId") ?? "")?.session.cancel();
      },
    },
    "$/cancel_request",
  );
  await rpc.ended;
  await Promise.all([...sessions.values()].map(({ session }) => session.close()));
  return exit.ok;
}

function capabilities(version: string): JsonObject {
  return {
    protocolVersion: PROTOCOL_VERSION,
    agentInfo: { name: "cloister", title: "Cloister", version },
    agentCapabilities: {
      loadSession: true,
      promptCapabilities: { image: false, audio: false, embeddedContext: true },
      mcpCapabilities: { http: false, sse: false },
    },
    authMethods: [],
  };
}

function modesOf({ mode }: AcpSession): JsonObject {
  return { currentModeId: mode, availableModes: [...acpModes] };
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

function codeOf(error: unknown): number {
  if (!(error instanceof CloisterError)) return rpcError.internal;
  if (error.code === "no-session") return RESOURCE_NOT_FOUND;
  return error.code === "bad-request" || error.code === "bad-mode"
    ? rpcError.invalidParams
    : rpcError.internal;
}
