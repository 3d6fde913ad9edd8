/**
 * A person's permission to use an MCP server: OAuth 2.1 authorization code with PKCE (RFC 7636), answered on loopback
 * (RFC 8252), for a client that registers itself where it can (RFC 7591), and its renewal later without the person.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { CloisterError, isRecord, parseJson, sha256, type Clock } from "@cloister/base";
import {
  findAuthority,
  findResource,
  oauthTrouble,
  type Authority,
  type Resource,
} from "./oauth-metadata.ts";
import { createSender, readText, type Sender, type SenderOptions } from "./sender.ts";

/** What is kept between sessions. All of it is secret. */
export interface McpToken {
  readonly tokenEndpoint: string;
  readonly resource: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Milliseconds since the Unix epoch; undefined: nobody said. */
  readonly expiresAt?: number;
}

export interface LoginOptions extends SenderOptions {
  readonly url: URL;
  readonly clock: Clock;
  /** Of a client that was registered by hand, for authorities that register nobody. */
  readonly client?: { readonly id: string; readonly secret?: string };
  /** Shows the person where to go. Nothing opens a browser by itself. */
  readonly show: (address: string) => void;
}

const ANSWER_BYTES_MAX = 256 * 1024;
const REQUEST_MS_MAX = 30_000;
const PERSON_MS_MAX = 300_000;
const CALLBACK = "/callback";
const VISITS_MAX = 20;

/** Waits for the person, at most five minutes. @throws CloisterError `mcp-oauth` and what the sender throws */
export async function loginToMcp(options: LoginOptions, signal: AbortSignal): Promise<McpToken> {
  const sender = createSender(options);
  const door = await openCallback();
  try {
    const resource = await findResource(sender, options.url, signal);
    const authority = await findAuthority(sender, resource.issuer, signal);
    const client = options.client ?? (await register(sender, authority, door.address, signal));
    const verifier = randomBytes(32).toString("base64url");
    const state = randomBytes(16).toString("base64url");
    options.show(
      toAuthorize({ authority, resource, clientId: client.id, redirect: door.address, verifier, state }),
    );
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PERSON_MS_MAX)]);
    const code = await door.code({ state, authority }, patience);
    const form = {
      grant_type: "authorization_code",
      code,
      code_verifier: verifier,
      redirect_uri: door.address,
      resource: resource.resource,
    };
    return await takeToken(
      {
        sender,
        clock: options.clock,
        tokenEndpoint: authority.tokenEndpoint,
        client,
        resource: resource.resource,
      },
      form,
      signal,
    );
  } finally {
    door.close();
    await sender.close();
  }
}

/** Undefined when there is nothing to renew it with, or the authority does not want to: then a person has to log in. */
export async function renewMcpToken(
  token: McpToken,
  options: SenderOptions & { readonly clock: Clock },
  signal: AbortSignal,
): Promise<McpToken | undefined> {
  if (token.refreshToken === undefined) return undefined;
  const sender = createSender(options);
  const { clientId, clientSecret, resource } = token;
  const client = { id: clientId, ...(clientSecret === undefined ? {} : { secret: clientSecret }) };
  const tokenEndpoint = new URL(token.tokenEndpoint);
  const form = { grant_type: "refresh_token", refresh_token: token.refreshToken, resource };
  try {
    const next = await takeToken(
      { sender, clock: options.clock, tokenEndpoint, client, resource },
      form,
      signal,
    );
    return { refreshToken: token.refreshToken, ...next };
  } catch (error) {
    if (error instanceof CloisterError && error.code === "mcp-oauth") return undefined;
    throw error;
  } finally {
    await sender.close();
  }
}

interface Client {
  readonly id: string;
  readonly secret?: string;
}

