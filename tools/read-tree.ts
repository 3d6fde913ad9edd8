import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// What .gitignore leaves out, by folder name. Links are not followed.
const SKIPPED = new Set([".git", "node_modules", "dist", "coverage", "scratch"]);

/** Every text file below `root`: its path with "/" separators, and its text. A file with a NUL byte is not text. */
export function readTree(root: string): Map<string, string> {
  const files = new Map<string, string>();
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (SKIPPED.has(entry.name) || entry.name.endsWith(".log")) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) {
        const text = readFileSync(join(root, path), "utf8");
        if (!text.includes("\0")) files.set(path, text);
      }
    }
  }
  return files;
}
