/** The agent's side of a hook: the keeper starts it in a cell; what it prints and how it ends is read here. */
import type { HookRun, HookRunOptions } from "@cloister/agent/extensions";
import type { KeeperClient } from "@cloister/airlock/client";

/** More than this no hook has to say: the protocol cuts texts at 10,000 characters. */
const OUTPUT_BYTES_MAX = 1024 * 1024;

export function createHookRunner(
  keeper: Pick<KeeperClient, "start">,
): (id: string, options: HookRunOptions) => Promise<HookRun> {
  return async (id, { input, environment, timeoutMs, signal }) => {
    const running = await keeper.start({ kind: "hook", id, input, environment, timeoutMs }, signal);
    const texts = { out: [] as Uint8Array[], err: [] as Uint8Array[] };
    const bytes = { out: 0, err: 0 };
    for await (const { stream, bytes: chunk } of running.output) {
      bytes[stream] += chunk.length;
      if (bytes[stream] <= OUTPUT_BYTES_MAX) texts[stream].push(chunk);
    }
    const { exitCode, signal: endedBy, timedOut } = await running.ended;
    if (timedOut) return { kind: "timed-out" };
    if (exitCode === undefined) {
      return {
        kind: "failed",
        why: endedBy === undefined ? "the keeper broke it off" : `it was ended by ${endedBy}`,
      };
    }
    return { kind: "ended", exitCode, stdout: toText(texts.out), stderr: toText(texts.err) };
  };
}

function toText(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString("utf8");
}
