/** Runs probes, each in a world of its own, and judges from outside. */
import { hostname } from "node:os";
import { join } from "node:path";
import { systemCodeOf } from "@cloister/base";
import type { Launcher } from "./launchers.ts";
import { marksOf, toArguments, type Probe } from "./probe.ts";
import { census, createWorld, type World } from "./world.ts";
import type { Witnesses } from "./witnesses.ts";

export interface Verdict {
  readonly probe: Probe;
  /** `not-run`: nothing was tried, so nothing is proven. */
  readonly kind: "held" | "escaped" | "not-run";
  /** What was seen; empty for one that was held. */
  readonly evidence: string;
}

export interface SuiteOptions {
  /** Worlds are made below it. */
  readonly parent: string;
  readonly witnesses: Witnesses;
  readonly launcher: Launcher;
  readonly architecture: string;
  readonly atOnce: number;
}

export async function runProbes(probes: readonly Probe[], options: SuiteOptions): Promise<Verdict[]> {
  const verdicts = new Map<Probe, Verdict>();
  const waiting = [...probes];
  const work = async (): Promise<void> => {
    for (let probe = waiting.shift(); probe !== undefined; probe = waiting.shift()) {
      verdicts.set(probe, await judge(probe, options));
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, work));
  return probes.flatMap((probe) => verdicts.get(probe) ?? []);
}

async function judge(probe: Probe, options: SuiteOptions): Promise<Verdict> {
  const world = createWorld(options.parent, options.witnesses);
  try {
    await probe.prepare?.(world);
    const before = census(world);
    let output = "";
    let endings = 0;
    const programs = probe.second === undefined ? [probe.program] : [probe.program, probe.second];
    for (const program of programs) {
      const values = valuesOf(world);
      const argv = toArguments(program, values, options.architecture);
      const part = await options.launcher.run(world, argv, probe.launch);
      const { started, ended } = marksOf(world.token);
      if (part.includes(started) && (probe.mayDie === true || part.includes(ended))) endings += 1;
      output += part;
    }
    const seen = await evidence(probe, world, output, before);
    if (seen !== undefined) return { probe, kind: "escaped", evidence: seen };
    if (endings === programs.length) return { probe, kind: "held", evidence: "" };
    return {
      probe,
      kind: "not-run",
      evidence: output.trim().slice(-EVIDENCE_CHARS_MAX) || "it printed nothing",
    };
  } catch (error) {
    // The launcher refused this world, or is not there at all: no proof either way.
    const code = systemCodeOf(error) ?? "";
    return {
      probe,
      kind: "not-run",
      evidence: `${code} ${error instanceof Error ? error.message : ""}`.trim(),
    };
  } finally {
    world.close();
  }
}

const EVIDENCE_CHARS_MAX = 300;

async function evidence(
  probe: Probe,
  world: World,
  output: string,
  before: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (output.includes(world.secret)) return "the secret came out";
  if (output.includes(world.witnesses.banner)) return "a server of the host answered";
  if (output.includes(marksOf(world.token).did)) return "the deed was done, says the probe";
  if ((await probe.happened?.(world)) === true) return "the deed was done, as seen from outside";
  const now = census(world);
  for (const [path, content] of now) {
    if (before.get(path) !== content) return `${path.slice(world.base.length + 1)} was made or changed`;
  }
  for (const path of before.keys()) {
    if (!now.has(path)) return `${path.slice(world.base.length + 1)} is gone`;
  }
  return undefined;
}

/** What probes may know of their world: places and numbers, never the secret. */
function valuesOf(world: World): Record<string, string | number> {
  const { witnesses } = world;
  return {
    TOKEN: world.token,
    BASE: world.base,
    WORKSPACE: world.workspace,
    HOME: world.home,
    OUTSIDE: world.outside,
    OTHER: join(world.base, "workspace-other"),
    WITNESS: world.witnessId(),
    HARNESS: process.pid,
    HOST_NAME: hostname(),
    TCP_PORT: witnesses.tcpPort,
    TCP_SIX_PORT: witnesses.tcp6Port ?? witnesses.tcpPort,
    UDP_PORT: witnesses.udpPort,
    OWN_ADDRESS: witnesses.own?.address ?? "127.0.0.1",
    OWN_PORT: witnesses.own?.port ?? witnesses.tcpPort,
  };
}
