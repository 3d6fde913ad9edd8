/** An MCP server elsewhere, as the keeper registers it: judged, recorded and sealed before a byte leaves. */
import {
  classificationOfText,
  sealLeaves,
  type AirlockSession,
  type ServerDefinition,
} from "@cloister/airlock";
import {
  createMcpHttpBridge,
  isLoopback,
  renewMcpToken,
  type McpToken,
  type NetworkOptions,
} from "@cloister/backend";
import { isRecord, CloisterError, parseJson, type Clock } from "@cloister/base";
import { rateEndpoint, type Clearance } from "@cloister/policy";
import { refuseAboveClearance } from "./clearance.ts";
import { judgeMessage } from "./judge-message.ts";
import type { PlannedServer } from "./plan.ts";
import type { TokenFile } from "./token-file.ts";

export interface HttpWorld {
  readonly session: AirlockSession;
  readonly clock: Clock;
  readonly tokens: TokenFile;
  readonly network?: NetworkOptions;
}

type Remote = Exclude<PlannedServer["server"], { kind: "stdio" }>;

/** @throws CloisterError `bad-mcp-server`, `forbidden-by-policy` */
export function defineHttpServer(
  server: Remote,
  { rights }: PlannedServer,
  world: HttpWorld,
): ServerDefinition {
  const { session, clock, tokens, network } = world;
  const url = URL.parse(server.url);
  if (url === null || server.kind === "ws" || !/^https?:$/.test(url.protocol)) {
    throw new CloisterError(
      `the MCP server ${server.name} has no address that can be used: ${server.kind} ${server.url}`,
      {
        code: "bad-mcp-server",
        next: "give an https address, of the type http or sse",
      },
    );
  }
  const clearance = clearanceFor(url, rights.clearance, session.policy);
  const reach = reachFor(url, server.origin.scope, rights.isPrivate);
  const sending = { reach, clock, ...(network === undefined ? {} : { network }) };
  const recordContact = async (method: string): Promise<void> => {
    const fields = { session: session.id, server: server.name, origin: url.origin, method };
    await session.ledger.append({ type: "mcp.contact", fields });
  };
  const own = Object.keys(server.headers).some((name) => name.toLowerCase() === "authorization");
  const authorization = async (refused: boolean, signal: AbortSignal): Promise<string | undefined> => {
    const token = tokens.read(url.href);
    if (token === undefined) return undefined;
    const isOld = token.expiresAt !== undefined && token.expiresAt <= clock.now() + EXPIRY_MS;
    if (!refused && !isOld) return `Bearer ${token.accessToken}`;
    await recordContact("POST");
    const renewed = await renewOnce(url.href, token, { ...sending, tokens }, signal);
    return renewed === undefined ? undefined : `Bearer ${renewed.accessToken}`;
  };
  return {
    bridge: createMcpHttpBridge({
      ...{ url, kind: server.kind, headers: server.headers },
      ...sending,
      ...(own ? {} : { authorization }),
      beforeContact: recordContact,
      beforeSend: async (message) => {
        const sealed = sealLeaves(Buffer.from(message).toString("utf8"), session.seals);
        const said = parseJson(sealed, "the message");
        const whole = isRecord(said) ? said : {};
        judgeMessage(whole, server.name, session);
        refuseAboveClearance(classificationOfText(session, sealed), [clearance], server.name);
        await session.ledger.append({
          type: "mcp.message",
          fields: { session: session.id, server: server.name, origin: url.origin, method: methodOf(whole) },
          attachments: [
            { type: "mcp.message", data: Buffer.from(sealed), open: { bytes: message.length }, hidden: {} },
          ],
        });
        return Buffer.from(sealed);
      },
    }),
  };
}

const EXPIRY_MS = 30_000;

async function renewOnce(
  url: string,
  token: McpToken,
  { tokens, ...sending }: Parameters<typeof renewMcpToken>[1] & { readonly tokens: TokenFile },
  signal: AbortSignal,
): Promise<McpToken | undefined> {
  const renewed = await renewMcpToken(token, sending, signal);
  if (renewed !== undefined) tokens.write(url, renewed);
  return renewed;
}

/** A server is to a session what a model server is: policy names it by its host, or leaves it to what the person said. */
function clearanceFor(url: URL, asked: Clearance["label"], policy: AirlockSession["policy"]): Clearance {
  const address = url.port === "" ? `${url.hostname}:${url.protocol === "https:" ? 443 : 80}` : url.host;
  const facts = {
    id: url.host,
    address,
    isLoopback: isLoopback(url),
    clearance: { label: asked, compartments: [] },
  };
  const { clearance, source } = rateEndpoint(policy, facts);
  if (clearance !== undefined) return clearance;
  throw new CloisterError(`no rule of the policy "${policy.name}" names the MCP server ${url.host}`, {
    code: "forbidden-by-policy",
    rule: source.rule,
    next: "use a server that the policy lists among its endpoints, or have it added there",
  });
}

/** Only the person's own files may name addresses inside the house; a project's may not, whoever trusts it. */
export function reachFor(url: URL, scope: string, isPrivate: boolean): "public" | "local" | "exact" {
  if (scope !== "user" && scope !== "managed") return "public";
  // The parser of URLs has put every spelling of an address into its one form.
  const isNamed = /^\[|^\d+(?:\.\d+){3}$/.test(url.hostname);
  if (isNamed || isLoopback(url)) return "local";
  return isPrivate ? "local" : "public";
}

const METHOD_CHARS_MAX = 60;

function methodOf({ method }: Readonly<Record<string, unknown>>): string {
  return typeof method === "string" ? method.slice(0, METHOD_CHARS_MAX) : "answer";
}
