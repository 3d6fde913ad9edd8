/** `cloister mcp`: which servers there are, what each may reach, and whether it works. */
import { loginToMcp } from "@cloister/backend";
import { openLedger } from "@cloister/ledger";
import { CloisterError, isRecord, visible, type JsonObject } from "@cloister/base";
import { showUnseen } from "@cloister/policy";
import type { McpServer } from "@cloister/agent/extensions";
import { checkWorkspace } from "../command-cell.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openExtensions } from "../extension/open.ts";
import { reachFor } from "../mcp/http-server.ts";
import type { McpArguments } from "../mcp/mcp-arguments.ts";
import { noRights, readMcpFile, writeMcpFile, type McpFile, type McpRights } from "../mcp/mcp-file.ts";
import { planMcp, type McpPlan, type PlannedServer } from "../mcp/plan.ts";
import { openTokenFile } from "../mcp/token-file.ts";
import { tryServer } from "../mcp/try-server.ts";
import { openBinding, type Binding } from "../policy/binding.ts";
import { readSettings } from "../settings.ts";
import { ledgerDirectory } from "./run.ts";

type Args = Extract<McpArguments, { command: "mcp" }>;

export async function mcp(args: Args, environment: Environment): Promise<number> {
  switch (args.action) {
    case "list":
      return await list(args.json, environment);
    case "add":
      return add(args.name, args.entry, environment);
    case "remove":
      return remove(args.name, environment);
    case "test":
      return await test(args.name, args.ledger, environment);
    case "login":
      return await login(args.name, environment);
    case "logout":
      return await logout(args.name, environment);
  }
}

interface Known {
  readonly plan: McpPlan;
  readonly file: McpFile;
  readonly binding: Binding;
  readonly skipped: string | undefined;
}

async function readAll(environment: Environment): Promise<Known> {
  const binding = await openBinding(environment);
  const file = readMcpFile(environment.home);
  const opened = await openExtensions(environment, checkWorkspace(environment.directory, environment.home));
  const { policy } = binding.session;
  const others = opened.chosen.mcpServers;
  const plan = planMcp({ file, others, policy, variable: environment.variable });
  return { plan, file, binding, skipped: opened.skippedLine };
}

async function list(isJson: boolean, environment: Environment): Promise<number> {
  const { plan, skipped } = await readAll(environment);
  const { stdout, stderr } = environment;
  if (isJson) {
    const servers = plan.servers.map(({ server, rights }) => ({
      ...{ name: server.name, kind: server.kind, from: server.origin.path, scope: server.origin.scope },
      ...{ what: whatOf(server), write: rights.write, allow: rights.allow, read: rights.read },
      rights: rightsOf(server, rights),
    }));
    stdout.write(`${JSON.stringify(servers)}\n`);
  } else {
    for (const { server, rights } of plan.servers) {
      stdout.write(
        visible(
          `${server.name}  ${whatOf(server)}\n    ${rightsOf(server, rights)}; from ${server.origin.path}\n`,
        ),
      );
    }
    if (plan.servers.length === 0) stdout.write("no servers; cloister mcp add NAME -- COMMAND…\n");
  }
  for (const loss of plan.losses) stderr.write(`cloister: ${showUnseen(loss.message)}\n`);
  if (skipped !== undefined) stderr.write(`cloister: ${showUnseen(skipped)}\n`);
  return exit.ok;
}

/** Never the environment and the headers: they may hold keys. */
function whatOf(server: McpServer): string {
  const text =
    server.kind === "stdio" ? [server.command, ...server.args].join(" ") : `${server.kind} ${server.url}`;
  return showUnseen(text);
}

function rightsOf(server: McpServer, rights: McpRights): string {
  if (server.kind !== "stdio") {
    return `told nothing above ${rights.clearance}${rights.isPrivate ? ", may be inside the house" : ""}`;
  }
  const network =
    rights.allow.length === 0
      ? "no network"
      : `reaches ${rights.allow.join(", ")}, told nothing above ${rights.clearance}`;
  const read = rights.read.length === 0 ? "" : `, reads ${rights.read.join(", ")}`;
  return `${rights.write ? "writes the project" : "reads the project"}${read}, ${network}`;
}

function add(name: string, entry: JsonObject, environment: Environment): number {
  const { path, value } = readMcpFile(environment.home);
  const servers = isRecord(value["mcpServers"]) ? value["mcpServers"] : {};
  const isNew = !Object.hasOwn(servers, name);
  writeMcpFile(path, { ...value, mcpServers: { ...servers, [name]: entry } });
  let added: McpServer | undefined;
  let rights = noRights;
  try {
    const file = readMcpFile(environment.home);
    added = file.servers.find((server) => server.name === name);
    rights = file.rights.get(name) ?? noRights;
  } catch (error) {
    writeMcpFile(path, value);
    throw error;
  }
  if (added === undefined) throw new CloisterError(`"${name}" cannot be a server's name`, { code: "usage" });
  environment.stdout.write(
    `${isNew ? "added" : "replaced"}: ${name}  ${whatOf(added)}\n    ${rightsOf(added, rights)}\n`,
  );
  return exit.ok;
}

