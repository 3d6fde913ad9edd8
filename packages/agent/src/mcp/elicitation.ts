/** What a server asks the person: at most a few plain fields, which become questions on the screen. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { showUnseen } from "@cloister/policy";
import { textOf } from "./names.ts";
import type { Question, ToolWorld } from "../tools/tool.ts";

const FIELDS_MAX = 20;
const OPTIONS_MAX = 20;
const TEXT_CHARS_MAX = 500;

/** The result of `elicitation/create`. Forms only: an address to open is declined, and so is what nobody can answer. */
export async function answerElicitation(
  params: JsonObject,
  question: ToolWorld["question"],
  signal: AbortSignal,
): Promise<JsonObject> {
  const fields = fieldsOf(params);
  if (question === undefined || fields === undefined) return { action: "decline" };
  const message = shown(params["message"]);
  const questions = fields.map(({ name, schema }, index) =>
    toQuestion(name, schema, index === 0 ? message : ""),
  );
  const answer = await question({ kind: "choice", questions }, signal);
  if (answer.kind === "absent") return { action: "cancel" };
  if (answer.kind !== "chosen") return { action: "decline" };
  const content: Record<string, Json> = {};
  for (const [index, { name, schema }] of fields.entries()) {
    const value = valueOf(answer.texts[index] ?? "", schema);
    if (value !== undefined) content[name] = value;
    else if (isRequired(params, name)) return { action: "decline" };
  }
  return { action: "accept", content };
}

interface Field {
  readonly name: string;
  readonly schema: JsonObject;
}

function fieldsOf({ mode, requestedSchema }: JsonObject): Field[] | undefined {
  if (mode !== undefined && mode !== "form") return undefined;
  const properties = isRecord(requestedSchema) ? requestedSchema["properties"] : undefined;
  if (!isRecord(properties)) return undefined;
  const fields = Object.entries(properties).map(([name, schema]) => ({
    name,
    schema: isRecord(schema) ? schema : {},
  }));
  return fields.length === 0 || fields.length > FIELDS_MAX ? undefined : fields;
}

function toQuestion(name: string, schema: JsonObject, message: string): Question {
  const title = shown(schema["title"] ?? name);
  const description = shown(schema["description"] ?? "");
  const question = [message, description === "" ? title : `${title}: ${description}`].filter(
    (text) => text !== "",
  );
  const several = schema["type"] === "array" ? { multiSelect: true } : {};
  return {
    question: question.join("\n"),
    header: title.slice(0, 20),
    options: optionsOf(schema),
    ...several,
  };
}

function optionsOf(schema: JsonObject): { readonly label: string }[] {
  const values = schema["type"] === "boolean" ? ["yes", "no"] : listed(schema);
  return values.slice(0, OPTIONS_MAX).map((label) => ({ label: shown(label) }));
}

function listed({ enum: values, oneOf, anyOf, items }: JsonObject): string[] {
  if (isRecord(items)) return listed(items);
  if (Array.isArray(values)) return values.map(String);
  const choices = [oneOf, anyOf].find(Array.isArray) as readonly Json[] | undefined;
  return (choices ?? []).flatMap((choice: Json) => (isRecord(choice) ? [textOf(choice["const"])] : []));
}

/** Undefined for what does not fit: nothing is guessed into a number or a choice. */
function valueOf(text: string, schema: JsonObject): Json | undefined {
  const choices = listed(schema);
  if (text === "") return undefined;
  switch (textOf(schema["type"])) {
    case "boolean":
      return text === "yes" || text === "true" ? true : text === "no" || text === "false" ? false : undefined;
    case "number":
    case "integer": {
      const number = Number(text);
      const isFitting = Number.isFinite(number) && (schema["type"] === "number" || Number.isInteger(number));
      return isFitting ? number : undefined;
    }
    case "array": {
      const labels = text.split(", ");
      return choices.filter((choice) => labels.includes(shown(choice)));
    }
    default:
      return choices.length === 0 ? text : choices.find((choice) => shown(choice) === text);
  }
}

function isRequired({ requestedSchema }: JsonObject, name: string): boolean {
  const required = isRecord(requestedSchema) ? requestedSchema["required"] : undefined;
  return Array.isArray(required) && required.includes(name);
}

function shown(value: unknown): string {
  return typeof value === "string" ? showUnseen(value.slice(0, TEXT_CHARS_MAX).toWellFormed()) : "";
}
