/** OpenAI Chat Completions, as a door and as an upstream. */
import type { Protocol } from "../protocol.ts";
import { writeChatError } from "./errors.ts";
import { formatChatRequest } from "./format.ts";
import { parseChatRequest } from "./parse.ts";
import { readChatStream, readChatWhole } from "./read.ts";
import { withoutThoughts } from "./thoughts.ts";
import { createChatWriter, writeChatWhole } from "./write.ts";

export const chatProtocol: Protocol = {
  name: "chat",
  path: "/chat/completions",
  headers: {},
  itemsField: "messages",
  parseRequest: parseChatRequest,
  formatRequest: formatChatRequest,
  // Reasoning is plain text here: whether it goes back is the family's matter. What is signed is another maker's.
  restoreThoughts: withoutThoughts,
  toThought: () => undefined,
  readStream: readChatStream,
  readWhole: readChatWhole,
  createWriter: createChatWriter,
  writeWhole: (_request, events, context) => writeChatWhole(events, context),
  writeError: writeChatError,
};
