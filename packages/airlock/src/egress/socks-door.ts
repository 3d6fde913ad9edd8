/** SOCKS version 5 (RFC 1928) with user and password (RFC 1929), CONNECT only, under the rules of the HTTP door. */
import type { Server as Listener, Socket } from "node:net";
import type { Admission } from "./admissions.ts";
import { openAttempt, type EgressWorld } from "./attempt.ts";
import type { EgressRefusal } from "./refusal.ts";
import { relay } from "./relay.ts";
import { parseTarget } from "./target.ts";

const VERSION = 5;
const BY_PASSWORD = 2;
const CONNECT = 1;

const replies = {
  done: 0,
  general: 1,
  forbidden: 2,
  unreachable: 4,
  commandUnknown: 7,
  addressUnknown: 8,
} as const;

export function serveSocks(world: EgressWorld, listener: Listener): void {
  listener.on("connection", (client) => {
    client.on("error", () => client.destroy());
    client.setTimeout(world.limits.headTimeoutMs, () => client.destroy());
    serve(world, client).catch(() => client.destroy()); // it ended, or broke off, in the middle of a sentence
  });
}

async function serve(world: EgressWorld, client: Socket): Promise<void> {
  const admission = await greet(world, client);
  if (admission === undefined) {
    client.end();
    return;
  }
  const [version, command, , type] = await take(client, 4);
  if (version !== VERSION) throw new Error("not SOCKS");
  const target = parseTarget(await takeAuthority(client, type));
  if (command !== CONNECT) return reply(client, replies.commandUnknown);
  if (target === undefined) return reply(client, replies.addressUnknown);
  const outcome = await openAttempt(world, { target, way: "socks5", admission });
  if (outcome.kind === "refused") return reply(client, replyOf(outcome));
  client.setTimeout(0);
  client.write(Buffer.from([VERSION, replies.done, 0, 1, 0, 0, 0, 0, 0, 0]));
  relay(client, outcome, world.limits);
}

async function greet(world: EgressWorld, client: Socket): Promise<Admission | undefined> {
  const [version, count = 0] = await take(client, 2);
  if (version !== VERSION) throw new Error("not SOCKS");
  const methods = await take(client, count);
  if (!methods.includes(BY_PASSWORD)) {
    client.write(Buffer.from([VERSION, 0xff]));
    return undefined;
  }
  client.write(Buffer.from([VERSION, BY_PASSWORD]));
  await take(client, 1);
  const user = await takeText(client);
  const password = await takeText(client);
  const admission = world.admissions.find(user, password);
  client.write(Buffer.from([1, admission === undefined ? 1 : 0]));
  return admission;
}

/** In the one form that the grammar reads; a name is taken as it is, whatever is in it, and judged there. */
async function takeAuthority(client: Socket, type: number | undefined): Promise<string> {
  let host = "";
  if (type === 1) host = (await take(client, 4)).join(".");
  else if (type === 3) host = await takeText(client);
  else if (type === 4) host = `[${(await take(client, 16)).toString("hex").replace(/(.{4})(?!$)/g, "$1:")}]`;
  const port = await take(client, 2);
  return `${host}:${port.readUInt16BE()}`;
}

function replyOf({ status }: EgressRefusal): number {
  if (status === 403) return replies.forbidden;
  return status === 502 ? replies.unreachable : replies.general;
}

function reply(client: Socket, code: number): void {
  client.end(Buffer.from([VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]));
}

async function takeText(client: Socket): Promise<string> {
  const [length = 0] = await take(client, 1);
  return (await take(client, length)).toString("latin1");
}

/** Exactly so many bytes, at most 255; the rest stays in the socket. */
function take(client: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const onReadable = (): void => {
      const chunk: unknown = bytes === 0 ? Buffer.alloc(0) : client.read(bytes);
      if (!Buffer.isBuffer(chunk) || chunk.length < bytes) {
        if (client.readableEnded || client.destroyed) onEnd();
        return;
      }
      stop();
      resolve(chunk);
    };
    const onEnd = (): void => {
      stop();
      reject(new Error("ended"));
    };
    const stop = (): void => {
      client.off("readable", onReadable);
      client.off("close", onEnd);
      client.off("end", onEnd);
    };
    client.on("readable", onReadable);
    client.on("close", onEnd);
    client.on("end", onEnd);
    onReadable();
  });
}
