import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { builtInPolicy, parsePolicy, type Policy } from "@cloister/policy";
import { addToOwnFile, ownFilePath, readOwnFile } from "./own-file.ts";
import { flagJudgement, openPermissions, type PermissionWishes } from "./session-permissions.ts";
import { toPermissionRules } from "./imported.ts";

function policyWith(settings: object): Policy {
  const parsed = parsePolicy({ version: 1, name: "house", settings });
  assert.ok(parsed.kind === "policy");
  return parsed.policy;
}

const closed = policyWith({ "permissions.bypass": { mandatory: false } });

function withHome<T>(run: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "permissions-"));
  return run(home).finally(() => rmSync(home, { recursive: true, force: true }));
}

function open(wishes: PermissionWishes, policy = builtInPolicy): ReturnType<typeof openPermissions> {
  return withHome((home) => openPermissions(wishes, { policy, home, workspace: "/w", tier: "bubblewrap" }));
}

test("a policy can forbid to allow everything, in every way to say it, and then nothing starts", async () => {
  for (const text of ["*", "**", "*(*)"]) {
    const flags = { allow: [text], deny: [] };
    assert.throws(() => flagJudgement(flags, { policy: closed, home: "/h" }), {
      code: "bypass-forbidden",
      message: /house forbids that/,
    });
    assert.equal(flagJudgement(flags, { policy: builtInPolicy, home: "/h" }).mode, "bypass");
  }
  await assert.rejects(open({ mode: "bypass" }, closed), { code: "bypass-forbidden" });
  assert.equal(
    flagJudgement({ allow: ["Bash", "Edit(src/**)"], deny: [] }, { policy: closed, home: "/h" }).mode,
    "default",
  );
});

test("what is no rule is an error of usage that shows some", () => {
  assert.throws(() => flagJudgement({ allow: [], deny: ["Bash("] }, { policy: builtInPolicy, home: "/h" }), {
    code: "usage",
    next: /Bash\(git push \*\)/,
  });
});

const block = { allow: ["WebFetch"], ask: [], deny: ["Read(.env)"], additionalDirectories: [] };

function imported(
  scope: "user" | "project",
  isTrusted: boolean,
  more: object,
): NonNullable<PermissionWishes["imported"]> {
  const origin = { scope, path: "/w/.claude/settings.json" };
  // Only what is read here.
  const settings = { origin, permissions: { ...block, ...more } } as never;
  return [{ origin, isTrusted, settings }];
}

test("a project that nobody trusts allows nothing and chooses no mode; what it forbids counts", async () => {
  const asked = { defaultMode: "plan" };
  const stranger = await open({ imported: imported("project", false, asked) });
  assert.deepEqual([stranger.mode, stranger.judgement.rules?.allow], ["default", []]);
  assert.equal(stranger.judgement.rules?.deny.length, 1);
  const trusted = await open({ imported: imported("project", true, asked) });
  assert.deepEqual([trusted.mode, trusted.judgement.rules?.allow.length], ["plan", 1]);
});

test("no imported setting turns the questions off, trusted or not", async () => {
  for (const scope of ["user", "project"] as const) {
    const found = await open({ imported: imported(scope, true, { defaultMode: "bypassPermissions" }) });
    assert.equal(found.mode, "default");
  }
  const off = imported("user", true, { disableBypassPermissionsMode: "disable" });
  await assert.rejects(open({ mode: "bypass", imported: off }), { code: "bypass-forbidden" });
});

test("a saved session's mode is believed where it is a strict one, for its agent said it", async () => {
  assert.equal((await open({ resumed: "plan" })).mode, "plan");
  assert.equal((await open({ resumed: "bypass" })).mode, "default");
  assert.equal((await open({ resumed: "plan", mode: "acceptEdits" })).mode, "acceptEdits");
});

test("a mandatory mode is the only one", async () => {
  const policy = policyWith({ "permissions.mode": { mandatory: "plan" } });
  assert.equal((await open({}, policy)).mode, "plan");
  const found = await open({}, policy);
  assert.match(String(found.whyNotMode("default")?.message), /policy house/);
  await assert.rejects(open({ mode: "acceptEdits" }, policy), { code: "forbidden-by-policy" });
});

test("always is written to the person's own file, for this workspace alone, and comes back with its line", async () => {
  await withHome(async (home) => {
    await addToOwnFile(home, "/w", { kind: "rules", rules: ["Bash(npm run *)"] });
    await addToOwnFile(home, "/w", { kind: "rules", rules: ["Bash(npm run *)", "Edit(./a)"] });
    await addToOwnFile(home, "/w", { kind: "call", hash: "ab".repeat(32), text: "Bash(./x.sh)" });
    const path = ownFilePath(home);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const { allow, approved } = await readOwnFile(home, "/w");
    assert.deepEqual(
      allow.map(({ text, origin }) => [text, origin]),
      [
        ["Bash(npm run *)", `${path}:5`],
        ["Edit(./a)", `${path}:6`],
      ],
      readFileSync(path, "utf8"),
    );
    assert.deepEqual([...approved], ["ab".repeat(32)]);
    const other = await readOwnFile(home, "/else");
    assert.deepEqual([other.allow, other.approved.size], [[], 0]);
  });
});

test("an own file that others may write, or that holds a broken rule, stops the start", async () => {
  const { writeFileSync, chmodSync, mkdirSync } = await import("node:fs");
  await withHome(async (home) => {
    mkdirSync(join(home, ".cloister"));
    const path = ownFilePath(home);
    writeFileSync(path, "deny: ['Bash(']\n", { mode: 0o600 });
    await assert.rejects(readOwnFile(home, "/w"), {
      code: "bad-permissions",
      message: /permissions\.yaml:1/,
    });
    writeFileSync(path, "denny: []\n");
    await assert.rejects(readOwnFile(home, "/w"), { code: "bad-permissions", message: /"denny"/ });
    writeFileSync(path, "deny: []\n");
    chmodSync(path, 0o666);
    await assert.rejects(readOwnFile(home, "/w"), {
      code: "bad-permissions",
      message: /others may write it/,
    });
  });
});

test("a rule of another agent's settings is shown with its file and line, one that cannot be read as a problem", () => {
  const found = toPermissionRules(imported("user", true, { deny: ["Bash(", "Bash(rm *)"] }), () => 7);
  assert.deepEqual(
    found.rules.deny.map(({ origin }) => origin),
    ["/w/.claude/settings.json:7"],
  );
  assert.deepEqual(
    found.problems.map(({ origin, text }) => [origin, text]),
    [["/w/.claude/settings.json", "Bash("]],
  );
});
