/** What an MCP server may be told: it is to a session what a model server is. */
import type { AirlockSession } from "@cloister/airlock";
import { CloisterError } from "@cloister/base";
import { isCleared, rateEndpoint, type Clearance } from "@cloister/policy";

type Held = AirlockSession["standing"]["classification"];

/**
 * Of a program with a way out: of each host that it may reach, what the policy says of it by name, else what the person
 * said of the server.
 */
export function clearancesOf(
  hosts: readonly string[],
  asked: Clearance["label"],
  policy: AirlockSession["policy"],
): readonly Clearance[] {
  const own: Clearance = { label: asked, compartments: [] };
  const named = hosts.map((host) => {
    const rating = rateEndpoint(policy, { id: host, address: host, isLoopback: false, clearance: own });
    return rating.rule?.clearance ?? own;
  });
  return named.length === 0 ? [own] : named;
}

/** @throws CloisterError `above-clearance` */
export function refuseAboveClearance(held: Held, clearances: readonly Clearance[], name: string): void {
  const short = clearances.find((clearance) => !isCleared(held, clearance));
  if (short === undefined) return;
  throw new CloisterError(
    `this session holds something ${held.label}, and the MCP server ${name} is cleared for ${short.label}; nothing was sent`,
    {
      code: "above-clearance",
      next: `go on without it; whoever answers for the code can set "clearance" for it in ~/.cloister/mcp.json`,
    },
  );
}
