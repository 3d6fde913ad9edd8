/**
 * Clients send the whole conversation with every request. The airlock recognises the part it has passed before by
 * comparing bytes, and looks only at what is new: its cost does not grow with the history.
 */
import { CloisterError, GrowingBytes, isRecord, parseJson, sha256, type JsonObject } from "@cloister/base";
import { parseChatMessage, type ChatMessage } from "@cloister/wire";

/** What a request adds to the conversation. */
export interface Turn {
  /** All fields but the messages. Undefined when they are byte for byte those of the request before. */
  readonly fields: JsonObject | undefined;
  readonly model: string;
  readonly stream: boolean;
  /** The messages that were not there before, in order. */
  readonly fresh: readonly ChatMessage[];
}

export interface Conversation {
  /** @throws CloisterError `bad-request` */
  read(body: Buffer): Turn;
  /**
   * Appends what `read` returned, after sealing, and gives the whole request to send: what was sent before, to the
   * byte, then the new messages.
   */
  extend(turn: Turn, sealed: SealedTurn): Buffer[];
  /** Whether the endpoint has been shown these bytes before, on record. */
  isShown(part: Uint8Array): boolean;
  markShown(part: Uint8Array): void;
}

export interface SealedTurn {
  /** `{"model":…,"tools":…` without the closing brace; undefined when unchanged. */
  readonly head: Buffer | undefined;
  readonly messages: readonly Buffer[];
}

const OPEN_MESSAGES = Buffer.from(',"messages":[');
const CLOSE = Buffer.from("]}");
const COMMA = Buffer.from(",");
const SHOWN_PARTS_MAX = 1_000_000;

export function createConversation(): Conversation {
  let rawPrefix: Buffer | undefined;
  let nextRawPrefix: Buffer | undefined;
  let model = "";
  let stream = false;
  let sent = new GrowingBytes();
  let sentMessages = 0;
  const shown = new Set<string>();

  const readWhole = (body: Buffer): Turn => {
    const value = parseJson(body.toString("utf8"), "the request");
    if (!isRecord(value) || !Array.isArray(value["messages"]) || typeof value["model"] !== "string") {
      throw new CloisterError("the request has no model or no messages", {
        code: "bad-request",
        next: "send an OpenAI Chat Completions request",
      });
    }
    const { messages, ...fields } = value;
    model = value["model"];
    stream = value["stream"] === true;
    nextRawPrefix =
      Object.keys(value).at(-1) === "messages" && endsLikeOurs(body)
        ? body.subarray(0, -CLOSE.length)
        : undefined;
    const fresh = (messages as unknown[]).map((message, index) =>
      parseChatMessage(message, `message ${index}`),
    );
    return { fields: fields as JsonObject, model, stream, fresh };
  };

  return {
    read(body) {
      const fresh = rawPrefix === undefined ? undefined : freshMessages(body, rawPrefix);
      if (fresh === undefined) return readWhole(body);
      nextRawPrefix = body.subarray(0, -CLOSE.length);
      return { fields: undefined, model, stream, fresh };
    },
    extend(turn, sealed) {
      if (sealed.head !== undefined) {
        sent = new GrowingBytes();
        sent.append(sealed.head);
        sent.append(OPEN_MESSAGES);
        sentMessages = 0;
      }
      for (const message of sealed.messages) {
        if (sentMessages > 0) sent.append(COMMA);
        sent.append(message);
        sentMessages += 1;
      }
      rawPrefix = nextRawPrefix;
      return [sent.view(), CLOSE];
    },
    isShown: (part) => shown.has(digestOf(part)),
    markShown: (part) => {
      if (shown.size < SHOWN_PARTS_MAX) shown.add(digestOf(part));
    },
  };
}

function digestOf(part: Uint8Array): string {
  return sha256(part).toString("base64");
}

function endsLikeOurs(body: Buffer): boolean {
  return body.subarray(-CLOSE.length).equals(CLOSE);
}

/** The messages after the known prefix, or undefined when the body does not simply go on from there. */
function freshMessages(body: Buffer, prefix: Buffer): ChatMessage[] | undefined {
  const goesOn =
    body.length > prefix.length + 1 &&
    body[prefix.length] === COMMA[0] &&
    endsLikeOurs(body) &&
    body.subarray(0, prefix.length).equals(prefix);
  if (!goesOn) return undefined;
  try {
    // Only a list of messages parses here: a suffix that closes the list and opens another field does not.
    const fresh: unknown = JSON.parse(
      `[${body.subarray(prefix.length + 1, -CLOSE.length).toString("utf8")}]`,
    );
    return (fresh as unknown[]).map((message, index) => parseChatMessage(message, `new message ${index}`));
  } catch {
    return undefined; // read as a whole then, which names what is wrong
  }
}
