/** What a part of a request makes of the whole, and by which rules. */
import { posix, relative } from "node:path";
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import {
  classify,
  classifyPath,
  isTrusted,
  isWithin,
  matchIndex,
  type Classification,
  type FingerprintIndex,
  type Integrity,
  type Policy,
  type RuleSource,
} from "@cloister/policy";
import type { Provenance } from "@cloister/wire";
import type { AirlockSession } from "../session.ts";
import { answeredCalls, noteCalls } from "./calls.ts";
import { holdsPicture, textOf, undecorated } from "./texts.ts";

export interface Cause {
  readonly kind: "path" | "fingerprint" | "picture" | "unreadable" | "integrity";
  readonly source: RuleSource;
  /** The name of the fingerprints. */
  readonly index?: string;
  /** How many of them were found. */
  readonly matches?: number;
  readonly to: Classification;
}

export function causesOf(item: JsonObject, session: AirlockSession): Cause[] {
  const { reading } = session;
  noteCalls(item, reading.calls);
  const calls = answeredCalls(item).flatMap((id) => reading.calls.get(id) ?? []);
  const provenance = provenanceOf(item);
  const paths = [
    ...(provenance?.files ?? []).map(({ path }) => path),
    ...calls.flatMap((call) => call.paths),
  ];
  const views =
    session.indexes.length === 0 && session.declassified.length === 0 ? [] : viewsOf(item, session);
  // All that it holds was released, text by text.
  const isReleased = views.some(
    (view) => view.includes(RELEASED) && view.replaceAll(RELEASED, "").trim() === "",
  );
  return [
    ...(isReleased ? [] : causesByPath(paths, session)),
    ...causesByFingerprint(views, session),
    ...causesByPicture(item, provenance, session),
    ...causesByTokens(item, session),
    ...causesByOrigin(item, { provenance, paths, called: calls.map(({ integrity }) => integrity) }, session),
  ];
}

/** Our agent's word on where something comes from. A stranger may say so too: it can make a label higher only. */
function provenanceOf({ cloister }: JsonObject): Provenance | undefined {
  if (!isRecord(cloister)) return undefined;
  const { files, source, tool } = cloister as Partial<Provenance>;
  const known: readonly unknown[] = Array.isArray(files) ? files : [];
  const named = known.filter(isFile);
  return {
    source: source ?? "tool",
    ...(typeof tool === "string" ? { tool } : {}),
    ...(named.length === 0 ? {} : { files: named }),
  };
}

function isFile(value: unknown): value is NonNullable<Provenance["files"]>[number] {
  return isRecord(value) && typeof value["path"] === "string";
}

function causesByPath(paths: readonly string[], { policy, workspace }: AirlockSession): Cause[] {
  if (policy.labels.paths.length === 0) return [];
  const rules = new Set(
    paths.flatMap((path) => waysOf(path, workspace)).flatMap((way) => classifyPath(policy, way).rules),
  );
  return [...rules].map(({ label, compartments, source }) => ({
    kind: "path",
    source,
    to: classify(label, compartments, "user"),
  }));
}

const DEPTH_MAX = 40;

/**
 * A path as rules name it. Where a stranger's workspace lies is not known: each folder above the file may be its root.
 */
function waysOf(path: string, workspace: string | undefined): string[] {
  const plain = posix.normalize(path.replaceAll("\\", "/"));
  if (!plain.startsWith("/")) return [plain, `${plain}/`];
  const inside = workspace === undefined ? undefined : relative(workspace, plain);
  if (inside !== undefined && !inside.startsWith("..")) return [inside, `${inside}/`];
  const steps = plain.split("/").slice(1);
  return steps.slice(0, DEPTH_MAX).flatMap((_, at) => {
    const way = steps.slice(at).join("/");
    return [way, `${way}/`];
  });
}

/** No fingerprint goes across it. */
const RELEASED = "\0";

/** The text as it came, and as it stood in its file, without what a person released. */
function viewsOf(item: JsonObject, { declassified }: AirlockSession): string[] {
  const text = textOf(item);
  const bare = undecorated(text);
  const release = (whole: string): string =>
    // Not nothing: what stood before and after it must not come together.
    declassified.reduce((rest, released) => rest.replaceAll(released, RELEASED), whole);
  return [text, ...(bare === undefined ? [] : [bare])].map(release);
}

function causesByFingerprint(views: readonly string[], session: AirlockSession): Cause[] {
  const { indexes, policy, standing } = session;
  return indexes.flatMap((index, at): Cause[] => {
    if (isWithinStanding(index, standing.classification)) return [];
    const matches = Math.max(...views.map((view) => matchIndex(view, index)));
    if (matches <= 0) return [];
    const to = classify(index.label, index.compartments, "user");
    return [{ kind: "fingerprint", source: sourceOf(policy, at), index: index.name, matches, to }];
  });
}

