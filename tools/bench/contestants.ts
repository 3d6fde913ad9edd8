// Who is measured: the floor, the product as it is published, the product as a checkout, and one peer.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { bundle } from "../bundle.ts";
import type { Command } from "./measure.ts";
import { peerNames, type Peers } from "./peers.ts";
import { projectFiles, prompt, type ToolDialect } from "./scenario.ts";

export interface Contestant {
  readonly name: string;
  readonly dialect: ToolDialect;
  /** Done before each run, and not measured. */
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
      dialect: "cloister",
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
    dialect: "cloister",
    prepare: (endpoint) => place.node([script, endpoint, requestFile]),
  };
}

export function piContestant(scratch: string, peers: Peers): Contestant {
  const place = makePlace(scratch, "pi");
  const settings = join(place.home, ".pi/agent/models.json");
  mkdirSync(dirname(settings), { recursive: true });
  return {
    name: peerNames.pi,
    dialect: "pi",
    prepare: (endpoint) => {
      const model = { id: "rehearsal", contextWindow: 262_144, maxTokens: 4096 };
      const local = { baseUrl: endpoint, api: "openai-completions", apiKey: "none", models: [model] };
      writeFileSync(settings, JSON.stringify({ providers: { local } }));
      const tools = "read,write,edit,bash,grep,find,ls";
      const command = place.node([
        ...[peers.pi, "--provider", "local", "--model", "rehearsal", "--tools", tools, "-p", prompt],
      ]);
      const quiet = { PI_OFFLINE: "1", PI_TELEMETRY: "0", PI_SKIP_VERSION_CHECK: "1" };
      return { ...command, environment: { ...command.environment, ...quiet } };
    },
  };
}

interface Place {
  readonly home: string;
  node(args: readonly string[]): Command;
}

/** Everybody has a home and a copy of the project of their own, and nothing else of ours in their environment. */
function makePlace(scratch: string, name: string): Place {
  const base = join(scratch, name.replace(/\W+/g, "-"));
  const home = join(base, "home");
  const directory = join(base, "project");
  mkdirSync(home, { recursive: true });
  for (const [path, text] of projectFiles()) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const environment = { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: scratch };
  return { home, node: (args) => ({ argv: [process.execPath, ...args], directory, environment }) };
}
