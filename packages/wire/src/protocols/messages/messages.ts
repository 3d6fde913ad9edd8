/** Anthropic Messages (API reference, "Create a Message", version 2023-06-01 and its betas of 2026). */
import type { Protocol } from "../protocol.ts";
import { writeMessagesError } from "./errors.ts";
import { formatMessagesRequest } from "./format.ts";
import { parseMessagesRequest } from "./parse.ts";
import { restoreThoughts, toThought } from "./thoughts.ts";
import { readMessagesStream, readMessagesWhole } from "./read.ts";
import { writeMessagesWhole } from "./write-whole.ts";
import { createMessagesWriter } from "./write.ts";

export const messagesProtocol: Protocol = {
  name: "messages",
  path: "/messages",
  headers: { "anthropic-version": "2023-06-01" },
  itemsField: "messages",
  parseRequest: parseMessagesRequest,
  formatRequest: formatMessagesRequest,
  restoreThoughts,
  toThought,
  readStream: readMessagesStream,
  readWhole: readMessagesWhole,
  createWriter: createMessagesWriter,
  writeWhole: writeMessagesWhole,
  writeError: writeMessagesError,
};
