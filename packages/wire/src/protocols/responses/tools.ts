/**
 * The tools of a Responses request. Models know functions only, so custom tools become functions with one text
 * field, namespaces are flattened, and the built-in tools that run at the client's become functions too.
 */
import { isRecord, type JsonObject } from "@cloister/base";
import type { TurnTool } from "../../turn.ts";
import { BRIDGES } from "./bridges.ts";
import { badRequest, type LossList } from "./losses.ts";

const NO_PARAMETERS: JsonObject = { type: "object", properties: {} };
const CUSTOM_INPUT = "The input of the tool, as plain text, exactly as the tool is to get it.";
/** Namespaces in namespaces do not exist. */
const DEPTH_MAX = 1;

/** `spawn` in the namespace `agents` is `agents__spawn` to the model. */
export function flatName(namespace: unknown, inner: string): string {
  return typeof namespace === "string" && namespace !== "" ? `${namespace}__${inner}` : inner;
}

/** Adds what `tools` offers. The first tool of a name wins: a model could not tell two of them apart. */
export function addTools(value: unknown, path: string, into: Map<string, TurnTool>, losses: LossList): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) throw badRequest(path, "must be a list of tools");
  for (const [index, tool] of value.entries()) {
    addTool(tool, { path: `${path}[${index}]`, depth: 0, namespace: undefined }, into, losses);
  }
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly namespace: string | undefined;
}

function addTool(value: unknown, place: Place, into: Map<string, TurnTool>, losses: LossList): void {
  if (!isRecord(value)) throw badRequest(place.path, "must be an object");
  const type = value["type"];
  if (type === "namespace" && place.depth < DEPTH_MAX) {
    addNamespace(value, place, into, losses);
    return;
  }
  const tool =
    type === "function" || type === "custom"
      ? toTool(value, type === "custom", place, losses)
      : bridged(type);
  if (tool === undefined) {
    losses.semantic(place.path, `a tool of type ${JSON.stringify(type)} runs at a vendor's, not here`);
  } else if (into.has(tool.name)) {
    losses.semantic(place.path, `there is already a tool named ${tool.name}`);
  } else {
    into.set(tool.name, tool);
  }
}

function addNamespace(
  value: Record<string, unknown>,
  place: Place,
  into: Map<string, TurnTool>,
  losses: LossList,
): void {
  const namespace = nameOf(value, place.path);
  const inner = value["tools"];
  if (!Array.isArray(inner)) throw badRequest(`${place.path}.tools`, "must be a list of tools");
  if (isText(value["description"])) {
    losses.cosmetic(`${place.path}.description`, "functions have no namespace that could be described");
  }
  for (const [index, tool] of inner.entries()) {
    addTool(tool, { path: `${place.path}.tools[${index}]`, depth: place.depth + 1, namespace }, into, losses);
  }
}

function toTool(value: Record<string, unknown>, custom: boolean, place: Place, losses: LossList): TurnTool {
  const inner = nameOf(value, place.path);
  const { description, parameters, strict } = value;
  const schema = parameters ?? undefined;
  if (schema !== undefined && !isRecord(schema)) {
    throw badRequest(`${place.path}.parameters`, "must be a JSON Schema object");
  }
  const tool: TurnTool = {
    name: flatName(place.namespace, inner),
    ...(typeof description === "string" ? { description } : {}),
    // G5: schemas go through unchanged.
    parameters: custom
      ? customParameters(value["format"], place.path, losses)
      : ((schema as JsonObject | undefined) ?? NO_PARAMETERS),
    // Elsewhere a tool is lax unless it says otherwise, so `false` needs no saying.
    ...(strict === true && !custom ? { strict } : {}),
  };
  if (place.namespace !== undefined) {
    return { ...tool, door: { kind: "namespace", namespace: place.namespace, inner } };
  }
  return custom ? { ...tool, door: { kind: "custom" } } : tool;
}

/** A grammar cannot be enforced through a function, but the model can be told. */
function customParameters(format: unknown, path: string, losses: LossList): JsonObject {
  let description = CUSTOM_INPUT;
  if (isRecord(format) && format["type"] === "grammar" && isText(format["definition"])) {
    losses.cosmetic(`${path}.format`, "the grammar is told to the model, but not enforced");
    description += ` It must follow this ${String(format["syntax"])} grammar:\n${format["definition"]}`;
  }
  return {
    type: "object",
    properties: { input: { type: "string", description } },
    required: ["input"],
    additionalProperties: false,
  };
}

/** Custom tools inside a namespace are told by their parameters: `door` has room for one of the two. */
export function isCustom(tool: TurnTool): boolean {
  if (tool.door === undefined) return false;
  if (tool.door.kind === "custom") return true;
  const properties = tool.parameters["properties"];
  const input = isRecord(properties) ? properties["input"] : undefined;
  const description = isRecord(input) ? input["description"] : undefined;
  return typeof description === "string" && description.startsWith(CUSTOM_INPUT);
}

function bridged(type: unknown): TurnTool | undefined {
  const bridge = BRIDGES.find(({ tool }) => tool === type);
  if (bridge === undefined) return undefined;
  return { name: bridge.tool, description: bridge.description, parameters: bridge.parameters };
}

function nameOf(value: Record<string, unknown>, path: string): string {
  const name = value["name"];
  if (!isText(name)) throw badRequest(`${path}.name`, "must be a name");
  return name;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
