// Who is measured: the floor, the product as it is published, the product as a checkout, and peers.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { bundle } from "../bundle.ts";
import type { Command } from "./measure.ts";
import { peerNames, type Peers } from "./peers.ts";
import { projectFiles, prompt } from "./scenario.ts";
import { contextTokens, modelName } from "./stage.ts";

export interface Contestant {
  readonly name: string;
  /** Its own copy of the project. */
  readonly project: string;
  /** Somebody else's: it may fail, and is then left out, where a failure of ours ends the bench. */
  readonly isPeer?: boolean;
  /** Done before each run, and not measured: the project is as it was. */
  prepare(endpoint: string): Command;
}

const TURNS_MAX = 1000;

/** The published file, built now, and the checkout itself. */
export async function cloisterContestants(root: string, scratch: string, suffix = ""): Promise<Contestant[]> {
  const outFolder = join(scratch, `dist${suffix}`);
  await bundle({ root, outFolder });
  const ways = {
    "cloister, published": join(outFolder, "cloister.js"),
    "cloister, checkout": join(root, "packages/cli/bin/cloister.js"),
  };
  return Object.entries(ways).map(([way, script]) => {
    const name = `${way}${suffix}`;
    const place = makePlace(scratch, name);
    return {
      name,
      project: place.project,
      prepare: (endpoint) =>
        place.node([script, "-p", prompt, "--endpoint", endpoint, "--max-turns", String(TURNS_MAX)]),
    };
  });
}

/** `requestFile` holds the first request that the product sends: the floor starts from the same bytes. */
export function floorContestant(scratch: string, requestFile: string): Contestant {
  const place = makePlace(scratch, "floor");
  const script = join(scratch, "floor.mjs");
  // Its types are taken out beforehand: the floor does not pay for our source language.
  const source = readFileSync(join(import.meta.dirname, "floor.ts"), "utf8");
  writeFileSync(script, transformSync(source, { loader: "ts", format: "esm" }).code);
  return {
    name: "floor",
    project: place.project,
    prepare: (endpoint) => place.node([script, endpoint, requestFile]),
  };
}

/** Each as its users start it without a screen. */
export function peerContestants(scratch: string, peers: Peers): Contestant[] {
  return [piContestant, qwenContestant, opencodeContestant].map((make) => make(scratch, peers));
}

function piContestant(scratch: string, peers: Peers): Contestant {
  const place = makePlace(scratch, "pi");
  const settings = join(place.home, ".pi/agent/models.json");
  mkdirSync(dirname(settings), { recursive: true });
  return {
    name: peerNames.pi,
    project: place.project,
    isPeer: true,
    prepare: (endpoint) => {
      const model = { id: modelName, contextWindow: contextTokens, maxTokens: 4096 };
      const local = { baseUrl: endpoint, api: "openai-completions", apiKey: "none", models: [model] };
      writeFileSync(settings, JSON.stringify({ providers: { local } }));
      const tools = "read,write,edit,bash,grep,find,ls";
      const command = place.node([
        ...[peers.pi, "--provider", "local", "--model", modelName, "--tools", tools, "-p", prompt],
      ]);
      const quiet = { PI_OFFLINE: "1", PI_TELEMETRY: "0", PI_SKIP_VERSION_CHECK: "1" };
      return { ...command, environment: { ...command.environment, ...quiet } };
    },
  };
}

function qwenContestant(scratch: string, peers: Peers): Contestant {
  const place = makePlace(scratch, "qwen");
  const settings = join(place.home, ".qwen/settings.json");
  mkdirSync(dirname(settings), { recursive: true });
  // Through the terminal that it would use else, the output of short commands is now and then lost.
  writeFileSync(settings, JSON.stringify({ tools: { shell: { enableInteractiveShell: false } } }));
  return {
    name: peerNames.qwen,
    project: place.project,
    isPeer: true,
    prepare: (endpoint) => {
      const command = place.node([peers.qwen, "--auth-type", "openai", "--yolo", "-p", prompt]);
      const own = { OPENAI_BASE_URL: endpoint, OPENAI_API_KEY: "none", OPENAI_MODEL: modelName };
      return { ...command, environment: { ...command.environment, ...own } };
    },
  };
}

function opencodeContestant(scratch: string, peers: Peers): Contestant {
  const place = makePlace(scratch, "opencode");
  const settings = join(place.home, ".config/opencode");
  mkdirSync(settings, { recursive: true });
  return {
    name: peerNames.opencode,
    project: place.project,
    isPeer: true,
    prepare: (endpoint) => {
      const models = { [modelName]: { limit: { context: contextTokens, output: 4096 } } };
      const local = {
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: endpoint, apiKey: "none" },
        models,
      };
      const chosen = {
        provider: { local },
        model: `local/${modelName}`,
        autoupdate: false,
        share: "disabled",
      };
      writeFileSync(join(settings, "opencode.json"), JSON.stringify(chosen));
      return place.start([peers.opencode, "run", prompt]);
    },
  };
}

interface Place {
  readonly home: string;
  readonly project: string;
  start(argv: readonly string[]): Command;
  node(args: readonly string[]): Command;
}

/** Everybody has a home and a copy of the project of their own, and nothing else of ours in their environment. */
function makePlace(scratch: string, name: string): Place {
  const base = join(scratch, name.replace(/\W+/g, "-"));
  const home = join(base, "home");
  const project = join(base, "project");
  mkdirSync(home, { recursive: true });
  const environment = { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: scratch };
  const start = (argv: readonly string[]): Command => {
    for (const [path, text] of projectFiles()) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      writeFileSync(join(project, path), text);
    }
    return { argv, directory: project, environment };
  };
  return { home, project, start, node: (args) => start([process.execPath, ...args]) };
}
