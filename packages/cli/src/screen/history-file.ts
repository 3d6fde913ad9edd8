/** What was said before, a JSON text a line, in the user's own folder and for nobody else. */
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const BYTES_MAX = 1024 * 1024;

export function openHistory(home: string): {
  readonly entries: readonly string[];
  readonly add: (text: string) => Promise<void>;
} {
  const path = join(home, ".cloister", "history");
  return {
    entries: readEntries(path),
    add: (text) => keep(path, text),
  };
}

/** A message in which a secret is found is not kept: nothing here is sealed. */
async function keep(path: string, text: string): Promise<void> {
  // The detector is loaded once a message was sent, when nobody waits for the screen.
  const { findSecrets } = await import("@cloister/secrets");
  if (findSecrets(text).length > 0) return;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    appendFileSync(path, `${JSON.stringify(text)}\n`, { mode: 0o600 });
  } catch {
    /* a home that cannot be written to costs the history, not the session */
  }
}

function readEntries(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8").slice(-BYTES_MAX);
  } catch {
    return []; // nothing was said yet
  }
  return text.split("\n").flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === "string" ? [value] : [];
    } catch {
      return []; // cut at the front, or the last line's nothing
    }
  });
}
