import { readdirSync, readFileSync } from "node:fs";

const O_CLOEXEC = 0o2000000;
const INSPECTED_MAX = 4096;

/**
 * Descriptors above 2 that a child process would inherit because whoever started us left them open. Node marks its
 * own close-on-exec; a shell, a CI runner or an editor often does not, and such a descriptor can reach a file, a
 * socket or a device that the cell hides.
 */
export function inheritedDescriptors(): number[] {
  const inherited: number[] = [];
  for (const name of readdirSync("/proc/self/fd").slice(0, INSPECTED_MAX)) {
    const descriptor = Number(name);
    if (descriptor > 2 && !isCloseOnExec(descriptor)) inherited.push(descriptor);
  }
  return inherited;
}

function isCloseOnExec(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
  } catch {
    return true; // it was the listing's own descriptor, closed by now
  }
}
