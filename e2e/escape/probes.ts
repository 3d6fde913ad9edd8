import type { Probe } from "./probe.ts";
import { fileProbes } from "./probes/files.ts";
import { kernelProbes } from "./probes/kernel.ts";
import { launchProbes } from "./probes/launch.ts";
import { networkProbes } from "./probes/network.ts";
import { processProbes } from "./probes/processes.ts";
import { projectProbes } from "./probes/project.ts";

export const probes: readonly Probe[] = [
  ...fileProbes,
  ...projectProbes,
  ...processProbes,
  ...networkProbes,
  ...kernelProbes,
  ...launchProbes,
];