/**
 * No text is found in a picture, so that only its origin says what it shows. Our agent's word on the file counts, for it
 * read it by its path; anybody else's picture may be of anything.
 */
function causesByPicture(
  item: JsonObject,
  provenance: Provenance | undefined,
  { policy, client }: AirlockSession,
): Cause[] {
  const { pictures } = policy.labels;
  if (pictures === undefined || !holdsPicture(item)) return [];
  const isRead =
    client.evidence === "started" && provenance?.source === "file" && provenance.files !== undefined;
  const to = classify(pictures.label, [], "user");
  return isRead ? [] : [{ kind: "picture", source: pictures.source, to }];
}

/**
 * Embeddings and completions take numbers that only the model's own tokeniser can read. They count as the most that
 * they could be.
 */
function causesByTokens({ input, prompt }: JsonObject, session: AirlockSession): Cause[] {
  if (![input, prompt].some(isTokens)) return [];
  const { indexes, policy } = session;
  return indexes.map(({ name, label, compartments }, at) => ({
    kind: "unreadable",
    source: sourceOf(policy, at),
    index: name,
    to: classify(label, compartments, "user"),
  }));
}

function isTokens(value: Json | undefined): boolean {
  if (!Array.isArray(value)) return false;
  return value.some((item: Json) => typeof item === "number" || (Array.isArray(item) && isTokens(item)));
}

function sourceOf({ labels }: Policy, at: number): RuleSource {
  return labels.fingerprints[at]?.source ?? { rule: "labels.fingerprints", line: undefined };
}

/** What cannot be raised by it any more need not be searched. */
function isWithinStanding({ label, compartments }: FingerprintIndex, held: Classification): boolean {
  return (
    isWithin(label, held.label) &&
    compartments.every((compartment) => held.compartments.includes(compartment))
  );
}

interface Origin {
  readonly provenance: Provenance | undefined;
  readonly paths: readonly string[];
  readonly called: readonly Integrity[];
}

const thirdParty = /(?:^|\/)(?:node_modules|bower_components|vendor|third_party|\.venv|venv|site-packages)\//;
const fetchingTool = /^(?:WebFetch|WebSearch|mcp__)/;

function causesByOrigin(item: JsonObject, origin: Origin, { client, standing }: AirlockSession): Cause[] {
  const { integrity, rule } = integrityOf(item, origin, client.evidence === "started");
  if (isTrusted(standing.classification.integrity, integrity) && integrity !== "user") {
    return [{ kind: "integrity", source: { rule, line: undefined }, to: classify("public", [], integrity) }];
  }
  return [];
}

function integrityOf(
  item: JsonObject,
  { provenance, paths, called }: Origin,
  isOurs: boolean,
): { integrity: Integrity; rule: string } {
  const own = isOurs ? provenance : undefined;
  // Commands of our agent run in a cell: the keeper itself knows which of them had a way out.
  const reached = isOurs ? [] : called;
  // That a server is there, and what it offers, is no answer of it: a person chose it, as they chose the workspace.
  const isList = own?.source === "mcp" && isMcpList(item);
  if (!isList && (reached.includes("untrusted") || own?.source === "mcp" || isFetched(own))) {
    return { integrity: "untrusted", rule: "built-in integrity.network" };
  }
  // There may be words in it that somebody else wrote, and a model would read them.
  if (own?.source === "attachment") {
    return { integrity: "third-party", rule: "built-in integrity.attachment" };
  }
  if (paths.some((path) => thirdParty.test(path))) {
    return { integrity: "third-party", rule: "built-in integrity.third-party" };
  }
  const isResult = own === undefined ? answeredCalls(item).length > 0 : readsWorkspace.has(own.source);
  const integrity = isResult ? "workspace" : "user";
  return { integrity, rule: "built-in integrity.workspace" };
}

const readsWorkspace = new Set<Provenance["source"]>(["file", "command", "tool", "instructions", "mcp"]);

/** What the keeper says of a page that it did not fetch is its own word; it knows by itself which ones it fetched. */
function isFetched(own: Provenance | undefined): boolean {
  return own?.source === "web" || (own?.tool !== "WebFetch" && fetchingTool.test(own?.tool ?? ""));
}

/** Our agent's own message on a server; its results carry a call's id, and what a person asked for says so. */
function isMcpList({ role, content }: JsonObject): boolean {
  return role === "user" && typeof content === "string" && content.startsWith("[Cloister] MCP server ");
}
