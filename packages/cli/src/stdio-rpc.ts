/** JSON-RPC with the program that started us, over our own stdin and stdout: for editors and for other agents. */
import { createRpc, type Rpc, type RpcDialect, type RpcHandlers, type RpcReply } from "@cloister/agent/rpc";
import type { JsonObject } from "@cloister/base";
import type { Environment } from "./environment.ts";

/** JSON-RPC 2.0, "Error object". */
export const rpcError = { methodNotFound: -32_601, invalidParams: -32_602, internal: -32_603 } as const;

const STRAY_CHARS_MAX = 200;

/** Ends when the other side does, or when we are interrupted. `dialect`: without it, MCP's. */
export function openStdioRpc(
  { stdin, stdout, stderr, clock, onInterrupt }: Environment,
  handlers: Omit<RpcHandlers, "stray">,
  dialect?: RpcDialect,
): Rpc {
  const rpc = createRpc(
    {
      output: outputOf(stdin),
      write: (bytes) => void stdout.write(bytes),
      // The other side may still hold its end open, and we would wait for its words.
      kill: () => void stdin.destroy(),
      ended: Promise.resolve({ exitCode: 0 }),
    },
    {
      ...handlers,
      stray: (text) => stderr.write(`cloister: not JSON-RPC: ${text.slice(0, STRAY_CHARS_MAX)}\n`),
    },
    clock,
    dialect,
  );
  // Who reads no more has left.
  stdout.on("error", () => rpc.close());
  void rpc.ended.then(onInterrupt(() => rpc.close()));
  return rpc;
}

/** What it prints is what we read. */
async function* outputOf(
  stdin: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly stream: "out"; readonly bytes: Uint8Array }> {
  for await (const bytes of stdin) yield { stream: "out", bytes };
}

export function rpcResult(result: JsonObject): RpcReply {
  return { kind: "result", result };
}

export function rpcRefusal(code: number, message: string): RpcReply {
  return { kind: "error", code, message };
}