async function register(
  sender: Sender,
  authority: Authority,
  redirect: string,
  signal: AbortSignal,
): Promise<Client> {
  if (authority.registrationEndpoint === undefined) {
    throw new CloisterError(`${authority.issuer} registers no clients by itself`, {
      code: "mcp-oauth",
      next: 'register one there by hand, and put "oauth": {"clientId": "…"} into the server\'s definition in ~/.cloister/mcp.json',
    });
  }
  const answer = await postTo(sender, authority.registrationEndpoint, signal, {
    type: "application/json",
    body: JSON.stringify({
      client_name: "Cloister",
      redirect_uris: [redirect],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
  });
  const { client_id: id, client_secret: secret } = answer;
  if (typeof id !== "string") throw oauthTrouble("the registration names no client");
  return { id, ...(typeof secret === "string" ? { secret } : {}) };
}

interface Asking {
  readonly authority: Authority;
  readonly resource: Resource;
  readonly clientId: string;
  readonly redirect: string;
  readonly verifier: string;
  readonly state: string;
}

function toAuthorize({ authority, resource, clientId, redirect, verifier, state }: Asking): string {
  const url = new URL(authority.authorizationEndpoint);
  const query = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirect,
    state,
    code_challenge: sha256(verifier).toString("base64url"),
    code_challenge_method: "S256",
    resource: resource.resource,
    ...(resource.scopes.length === 0 ? {} : { scope: resource.scopes.join(" ") }),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

interface TokenWorld {
  readonly sender: Sender;
  readonly clock: Clock;
  readonly tokenEndpoint: URL;
  readonly client: Client;
  readonly resource: string;
}

async function takeToken(
  world: TokenWorld,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<McpToken> {
  const { sender, clock, tokenEndpoint, client, resource } = world;
  const secret = client.secret === undefined ? {} : { client_secret: client.secret };
  const answer = await postTo(sender, tokenEndpoint, signal, {
    type: "application/x-www-form-urlencoded",
    body: new URLSearchParams({ ...form, client_id: client.id, ...secret }).toString(),
  });
  const {
    access_token: accessToken,
    refresh_token: refreshToken,
    expires_in: seconds,
    token_type: type,
  } = answer;
  if (typeof accessToken !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(accessToken)) {
    throw oauthTrouble("the authority gave no token");
  }
  if (typeof type === "string" && type.toLowerCase() !== "bearer") {
    throw oauthTrouble(`tokens of the type ${type.slice(0, 40)} are not known`);
  }
  return {
    tokenEndpoint: tokenEndpoint.href,
    resource,
    clientId: client.id,
    ...(client.secret === undefined ? {} : { clientSecret: client.secret }),
    accessToken,
    ...(typeof refreshToken === "string" ? { refreshToken } : {}),
    ...(typeof seconds === "number" && seconds > 0 ? { expiresAt: clock.now() + seconds * 1000 } : {}),
  };
}

interface Form {
  readonly type: string;
  readonly body: string;
}

async function postTo(
  sender: Sender,
  url: URL,
  signal: AbortSignal,
  { type, body }: Form,
): Promise<Record<string, unknown>> {
  const received = await sender.send({
    ...{ url, method: "POST", signal, timeoutMs: REQUEST_MS_MAX, body: Buffer.from(body) },
    headers: { "content-type": type, accept: "application/json" },
  });
  const text = await readText(received, ANSWER_BYTES_MAX);
  // The body of a refusal may hold what was sent; its error code is enough.
  if (received.status < 200 || received.status > 299) {
    const code = /"error"\s*:\s*"([\w-]{1,60})"/.exec(text)?.[1] ?? "no reason given";
    throw oauthTrouble(`${url.origin} refused (${received.status}, ${code})`);
  }
  const value = parseJson(text, `the answer of ${url.origin}`);
  return isRecord(value) ? value : {};
}

interface Callback {
  readonly address: string;
  code(
    expected: { readonly state: string; readonly authority: Authority },
    signal: AbortSignal,
  ): Promise<string>;
  close(): void;
}

/** Any page in the browser can ask this door something: only the answer with our own state counts. */
async function openCallback(): Promise<Callback> {
  const server = createServer({ requestTimeout: 10_000 });
  server.maxConnections = 8;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const bound = server.address();
  const address = `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}${CALLBACK}`;
  return {
    address,
    code: ({ state, authority }, signal) =>
      new Promise((resolve, reject) => {
        let visits = 0;
        const giveUp = (): void =>
          reject(
            new CloisterError("nobody came back from the login", { code: "mcp-oauth", next: "try again" }),
          );
        signal.addEventListener("abort", giveUp, { once: true });
        if (signal.aborted) giveUp();
        server.on("request", (request, response) => {
          const url = new URL(request.url ?? "/", address);
          const query = url.searchParams;
          visits += 1;
          if (
            visits > VISITS_MAX ||
            request.method !== "GET" ||
            url.pathname !== CALLBACK ||
            query.get("state") !== state
          ) {
            response.writeHead(404).end();
            return;
          }
          const page = {
            "content-type": "text/plain; charset=utf-8",
            "cache-control": "no-store",
            connection: "close",
          };
          response.writeHead(200, page).end("Cloister: you can close this page.\n");
          const issuer = query.get("iss");
          const code = query.get("code");
          // Mixed-up authorities (RFC 9207): a code of one must not be shown to another.
          if (issuer === null ? authority.namesItself : issuer !== authority.issuer) {
            reject(oauthTrouble("the answer comes from another authority"));
          } else if (code === null) {
            reject(
              oauthTrouble(
                `the authority said no: ${(query.get("error") ?? "no reason given").slice(0, 100)}`,
              ),
            );
          } else resolve(code);
        });
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
