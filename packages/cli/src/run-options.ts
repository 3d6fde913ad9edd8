/** What the flags and settings of a run ask of the agent's session. */
import { readFileSync } from "node:fs";
import type { Price, SessionOptions } from "@cloister/agent";
import { CloisterError, isRecord, parseJson, type JsonObject } from "@cloister/base";
import type { RunArguments } from "./run-arguments.ts";

/** `price`: of the endpoint that was chosen. @throws CloisterError `usage` */
export function checkPrice({ costMax }: Pick<RunArguments, "costMax">, price: Price | undefined): void {
  if (costMax === undefined || price !== undefined) return;
  throw new CloisterError("--max-cost needs a price", {
    code: "usage",
    next: 'put "price": {"prompt": P, "completion": C}, for a million tokens each, into ~/.cloister/settings.json: beside "endpoint", or into its entry in "endpoints"',
  });
}

/** @throws CloisterError `usage`, `bad-json` */
export function toSessionOptions({
  tokensMax,
  timeMsMax,
  costMax,
  jsonSchema,
  goal,
}: RunArguments): Pick<SessionOptions, "limits" | "answerSchema" | "goal"> {
  return {
    limits: {
      ...(tokensMax === undefined ? {} : { tokensMax }),
      ...(timeMsMax === undefined ? {} : { timeMsMax }),
      ...(costMax === undefined ? {} : { costMax }),
    },
    ...(goal === undefined ? {} : { goal }),
    ...(jsonSchema === undefined ? {} : { answerSchema: readSchema(jsonSchema) }),
  };
}

function readSchema(given: string): JsonObject {
  const schema = parseJson(schemaText(given), "the schema after --json-schema");
  if (isRecord(schema)) return schema as JsonObject;
  throw new CloisterError("the schema after --json-schema is not an object", {
    code: "usage",
    next: "give a JSON Schema of an object, or the name of a file with one",
  });
}

function schemaText(given: string): string {
  if (given.trimStart().startsWith("{")) return given;
  try {
    return readFileSync(given, "utf8");
  } catch (cause) {
    throw new CloisterError(`the schema ${given} cannot be read`, {
      code: "usage",
      next: "give the name of a file, or the schema itself",
      cause,
    });
  }
}
