/**
 * Who may let us into an MCP server: protected-resource metadata (RFC 9728), then the authority's own (RFC 8414, or
 * OpenID Connect discovery). What these say is a stranger's word: every address in them is judged like any other.
 */
import { CloisterError, isRecord, parseJson } from "@cloister/base";
import { isLoopback } from "../url.ts";
import { discard, readText, type Sender } from "./sender.ts";

export interface Authority {
  readonly issuer: string;
  readonly authorizationEndpoint: URL;
  readonly tokenEndpoint: URL;
  readonly registrationEndpoint: URL | undefined;
  /** Whether it says that its answers name it (RFC 9207). */
  readonly namesItself: boolean;
}

export interface Resource {
  /** What tokens are asked for (RFC 8707). */
  readonly resource: string;
  readonly issuer: URL;
  readonly scopes: readonly string[];
}

const METADATA_BYTES_MAX = 256 * 1024;
const METADATA_MS_MAX = 15_000;
const SCOPES_MAX = 50;

/** @throws CloisterError `mcp-oauth` and what the sender throws */
export async function findResource(sender: Sender, server: URL, signal: AbortSignal): Promise<Resource> {
  const challenge = await challengeOf(sender, server, signal);
  const named = /resource_metadata="?([^",\s]+)/i.exec(challenge)?.[1];
  const path = server.pathname === "/" ? "" : server.pathname.replace(/\/$/, "");
  const known = "/.well-known/oauth-protected-resource";
  const places = [...(named === undefined ? [] : [named]), ...(path === "" ? [] : [known + path]), known];
  for (const place of places) {
    const url = URL.parse(place, server);
    // Elsewhere, anybody could say who lets us in here.
    if (url === null || url.origin !== server.origin) continue;
    const metadata = await readMetadata(sender, url, signal);
    if (metadata === undefined) continue;
    const resource = String(metadata["resource"]);
    const [issuer] = Array.isArray(metadata["authorization_servers"])
      ? (metadata["authorization_servers"] as unknown[])
      : [];
    const asked = URL.parse(resource);
    const isOurs =
      asked !== null &&
      asked.origin === server.origin &&
      server.pathname.startsWith(asked.pathname.replace(/\/$/, ""));
    if (!isOurs) throw oauthTrouble(`${url.href} speaks for another server: ${resource.slice(0, 200)}`);
    const scoped =
      /scope="([^"]*)"/i.exec(challenge)?.[1]?.split(" ") ?? textsOf(metadata["scopes_supported"]);
    return { resource, issuer: addressOf(issuer, "the authority"), scopes: scoped.slice(0, SCOPES_MAX) };
  }
  // As before RFC 9728: the server is its own authority.
  return { resource: server.href, issuer: new URL(server.origin), scopes: [] };
}

export async function findAuthority(sender: Sender, issuer: URL, signal: AbortSignal): Promise<Authority> {
  const path = issuer.pathname === "/" ? "" : issuer.pathname.replace(/\/$/, "");
  const places = [
    `/.well-known/oauth-authorization-server${path}`,
    `/.well-known/openid-configuration${path}`,
    ...(path === "" ? [] : [`${path}/.well-known/openid-configuration`]),
  ];
  for (const place of places) {
    const metadata = await readMetadata(sender, new URL(place, issuer), signal);
    if (metadata === undefined) continue;
    const said = String(metadata["issuer"]);
    if (said.replace(/\/$/, "") !== issuer.href.replace(/\/$/, "")) {
      throw oauthTrouble(`the authority ${issuer.href} calls itself ${said.slice(0, 200)}`);
    }
    // Without it a code that somebody catches is a token.
    if (!textsOf(metadata["code_challenge_methods_supported"]).includes("S256")) {
      throw oauthTrouble(`the authority ${issuer.href} does not take PKCE with S256`);
    }
    const registration = metadata["registration_endpoint"];
    return {
      issuer: said,
      authorizationEndpoint: addressOf(metadata["authorization_endpoint"], "authorization_endpoint"),
      tokenEndpoint: addressOf(metadata["token_endpoint"], "token_endpoint"),
      registrationEndpoint:
        registration === undefined ? undefined : addressOf(registration, "registration_endpoint"),
      namesItself: metadata["authorization_response_iss_parameter_supported"] === true,
    };
  }
  throw oauthTrouble(`the authority ${issuer.href} describes itself nowhere`);
}

export function oauthTrouble(why: string): CloisterError {
  return new CloisterError(why, { code: "mcp-oauth", next: "ask whoever runs the MCP server" });
}

/** What the server says to somebody without a token. */
async function challengeOf(sender: Sender, url: URL, signal: AbortSignal): Promise<string> {
  const ping = { jsonrpc: "2.0", id: 0, method: "ping" };
  const received = await sender.send({
    ...{ url, method: "POST", signal, timeoutMs: METADATA_MS_MAX },
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: Buffer.from(JSON.stringify(ping)),
  });
  await discard(received);
  return received.status === 401 ? (received.headers["www-authenticate"] ?? "") : "";
}

async function readMetadata(
  sender: Sender,
  url: URL,
  signal: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  const received = await sender.send({
    ...{ url, method: "GET", signal, timeoutMs: METADATA_MS_MAX },
    headers: { accept: "application/json" },
  });
  if (received.status !== 200) {
    await discard(received);
    return undefined;
  }
  const value = parseJson(await readText(received, METADATA_BYTES_MAX), url.href);
  return isRecord(value) ? value : undefined;
}

function addressOf(value: unknown, what: string): URL {
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url !== null && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url)))) {
    return url;
  }
  throw oauthTrouble(`${what} is no https address: ${String(value).slice(0, 200)}`);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
