import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseHooks } from "@cloister/agent/extensions";
import { canVouch } from "./keeper-hooks.ts";

test("a hook's yes counts where nothing in the workspace could have said it", (t) => {
  const workspace = realpathSync(mkdtempSync(join(tmpdir(), "vouch-")));
  t.after(() => rmSync(workspace, { recursive: true, force: true }));
  writeFileSync(join(workspace, "check"), "");
  const vouches = (command: string, scope: "user" | "project" = "user"): boolean => {
    const { hooks } = parseHooks(
      { PreToolUse: [{ hooks: [{ type: "command", command }] }] },
      { origin: { scope, path: "/s" } },
    );
    return hooks.every((hook) => canVouch(hook, workspace));
  };
  for (const command of [
    "~/.claude/hooks/allow.sh",
    "python3 /home/me/hooks/allow.py --strict",
    "jq -r '.tool_input.command' | grep -q '^ls'",
    'echo \'{"decision": "approve"}\'',
    'cmd=$(jq -r .tool_input.command); [[ "$cmd" == ls ]] && echo ok',
  ]) {
    assert.ok(vouches(command), command);
  }
  for (const command of [
    "./allow.sh",
    "tools/allow.sh",
    "sh check",
    "$CLAUDE_PROJECT_DIR/.claude/hooks/allow.sh",
    `${workspace}/check`,
    "npm run check",
    "cd x; make allow",
    "python3 -m checks",
    '"$PWD"/hooks/allow.sh',
    "sh ${PWD}/hooks/allow.sh",
    "$(pwd)/hooks/allow.sh",
    "$(git rev-parse --show-toplevel)/hooks/allow.sh",
    "node .",
  ]) {
    assert.ok(!vouches(command), command);
  }
  assert.ok(vouches("$CLAUDE_PROJECT_DIR/.claude/hooks/allow.sh", "project"), "its bytes were approved");
  assert.ok(!vouches("npm run check", "project"));
});
