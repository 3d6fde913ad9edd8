/** Hooks of type `http`: an address and headers out of settings, sent by the keeper. */
import { hooksOf, type BroughtExtensions, type Hook, type HookRun } from "@cloister/agent/extensions";
import type { HookDefinition, HookPost } from "@cloister/airlock";
import { CloisterError } from "@cloister/base";
import type { KeptRuns } from "./kept-runs.ts";

/** By the hooks' ids. Keeps to the hook's timeout; rejects with what the ledger throws. */
export type HookPosts = ReadonlyMap<string, (input: string, signal: AbortSignal) => Promise<HookRun>>;

/** `variable`: of the person's environment, for headers that name it in `allowedEnvVars`. */
export function openHookPosts(
  brought: BroughtExtensions,
  { post, variable }: { readonly post: HookPost; readonly variable: (name: string) => string | undefined },
): HookPosts {
  return new Map(
    hooksOf(brought).flatMap((hook) => {
      const { handler, id, origin, timeoutMs } = hook;
      if (handler.kind !== "http") return [];
      const isOwn = origin.scope === "user" || origin.scope === "managed";
      // What a project wrote must not say which of the person's variables leave, whoever trusts it.
      const headers = headersOf(handler, isOwn ? variable : () => undefined);
      const address = { name: id, url: handler.url, headers, isOwn };
      const send = async (input: string, signal: AbortSignal): Promise<HookRun> => {
        const timed = AbortSignal.timeout(timeoutMs);
        const answer = await post(address, input, AbortSignal.any([signal, timed]));
        return answer.kind === "failed" && timed.aborted ? { kind: "timed-out" } : answer;
      };
      return [[id, send] as const];
    }),
  );
}

/** For the agent, which starts hooks by their ids: the answer comes as one line of JSON. */
export function toBridges(
  posts: HookPosts,
  kept: Pick<KeptRuns<HookRun>, "take">,
): readonly (readonly [string, HookDefinition])[] {
  return [...posts].map(([id, send]) => [
    id,
    {
      bridge: async ({ input, output, signal }) => {
        const text = await gather(input);
        const answer = kept.take(id, text) ?? (await send(text, signal));
        if (answer.kind !== "answered") {
          const why = answer.kind === "failed" ? answer.why : "it took too long";
          throw notSent(why);
        }
        await output(Buffer.from(JSON.stringify({ status: answer.status, body: answer.body })));
      },
    },
  ]);
}

const INPUT_BYTES_MAX = 8 * 1024 * 1024;

async function gather(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > INPUT_BYTES_MAX) throw notSent("it would be told too much");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function notSent(why: string): CloisterError {
  return new CloisterError(why, { code: "hook-not-sent" });
}

function headersOf(
  { headers, variables }: Extract<Hook["handler"], { kind: "http" }>,
  variable: (name: string) => string | undefined,
): Record<string, string> {
  const fill = (text: string): string =>
    text.replaceAll(/\$\{(\w+)\}|\$(\w+)/gu, (_all, braced?: string, plain?: string) => {
      const name = braced ?? plain ?? "";
      return variables.includes(name) ? (variable(name) ?? "") : "";
    });
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, text]) => [name.toLowerCase(), fill(text)] as const)
      .filter(([name]) => !ours.test(name)),
  );
}

/** What belongs to the connection and the body is not for settings to say. */
const ours =
  /^(?:host|content-length|content-type|transfer-encoding|connection|upgrade|expect|te|trailer|keep-alive|accept-encoding|proxy-.*)$/u;