function remove(name: string, environment: Environment): number {
  const { path, value } = readMcpFile(environment.home);
  const servers = isRecord(value["mcpServers"]) ? value["mcpServers"] : {};
  if (!Object.hasOwn(servers, name)) {
    throw new CloisterError(`${path} has no server "${name}"`, {
      code: "usage",
      next: "cloister mcp list says where each is defined",
    });
  }
  const others = Object.fromEntries(Object.entries(servers).filter(([key]) => key !== name));
  writeMcpFile(path, { ...value, mcpServers: others });
  environment.stdout.write(`removed: ${name}\n`);
  return exit.ok;
}

async function test(name: string, ledger: string | undefined, environment: Environment): Promise<number> {
  const { plan, binding, skipped } = await readAll(environment);
  const planned = findServer(plan, name, skipped);
  const settings = readSettings(environment.home);
  const interrupt = new AbortController();
  const ignore = environment.onInterrupt(() =>
    interrupt.abort(new CloisterError("interrupted", { code: "cancelled" })),
  );
  try {
    const tried = await tryServer(
      {
        plan: { ...plan, servers: [planned], losses: [] },
        ...{ name, binding, ledger: ledger ?? ledgerDirectory(environment), network: settings.network },
        wishes: binding.wishes(settings.cell?.wishes ?? {}, environment.directory),
        label: binding.label(settings.label),
      },
      environment,
      interrupt.signal,
    );
    for (const line of tried.lines) environment.stdout.write(`${showUnseen(line)}\n`);
    for (const line of tried.diagnosis) environment.stderr.write(`  | ${showUnseen(line.trimEnd())}\n`);
    return tried.isThere ? exit.ok : exit.failed;
  } finally {
    ignore();
  }
}

async function login(name: string, environment: Environment): Promise<number> {
  const { plan, skipped } = await readAll(environment);
  const { server, rights } = findServer(plan, name, skipped);
  const url = addressOf(server);
  const interrupt = new AbortController();
  const ignore = environment.onInterrupt(() => interrupt.abort());
  const { network } = readSettings(environment.home);
  try {
    await recordLogin({ name, url }, environment);
    const token = await loginToMcp(
      {
        ...{ url, clock: environment.clock, reach: reachFor(url, server.origin.scope, rights.isPrivate) },
        ...(rights.client === undefined ? {} : { client: rights.client }),
        ...(network === undefined ? {} : { network }),
        show: (address) =>
          void environment.stdout.write(`Open this address in your browser:\n${showUnseen(address)}\n`),
      },
      interrupt.signal,
    );
    openTokenFile(environment.home).write(url.href, token);
    environment.stdout.write(`logged in to ${name}\n`);
    return exit.ok;
  } finally {
    ignore();
  }
}

/** Nothing of the project is told; and who was asked is on record all the same. */
async function recordLogin(
  { name, url }: { readonly name: string; readonly url: URL },
  environment: Environment,
): Promise<void> {
  const ledger = await openLedger({ directory: ledgerDirectory(environment), clock: environment.clock });
  try {
    await ledger.append({
      type: "mcp.contact",
      fields: { server: name, origin: url.origin, method: "login" },
    });
  } finally {
    await ledger.close();
  }
}

async function logout(name: string, environment: Environment): Promise<number> {
  const { plan, skipped } = await readAll(environment);
  openTokenFile(environment.home).write(addressOf(findServer(plan, name, skipped).server).href, undefined);
  environment.stdout.write(`forgotten: the login to ${name}\n`);
  return exit.ok;
}

function findServer(plan: McpPlan, name: string, skipped: string | undefined): PlannedServer {
  const planned = plan.servers.find(({ server }) => server.name === name);
  if (planned !== undefined) return planned;
  throw new CloisterError(`there is no MCP server "${name}"${skipped === undefined ? "" : ` (${skipped})`}`, {
    code: "usage",
    next: "cloister mcp list",
  });
}

function addressOf(server: McpServer): URL {
  const url = server.kind === "stdio" ? null : URL.parse(server.url);
  if (url !== null) return url;
  throw new CloisterError(`${server.name} has no address to log in to`, {
    code: "usage",
    next: "cloister mcp list",
  });
}
