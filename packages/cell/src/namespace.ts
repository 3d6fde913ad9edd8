import { readlinkSync } from "node:fs";

/** Which namespace a process is in: equal texts are one namespace (namespaces(7)). `gone` for a process that has ended. */
export function namespaceOf(pid: number, kind: "user" | "net" | "mnt"): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return "gone"; // whoever compares finds that it is another one
  }
}
