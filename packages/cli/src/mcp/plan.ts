/** Which MCP servers a session may start, before anything of it exists: definitions, their rights and their secrets. */
import { expandMcpServer, serverPart, type McpServer } from "@cloister/agent/extensions";
import { CloisterError } from "@cloister/base";
import type { Tier } from "@cloister/cell";
import { bindSetting, type Policy } from "@cloister/policy";
import type { Environment } from "../environment.ts";
import { noRights, readMcpFile, type McpFile, type McpRights } from "./mcp-file.ts";

export interface PlannedServer {
  /** With its variables in place. */
  readonly server: McpServer;
  readonly rights: McpRights;
}

export interface McpPlan {
  readonly servers: readonly PlannedServer[];
  /** Values that no model is to see. */
  readonly secrets: readonly string[];
  /** What was left out, and why. */
  readonly losses: readonly CloisterError[];
}

export interface PlanOptions {
  readonly file: McpFile;
  /** Of other files, only those that count: the person's, the machine's, and a trusted project's. */
  readonly others: readonly McpServer[];
  readonly policy: Policy;
  /** Of this process. */
  readonly variable: (name: string) => string | undefined;
}

const SECRET_CHARS_MIN = 8;

/** `others` as in the options. @throws CloisterError `bad-mcp-file` */
export function planForRun(
  others: readonly McpServer[],
  policy: Policy,
  { home, variable }: Pick<Environment, "home" | "variable">,
): McpPlan {
  return planMcp({ file: readMcpFile(home), others, policy, variable });
}

export function planMcp({ file, others, policy, variable }: PlanOptions): McpPlan {
  const losses: CloisterError[] = [];
  const secrets = new Set<string>();
  const lose = (name: string, why: string, next: string): void => {
    losses.push(new CloisterError(`MCP server ${name}: ${why}`, { code: "mcp-left-out", next }));
  };
  const all = new Map<string, McpServer>();
  // The person's own definition of a name is the one that they meant.
  for (const server of [...others, ...file.servers]) all.set(server.name, server);
  const { value, source } = bindSetting(policy, "mcp.servers", [...all.keys()]);
  const allowed = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const servers: PlannedServer[] = [];
  const parts = new Set<string>();
  for (const written of all.values()) {
    const { name, origin } = written;
    if (!allowed.includes(name)) {
      lose(
        name,
        `it is not among those of the policy (${source?.rule ?? "mcp.servers"})`,
        "ask whoever keeps the policy",
      );
      continue;
    }
    const part = serverPart(name);
    if (parts.has(part)) {
      lose(name, `another server is called ${part} already`, "give one of them another name");
      continue;
    }
    parts.add(part);
    const isOwn = file.servers.includes(written);
    const mayName = (wanted: string): boolean =>
      isOwn || origin.scope === "user" || origin.scope === "managed" || file.variables.includes(wanted);
    const variables: Record<string, string> = {};
    for (const wanted of namedIn(written)) {
      const found = mayName(wanted) ? variable(wanted) : undefined;
      if (found !== undefined) variables[wanted] = found;
    }
    const { server, unset } = expandMcpServer(written, variables);
    for (const each of unset) {
      lose(
        name,
        `\${${each}} has no value for it, and stays as written`,
        `set it, or name it in "variables" of ${file.path}`,
      );
    }
    for (const secret of [...Object.values(variables), ...headersOf(server)]) {
      if (secret.length >= SECRET_CHARS_MIN) secrets.add(secret);
    }
    const rights = (isOwn ? file.rights.get(name) : undefined) ?? noRights;
    servers.push({ server, rights: { ...rights, allow: boundAllow(policy, rights.allow) } });
  }
  return { servers, secrets: [...secrets], losses };
}

/** Which tools can neither reach nor change anything: those of servers that only read the workspace, in a cell. */
export function confinedBy(plan: McpPlan | undefined, tier: Tier): (tool: string) => boolean {
  const still = (plan?.servers ?? []).filter(
    ({ server, rights }) => server.kind === "stdio" && rights.allow.length === 0 && !rights.write,
  );
  const heads = tier === "none" ? [] : still.map(({ server }) => `mcp__${serverPart(server.name)}__`);
  return (tool) => heads.some((head) => tool.startsWith(head));
}

/** What policy lets commands reach is the most that a server reaches; never more than it asks for. */
function boundAllow(policy: Policy, asked: readonly string[]): readonly string[] {
  if (asked.length === 0) return asked;
  const { value } = bindSetting(policy, "cell.allow", asked);
  const bound: readonly unknown[] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  return asked.filter((host) => bound.includes(host));
}

function headersOf(server: McpServer): string[] {
  return server.kind === "stdio"
    ? []
    : Object.values(server.headers).map((value) => value.replace(/^Bearer\s+/i, ""));
}

function namedIn(server: McpServer): Set<string> {
  return new Set([...JSON.stringify(server).matchAll(/\$\{([A-Za-z_]\w*)/g)].map(([, name = ""]) => name));
}
