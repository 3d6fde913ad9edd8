import type { Protocol } from "../protocol.ts";
import { writeError } from "./errors.ts";
import { formatRequest } from "./format.ts";
import { parseRequest } from "./parse.ts";
import { restoreThoughts, toThought } from "./thoughts.ts";
import { readStream } from "./read.ts";
import { readWhole } from "./response.ts";
import { createWriter, writeWhole } from "./write.ts";

/** OpenAI Responses (API reference, "Responses" and "Streaming events", 2026), as a door and as an upstream. */
export const responsesProtocol: Protocol = {
  name: "responses",
  path: "/responses",
  headers: {},
  itemsField: "input",
  parseRequest,
  formatRequest,
  restoreThoughts,
  toThought,
  readStream,
  readWhole,
  createWriter,
  writeWhole,
  writeError,
};
