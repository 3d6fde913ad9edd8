/** One request for a page on a connection of its own, which was judged and recorded before. */
import { request as formatRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { gunzipSync } from "node:zlib";
import type { OpenEgress } from "../egress/attempt.ts";
import { formatTarget } from "../egress/target.ts";
import type { PageAddress } from "./address.ts";
import { refuse, type WebRefusal } from "./refusal.ts";

export interface Answered {
  readonly kind: "answered";
  readonly status: number;
  readonly location: string | undefined;
  readonly mediaType: string;
  readonly charset: string | undefined;
  /** Empty for a redirect. */
  readonly body: Buffer;
}

export const pageBytesMax: number = 10_000_000;

const redirects = new Set([301, 302, 303, 307, 308]);
/** What a model can read, as it is or made into text. */
const readable =
  /^(?:text\/[\w.+-]+|application\/(?:[\w.+-]+\+)?(?:json|xml)|application\/(?:pdf|javascript|yaml|x-yaml|toml|x-ndjson))$/;

export interface Connection {
  readonly egress: OpenEgress;
  /** The egress's own, or TLS over it. */
  readonly socket: Duplex;
  /** What is sent; without it a page is asked for. */
  readonly post?: { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array };
}

/** Never rejects. */
export async function exchange(
  { url, target, isSecure }: PageAddress,
  { egress, socket, post }: Connection,
  signal: AbortSignal,
): Promise<Answered | WebRefusal> {
  const host = formatTarget(target).replace(isSecure ? /:443$/ : /:80$/, "");
  const path = url.pathname + url.search;
  const headers = {
    ...post?.headers,
    ...(post === undefined ? {} : { "content-type": "application/json", "content-length": post.body.length }),
    host,
    accept:
      "text/markdown, text/html, application/json, text/plain;q=0.9, application/pdf;q=0.8, text/*;q=0.5",
    "accept-encoding": "gzip",
    // No version, no platform: nothing by which one user could be told from another.
    "user-agent": "Cloister",
    connection: "close",
  };
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = formatRequest({
        createConnection: () => socket,
        path,
        method: post === undefined ? "GET" : "POST",
        setHost: false,
        headers,
        signal,
      });
      outgoing.once("response", resolve);
      // For good: an error that nobody hears would end the keeper.
      outgoing.on("error", reject);
      // Also after an answer that is none, such as a change of protocols.
      outgoing.once("close", () => reject(new Error("closed")));
      egress.spend("up", path.length + host.length + (post?.body.length ?? 0));
      outgoing.end(post?.body);
    });
    return await readAnswer(answer, egress);
  } catch (error) {
    return signal.aborted ? slow() : refuse("web-reached", broken(host, error));
  } finally {
    socket.destroy();
    egress.end("closed");
  }
}

async function readAnswer(answer: IncomingMessage, egress: OpenEgress): Promise<Answered | WebRefusal> {
  const { statusCode: status = 0, headers } = answer;
  answer.on("error", () => {
    /* whoever reads it hears of it; a redirect's own page is read by nobody */
  });
  const [mediaType = "", ...parameters] = (headers["content-type"] ?? "text/plain").toLowerCase().split(";");
  const charset = parameters.map((each) => /^\s*charset="?([\w-]{1,40})"?\s*$/.exec(each)?.[1]).find(Boolean);
  const head = {
    kind: "answered",
    status,
    location: headers.location,
    mediaType: mediaType.trim(),
    charset,
  } as const;
  if (redirects.has(status)) return { ...head, body: Buffer.alloc(0) };
  if (!readable.test(head.mediaType)) {
    return refuse("web-type", {
      why: `the page is ${shownType(head.mediaType)}, which is no text`,
      next: "fetch pages, JSON, Markdown, PDF and other text only",
    });
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > pageBytesMax || !egress.spend("down", chunk.length)) return tooLarge();
    chunks.push(chunk);
  }
  return decode(head, Buffer.concat(chunks), headers["content-encoding"]);
}

function decode(
  head: Omit<Answered, "body">,
  body: Buffer,
  encoding: string | undefined,
): Answered | WebRefusal {
  switch (encoding?.toLowerCase() ?? "identity") {
    case "identity":
      return { ...head, body };
    case "gzip":
    case "x-gzip":
      try {
        return { ...head, body: gunzipSync(body, { maxOutputLength: pageBytesMax }) };
      } catch {
        return tooLarge(); // or broken, which comes to the same: it cannot be had
      }
    default:
      return refuse("web-encoding", {
        why: "the server packs the page in a way that was not asked for",
        next: "look for the same text elsewhere",
      });
  }
}

/** A refusal is our word: nothing that a server makes up may stand in it. */
function shownType(mediaType: string): string {
  return /^[a-z]{1,20}\/[a-z0-9.+-]{1,60}$/.test(mediaType) ? mediaType : "of no known type";
}

function tooLarge(): WebRefusal {
  return refuse("web-size", {
    why: `the page is larger than ${pageBytesMax / 1_000_000} MB, or its packing is broken`,
    next: "look for a smaller page of the same text",
  });
}

export function slow(): WebRefusal {
  return refuse("web-time", {
    why: "the page did not come in time",
    next: "try again later, or go on without it",
  });
}

function broken(host: string, error: unknown): { readonly why: string; readonly next: string } {
  const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
  return {
    why: `${host} closed the connection without a whole answer${code}`,
    next: "try again, or go on without it",
  };
}
