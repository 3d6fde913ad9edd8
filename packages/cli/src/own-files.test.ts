/** A person's own files: whatever is wrong in one is said with the file, the place in it and what to do. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloisterError } from "@cloister/base";
import { readMcpFile } from "./mcp/mcp-file.ts";
import { readOwnFile } from "./permissions/own-file.ts";
import { readKeys } from "./screen/keys-file.ts";
import { readSettings } from "./settings.ts";

const secret = "hunt" + "er2";

/** How each file is read, and what is wrong in it: the place that has to be named. */
const faults: readonly (readonly [file: string, text: string, place: RegExp])[] = [
  ["settings.json", `{"model": "${secret}",\n }`, /line 2 column 2/u],
  ["settings.json", '{"permissions": {"deny": ["Bash(git"]}}', /"permissions": Bash\(git/u],
  ["settings.json", '{"permissions": {"denny": []}}', /denny/u],
  ["settings.json", '{"permissions": {"defaultMode": "careful"}}', /defaultMode: "careful"/u],
  ["settings.json", '{"cell": {"memory": "lots"}}', /"memory".*"512M"/u],
  ["settings.json", '{"terminal": {"theme": "pink"}}', /"theme" of "terminal"/u],
  ["settings.json", "[]", /object/u],
  ["mcp.json", `{"mcpServers": {"a": {"env": "${secret}"},\n}}`, /line 2 column 1/u],
  ["mcp.json", '{"mcpServers": {"a": {}}}', /mcpServers\.a: .*neither/u],
  ["mcp.json", '{"servers": {}}', /"servers".*"mcpServers"/u],
  ["keys.json", `{"ctrl+x": "${secret}" "leave"}`, /line 1 column \d+/u],
  ["keys.json", '{"ctrl+x": "dance"}', /"ctrl\+x".*"dance"/u],
  ["permissions.yaml", "version: 1\ndeny: [Foo(\n", /line \d/u],
  ["permissions.yaml", 'version: 1\ndeny: ["Bash(x"]\n', /permissions\.yaml:2/u],
];

async function troubleOf(home: string, file: string): Promise<unknown> {
  try {
    if (file === "settings.json") readSettings(home);
    if (file === "mcp.json") readMcpFile(home);
    if (file === "permissions.yaml") await readOwnFile(home, "/project");
    return file === "keys.json" ? readKeys(home).trouble : undefined;
  } catch (error) {
    return error;
  }
}

for (const [file, text, place] of faults) {
  test(`a fault in ${file} is said with its place and a next step: ${text.replaceAll("\n", "⏎").replace(secret, "…")}`, async () => {
    const home = mkdtempSync(join(tmpdir(), "cloister-own-"));
    try {
      mkdirSync(join(home, ".cloister"));
      const path = join(home, ".cloister", file);
      writeFileSync(path, text, { mode: 0o600 });
      const error = await troubleOf(home, file);
      assert.ok(error instanceof CloisterError, String(error));
      assert.ok(error.message.includes(path), error.message);
      assert.match(error.message, place);
      assert.ok((error.next ?? "") !== "", "no next step");
      // A value may be a key: a fault beside it does not print it.
      assert.ok(!error.message.includes(secret), error.message);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
}
