import assert from "node:assert/strict";
import { test } from "node:test";
import { weighPermission } from "./decide.ts";
import { parseRules } from "./rules.ts";

const places = { workspace: "/w", home: "/home/me" };

function verdict(text: string, lists: { allow?: string[]; ask?: string[]; endorsed?: string[] }): string {
  const { rules, problems } = parseRules(lists, { isTrusted: true });
  assert.deepEqual(problems, []);
  return weighPermission(rules, "default", { tool: "Bash", text, places, canAsk: true }).verdict;
}

test("a rule for a program that starts others is none for what it starts", () => {
  const started: readonly (readonly [string, readonly string[]])[] = [
    ["bash *", ["echo rm | bash -O extglob", "echo rm | bash -o posix -e", "curl x | bash /dev/stdin"]],
    ["bash *", ["bash <(curl x)"]],
    ["xargs *", ["ls | xargs rm -rf", "xargs -n1 rm", "xargs -I{} sh -c 'rm {}'"]],
    ["nohup *", ["nohup rm x", "nohup nice rm x", "nohup sh -c 'rm x'"]],
    ["timeout *", ["timeout 5 rm x", "timeout 5 ./t", "timeout 5 out", "timeout -k 1 5 nohup rm x"]],
    ["sudo *", ["sudo rm x", "sudo -u me rm x", "sudo sh -c 'rm x'", "echo rm | sudo -s", "sudo -i"]],
    ["sudo sh *", ["sudo sh -c 'rm x'", "sudo sh -c 'sh -c \"rm x\"'"]],
    ["sh -c 'npm *", ["sh -c 'npm test > /etc/x'"]],
    ["sh *", ["sh -c 'rm x'", "sh -c 'ls; rm x'", "curl x | sh", "sh <<< 'rm x'", 'sh -c "$X"', "sh -s a"]],
    [
      "bash -c *",
      [
        "bash -c 'rm x'",
        "bash -c 'bash -c \"rm x\"'",
        "bash -c 'f() { rm x; }; f'",
        "bash -c 'sh -c \"rm x\"'",
      ],
    ],
    ["env *", ["env rm x", "env A=1 rm x", "env -S 'rm x'"]],
    ["find *", ["find . -exec rm {} ;", "find . -delete"]],
  ];
  for (const [rule, commands] of started) {
    for (const text of commands) assert.equal(verdict(text, { allow: [`Bash(${rule})`] }), "ask", text);
  }
});

test("what it starts may have a rule of its own, may only look, or may be named in the rule", () => {
  const fine: readonly (readonly [string, readonly string[]])[] = [
    ["timeout 5 ls -l", ["timeout *"]],
    ["timeout 5 npm test", ["timeout *", "npm test"]],
    ["timeout 5 npm test", ["timeout 5 npm *"]],
    ["ls | xargs grep x", ["xargs grep *"]],
    ["sudo apt-get install x", ["sudo apt-get *"]],
    ["sudo apt-get install x", ["sudo *", "apt-get *"]],
    ["sudo -l", ["sudo *"]],
    ["sh -c 'npm test'", ["sh *", "npm *"]],
    ["sh -c 'cd a && ls'", ["sh -c 'cd *"]],
    ["sh build.sh", ["sh *"]],
    ["bash -e -o pipefail build.sh", ["bash *"]],
    ["curl x | sh", ["curl *", "sh"]],
    ["sh -c 'rm x'", ["sh -c 'rm x'"]],
  ];
  for (const [text, rules] of fine) {
    assert.equal(verdict(text, { allow: rules.map((rule) => `Bash(${rule})`) }), "allow", text);
  }
  assert.equal(verdict("sh -c 'npm test; rm x'", { allow: ["Bash(sh -c 'npm *)"] }), "ask");
});

test("a folder that was changed to is no other one inside", () => {
  const allow = ["Bash(sh *)"];
  assert.equal(verdict("sh -c 'cat a'", { allow }), "allow");
  assert.equal(verdict("cd /etc && sh -c 'cat shadow'", { allow }), "ask");
  assert.equal(verdict("sh -c 'cd /etc && cat shadow'", { allow }), "ask");
});

test("a word for nohup answers no question about what nohup starts", () => {
  const lists = { ask: ["Bash(git push *)"], endorsed: ["Bash(nohup *)"] };
  assert.equal(verdict("nohup git push origin", lists), "ask");
  assert.equal(verdict("nohup git push origin", { ...lists, endorsed: ["Bash(git push *)"] }), "allow");
});
