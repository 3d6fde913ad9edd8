/** A small MCP server over HTTP, with the authority that guards it, on loopback. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { sha256 } from "@cloister/base";

export interface FakeMcp {
  readonly url: URL;
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }[];
  /** The only access token that is taken; undefined: everybody is let in. */
  token: string | undefined;
  /** What the authority says of itself beside the truth. */
  metadata: Record<string, unknown>;
  resourceMetadata: Record<string, unknown>;
  forgetSession(): void;
  close(): void;
}

export async function startFakeMcp(): Promise<FakeMcp> {
  const codes = new Map<string, string>();
  let session: string | undefined = "s-1";
  let stream: ServerResponse | undefined;
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const address = new URL(request.url ?? "/", fake.url);
      fake.requests.push({
        method: request.method ?? "",
        path: address.pathname,
        headers: request.headers,
        body,
      });
      const json = (value: unknown, status = 200, headers = {}): void => {
        response
          .writeHead(status, { "content-type": "application/json", ...headers })
          .end(JSON.stringify(value));
      };
      const origin = fake.url.origin;
      switch (address.pathname) {
        case "/.well-known/oauth-protected-resource/mcp":
          return json({
            resource: fake.url.href,
            authorization_servers: [origin],
            scopes_supported: ["read"],
            ...fake.resourceMetadata,
          });
        case "/.well-known/oauth-authorization-server":
          return json({
            issuer: origin,
            authorization_endpoint: `${origin}/authorize`,
            token_endpoint: `${origin}/token`,
            registration_endpoint: `${origin}/register`,
            code_challenge_methods_supported: ["S256"],
            ...fake.metadata,
          });
        case "/register":
          return json({ client_id: "client-1" }, 201);
        case "/authorize": {
          const query = address.searchParams;
          codes.set("code-1", query.get("code_challenge") ?? "");
          const back = new URL(query.get("redirect_uri") ?? "");
          back.searchParams.set("code", "code-1");
          back.searchParams.set("state", query.get("state") ?? "");
          response.writeHead(302, { location: back.href }).end();
          return;
        }
        case "/token": {
          const form = new URLSearchParams(body);
          const isRenewal =
            form.get("grant_type") === "refresh_token" && form.get("refresh_token") === "refresh-1";
          const challenge = codes.get(form.get("code") ?? "");
          const isProven =
            challenge !== undefined &&
            sha256(form.get("code_verifier") ?? "").toString("base64url") === challenge;
          if (!isRenewal && !isProven) return json({ error: "invalid_grant" }, 400);
          fake.token = isRenewal ? "access-2" : "access-1";
          return json({
            access_token: fake.token,
            token_type: "Bearer",
            expires_in: 3600,
            refresh_token: "refresh-1",
          });
        }
        case "/sse":
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write("event: endpoint\ndata: /messages\n\n");
          stream = response;
          return;
        case "/messages": {
          const { id, method } = JSON.parse(body) as { id: number; method: string };
          response.writeHead(202).end();
          stream?.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result: { method } })}\n\n`);
          return;
        }
      }
      if (fake.token !== undefined && request.headers.authorization !== `Bearer ${fake.token}`) {
        const challenge = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
        return json({}, 401, { "www-authenticate": challenge });
      }
      if (request.method === "GET") return json({}, 405);
      if (request.method === "DELETE") return json({});
      const { id, method } = JSON.parse(body) as { id?: number; method: string };
      if (method !== "initialize" && request.headers["mcp-session-id"] !== session) return json({}, 404);
      if (id === undefined) return void response.writeHead(202).end();
      if (method === "initialize") {
        return json({ jsonrpc: "2.0", id, result: { protocolVersion: "2025-06-18" } }, 200, {
          "mcp-session-id": session,
        });
      }
      if (method === "redirect") {
        return void response.writeHead(307, { location: "https://elsewhere.example/" }).end();
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      const progress = { jsonrpc: "2.0", method: "notifications/progress", params: {} };
      response.write(`: hello\n\ndata: ${JSON.stringify(progress)}\n\n`);
      response.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result: { method } })}\n\n`);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const fake: FakeMcp = {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    requests: [],
    token: undefined,
    metadata: {},
    resourceMetadata: {},
    forgetSession: () => {
      session = "s-2";
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return fake;
}
