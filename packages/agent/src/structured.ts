/** A final answer that must be JSON after a schema, for programs. */
import type { Json, JsonObject } from "@cloister/base";
import type { Trouble } from "./events.ts";
import { schemaFault } from "./json-schema.ts";

export interface AnswerCheck {
  /** What the model is told with its task. */
  readonly request: string;
  check(text: string): Checked;
}

export type Checked =
  | { readonly kind: "fits"; readonly value: Json }
  | { readonly kind: "repair"; readonly text: string }
  | { readonly kind: "failed"; readonly trouble: Trouble };

const REPAIRS_MAX = 2;

/** For one piece of work. */
export function createAnswerCheck(schema: JsonObject): AnswerCheck {
  let repairs = 0;
  return {
    request:
      "When you are done, your last answer must be one JSON value and nothing else: no fence, no words around it. " +
      `It must fit this JSON Schema: ${JSON.stringify(schema)}`,
    check: (text) => {
      const read = readJson(text);
      const fault = read === undefined ? "it is not one JSON value" : schemaFault(read.value, schema);
      if (read !== undefined && fault === undefined) return { kind: "fits", value: read.value };
      if (repairs < REPAIRS_MAX) {
        repairs += 1;
        return {
          kind: "repair",
          text: `Your answer does not fit the schema: ${fault}. Answer again with the corrected JSON value alone.`,
        };
      }
      return {
        kind: "failed",
        trouble: {
          code: "answer-schema",
          message: `the answer did not fit the schema after ${REPAIRS_MAX} repairs: ${fault}`,
          next: "try a larger model, or a simpler schema",
        },
      };
    },
  };
}

/** Models put a fence around JSON whatever they are told. */
function readJson(text: string): { readonly value: Json } | undefined {
  const inner = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text;
  try {
    return { value: JSON.parse(inner) as Json };
  } catch {
    return undefined; // the caller says so to the model
  }
}
