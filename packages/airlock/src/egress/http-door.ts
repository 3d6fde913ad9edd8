/**
 * The proxy that commands speak to: CONNECT (RFC 9110, section 9.3.6), and plain `http:` requests one to a
 * connection, so that what was compared with the rules is all that a connection carries.
 */
import {
  createServer,
  request as formatRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Server as Listener, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Admission } from "./admissions.ts";
import { openAttempt, type EgressWorld, type OpenEgress } from "./attempt.ts";
import { malformed, refusalText, unidentified, type EgressRefusal } from "./refusal.ts";
import { pump, relay } from "./relay.ts";
import { formatTarget, parseAbsolute, parseTarget } from "./target.ts";

export function serveHttp(world: EgressWorld, listener: Listener): void {
  const { limits } = world;
  const server: Server = createServer(
    { maxHeaderSize: limits.headBytesMax, keepAlive: false },
    (incoming, response) => {
      // Headers that one reader takes and the next one cannot write end this connection, and nothing else.
      answerPlain(world, incoming, response).catch(() => incoming.socket.destroy());
    },
  );
  server.maxRequestsPerSocket = 1;
  server.requestTimeout = 0;
  // Of the head only: nothing moves on a connection before it is there.
  server.timeout = limits.headTimeoutMs;
  server.on("connect", (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    connect(world, incoming, { client, head }).catch(() => client.destroy());
  });
  serveInjected(listener, server);
}

async function answerPlain(
  world: EgressWorld,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  incoming.socket.setTimeout(0);
  const outcome = await forward(world, incoming);
  if ("status" in outcome) {
    // What is left of its body is not waited for.
    response.writeHead(outcome.status, refusalHeaders(outcome)).end(refusalText(outcome));
    return;
  }
  const { egress, answer } = outcome;
  response.on("error", () => egress.end("broken"));
  const headers = [...endToEnd(answer), "connection", "close"];
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
  answer.once("close", () => answer.complete || response.destroy());
  pump(answer, response, (chunk) => {
    if (egress.spend("down", chunk.length)) return true;
    egress.end("budget");
    egress.socket.destroy();
    return response.destroy();
  });
}

/** The listener was made inside the cell and handed out; the HTTP server only ever sees its connections. */
function serveInjected(listener: Listener, server: Server): void {
  listener.on("connection", (socket: Socket) => {
    socket.on("error", () => {
      /* the command broke off; what it had asked for ends with its socket */
    });
    server.emit("connection", socket);
  });
}

async function connect(
  world: EgressWorld,
  incoming: IncomingMessage,
  { client, head }: { readonly client: Duplex; readonly head: Buffer },
): Promise<void> {
  client.on("error", () => client.destroy());
  incoming.socket.setTimeout(2 * world.limits.headTimeoutMs, () => client.destroy());
  const admission = identify(world, incoming);
  const target = parseTarget(incoming.url ?? "");
  const outcome =
    admission === undefined
      ? unidentified
      : target === undefined
        ? malformed
        : await openAttempt(world, { target, way: "connect", admission });
  if (outcome.kind === "refused") {
    const lines = Object.entries(refusalHeaders(outcome)).map(([name, value]) => `${name}: ${value}\r\n`);
    client.end(`HTTP/1.1 ${outcome.status} Refused\r\n${lines.join("")}\r\n${refusalText(outcome)}`);
    return;
  }
  if (client.destroyed) {
    outcome.socket.destroy();
    outcome.end("broken");
    return;
  }
  incoming.socket.setTimeout(0);
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  if (head.length > 0) client.unshift(head);
  relay(client, outcome, world.limits);
}

async function forward(
  world: EgressWorld,
  incoming: IncomingMessage,
): Promise<EgressRefusal | { egress: OpenEgress; answer: IncomingMessage }> {
  const admission = identify(world, incoming);
  if (admission === undefined) return unidentified;
  const asked = parseAbsolute(incoming.url ?? "");
  if (asked === undefined) return malformed;
  const egress = await openAttempt(world, { target: asked.target, way: "http", admission });
  if (egress.kind === "refused") return egress;
  const { socket } = egress;
  const end = (outcome: "command-ended" | "idle"): void => {
    egress.end(outcome);
    socket.destroy();
    incoming.socket.destroy();
  };
  const onCommandEnd = (): void => end("command-ended");
  admission.ended.addEventListener("abort", onCommandEnd, { once: true });
  socket.setTimeout(world.limits.idleTimeoutMs, () => end("idle"));
  socket.once("close", () => {
    admission.ended.removeEventListener("abort", onCommandEnd);
    egress.end("closed");
  });
  incoming.socket.once("close", () => socket.destroy());
  if (incoming.socket.destroyed) socket.destroy();
  return send(incoming, asked.path, egress);
}

function send(
  incoming: IncomingMessage,
  path: string,
  egress: OpenEgress,
): Promise<EgressRefusal | { egress: OpenEgress; answer: IncomingMessage }> {
  const { socket, target } = egress;
  const host = target.port === 80 ? formatTarget(target).replace(/:80$/, "") : formatTarget(target);
  return new Promise((resolve) => {
    const outgoing = formatRequest({
      // The connection is there already, and this opens no other.
      createConnection: () => socket,
      method: incoming.method,
      path,
      setHost: false,
      headers: ["host", host, ...endToEnd(incoming), "connection", "close"],
    });
    outgoing.once("response", (answer) => resolve({ egress, answer }));
    outgoing.once("close", () => resolve(brokenOff(formatTarget(target))));
    outgoing.once("error", () => resolve(brokenOff(formatTarget(target))));
    pump(incoming, outgoing, (chunk) => {
      if (egress.spend("up", chunk.length)) return true;
      egress.end("budget");
      return outgoing.destroy(new Error("budget"));
    });
  });
}

function brokenOff(shown: string): EgressRefusal {
  return {
    kind: "refused",
    status: 502,
    rule: "egress-reached",
    why: `${shown} closed the connection without a whole answer`,
    next: "try again; when it happens again, check that the server speaks plain HTTP on this port",
  };
}

function identify({ admissions }: EgressWorld, { headers }: IncomingMessage): Admission | undefined {
  const [, encoded = ""] = /^basic ([A-Za-z0-9+/=]+)$/i.exec(headers["proxy-authorization"] ?? "") ?? [];
  const [user = "", password = ""] = Buffer.from(encoded, "base64").toString("latin1").split(":");
  return admissions.find(user, password);
}

function refusalHeaders(refusal: EgressRefusal): Record<string, string> {
  return {
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(Buffer.byteLength(refusalText(refusal))),
    connection: "close",
    ...(refusal.status === 407 ? { "proxy-authenticate": 'Basic realm="cloister"' } : {}),
  };
}

/** RFC 9110, section 7.6.1: what is meant for the next hop only; and the host, which is the one that was compared. */
const hopHeaders = new Set([
  ...["connection", "proxy-connection", "proxy-authorization", "proxy-authenticate", "keep-alive", "te"],
  ...["trailer", "transfer-encoding", "upgrade", "host", "expect"],
]);

function endToEnd({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = new Set((headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase()));
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    const lower = name.toLowerCase();
    if (hopHeaders.has(lower) || (named.has(lower) && lower !== "content-length")) continue;
    kept.push(name, value);
  }
  return kept;
}
