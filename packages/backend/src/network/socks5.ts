// The client's side of SOCKS version 5 (RFC 1928) with user name and password (RFC 1929), CONNECT only.

import { isIP } from "node:net";
import type { Socket } from "node:net";
import type { Proxy, Target } from "./proxy.ts";

const version = 5;
const noAuthentication = 0;
const byPassword = 2;
/** A reply's largest form: 4 bytes, a name of 255 with its length, a port. */
const replyBytesMax = 262;
const hostBytesMax = 255;
const addressNotSupported = 8;

export type SocksOutcome =
  | { readonly kind: "open" }
  /** The proxy wants credentials, or does not take these. */
  | { readonly kind: "credentials-refused" }
  /** RFC 1928, section 6. */
  | { readonly kind: "failed"; readonly reply: number }
  | { readonly kind: "not-socks" };

/** What the replies mean, for people, by number. */
export const socksReplies: readonly string[] = [
  "succeeded",
  "general failure of the proxy",
  "the proxy's rules forbid this connection",
  "network unreachable from the proxy",
  "host unreachable from the proxy, or not known to it",
  "connection refused",
  "no answer in time",
  "command not supported",
  "address type not supported",
];

/** Speaks first on a connection to the proxy; at `open` it is the connection to the target. @throws what the socket does */
export async function openSocks(
  socket: Socket,
  target: Target,
  credentials: Proxy["credentials"],
): Promise<SocksOutcome> {
  if (target.hostname.length > hostBytesMax) return { kind: "failed", reply: addressNotSupported };
  const methods = credentials === undefined ? [noAuthentication] : [noAuthentication, byPassword];
  socket.write(Buffer.from([version, methods.length, ...methods]));
  const choice = await receive(socket, () => 2);
  if (choice[0] !== version) return { kind: "not-socks" };
  if (choice[1] === byPassword && credentials !== undefined) {
    const [user, password] = [Buffer.from(credentials.user), Buffer.from(credentials.password)];
    socket.write(
      Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]),
    );
    const verdict = await receive(socket, () => 2);
    if (verdict[1] !== 0) return { kind: "credentials-refused" };
  } else if (choice[1] !== noAuthentication) return { kind: "credentials-refused" };

  const port = Buffer.from([target.port >> 8, target.port & 0xff]);
  socket.write(Buffer.concat([Buffer.from([version, 1, 0]), encodeHost(target.hostname), port]));
  const reply = await receive(socket, replyLength);
  if (reply[0] !== version) return { kind: "not-socks" };
  return reply[1] === 0 ? { kind: "open" } : { kind: "failed", reply: reply[1] ?? 1 };
}

/** A name goes as a name: it is the proxy that looks it up. */
function encodeHost(hostname: string): Buffer {
  if (isIP(hostname) === 4) return Buffer.from([1, ...hostname.split(".").map(Number)]);
  if (isIP(hostname) === 6) return Buffer.concat([Buffer.from([4]), ipv6Bytes(hostname)]);
  const name = Buffer.from(hostname);
  return Buffer.concat([Buffer.from([3, name.length]), name]);
}

function ipv6Bytes(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  const [before = "", after] = address.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  // URL has already turned an IPv4 tail into hexadecimal groups.
  for (const [at, group] of groups(before).entries()) bytes.writeUInt16BE(group, at * 2);
  const tail = after === undefined ? [] : groups(after);
  for (const [at, group] of tail.entries()) bytes.writeUInt16BE(group, 16 - (tail.length - at) * 2);
  return bytes;
}

/** 5 bytes tell how long a reply is. Nothing is said of another version's. */
function replyLength(seen: Buffer): number {
  if (seen.length > 0 && seen[0] !== version) return seen.length;
  switch (seen[3]) {
    case undefined:
      return 5;
    case 1:
      return 4 + 4 + 2;
    case 4:
      return 4 + 16 + 2;
    default:
      return 4 + 1 + (seen[4] ?? 0) + 2;
  }
}

/** Exactly as many bytes as `length` asks for, which may learn more as they come. What follows them stays unread. */
function receive(socket: Socket, length: (seen: Buffer) => number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const settle = (act: () => void): void => {
      socket.off("readable", onReadable).off("close", onClose).off("error", reject);
      act();
    };
    const onClose = (): void => settle(() => reject(closedEarly()));
    const onReadable = (): void => {
      for (let chunk = read(socket); chunk !== null; chunk = read(socket)) {
        seen = Buffer.concat([seen, chunk]);
        const wanted = Math.min(length(seen), replyBytesMax);
        if (seen.length < wanted) continue;
        if (seen.length > wanted) socket.unshift(seen.subarray(wanted));
        settle(() => resolve(seen.subarray(0, wanted)));
        return;
      }
      if (socket.readableEnded) onClose();
    };
    socket.on("readable", onReadable).once("close", onClose).once("end", onClose).once("error", reject);
    onReadable();
  });
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}

function closedEarly(): Error {
  return Object.assign(new Error("the proxy closed the connection"), { code: "ECONNRESET" });
}
