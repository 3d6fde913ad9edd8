/** What an MCP server may be told: it is to a session what a model server is. */
import { parseEgressRules, type AirlockSession } from "@cloister/airlock";
import { isLoopback } from "@cloister/backend";
import { CloisterError } from "@cloister/base";
import { isCleared, rateEndpoint, type Clearance } from "@cloister/policy";

type Held = AirlockSession["standing"]["classification"];
type Policy = AirlockSession["policy"];

/**
 * Of a program with a way out: of each host that it may reach, as `parseEgressRules` reads them, what the policy says of
 * it by name, else what the person said of the server. Where there is no cell it reaches others as well.
 * @throws CloisterError `bad-allow-entry`
 */
export function clearancesOf(
  hosts: readonly string[],
  asked: Clearance["label"],
  { policy, isConfined }: { readonly policy: Policy; readonly isConfined: boolean },
): readonly Clearance[] {
  const own: Clearance = { label: asked, compartments: [] };
  const named = parseEgressRules(hosts).flatMap(({ host, ports }) =>
    ports.flatMap((port) => clearancesAt({ host, port, own }, policy)),
  );
  return named.length === 0 || !isConfined ? [own, ...named] : named;
}

interface Place {
  /** May have stars, each for one label. */
  readonly host: string;
  readonly port: number;
  readonly own: Clearance;
}

function clearancesAt(place: Place, policy: Policy): Clearance[] {
  const { host, port, own } = place;
  const name = host.includes(":") ? `[${host}]` : host;
  const address = `${name}:${port}`;
  const isHere = isLoopback(new URL(`http://${address}`));
  const { rule } = rateEndpoint(policy, { id: host, address, isLoopback: isHere, clearance: own });
  const all = rule?.clearance ?? own;
  if (!host.includes("*")) return [all];
  const { rules } = policy.endpoints;
  // The first rule that matches counts: one that speaks of all these hosts leaves nothing to those after it.
  const before = rule === undefined ? rules : rules.slice(0, rules.indexOf(rule));
  return [...before.filter(({ match }) => isAmong(match, place)).map(({ clearance }) => clearance), all];
}

/** Whether a policy's name for hosts, with or without a port, is one for some of those that stars stand for. */
function isAmong(match: string, { host, port }: Place): boolean {
  const [, name = "", wantedPort] = /^(.*?)(?::(\d+))?$/.exec(match) ?? [];
  if (wantedPort !== undefined && Number(wantedPort) !== port) return false;
  const given = host.split(".");
  const isOpen = name.startsWith("*.");
  const wanted = name.split(".").slice(isOpen ? 1 : 0);
  const rest = given.slice(-wanted.length);
  if (isOpen ? given.length <= wanted.length : given.length !== wanted.length) return false;
  return wanted.every((label, at) => rest[at] === "*" || rest[at] === label);
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
