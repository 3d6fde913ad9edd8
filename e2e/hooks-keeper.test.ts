/** Hooks and skills whose word the keeper takes: what they spare, what they change, and what they are told over HTTP. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import { isRecord } from "@cloister/base";
import { after, bash, call, hook, play } from "./foreign-project.ts";
import { cloister, createPlace, mainFile, rehearse, type Place } from "./harness.ts";

function put(folder: string, files: Readonly<Record<string, unknown>>): void {
  for (const [path, value] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof value === "string" ? value : JSON.stringify(value));
  }
}

const decides = (own: object): string =>
  JSON.stringify({ hookSpecificOutput: { hookEventName: "PreToolUse", ...own } });

/** A program at the other end, which says no to every question. */
async function refuseAll(
  place: Place,
  turns: readonly RehearsalTurn[],
  message = "go",
): Promise<{ readonly asked: readonly unknown[]; readonly failures: readonly string[] }> {
  const rehearsal = await rehearse(turns);
  const lines = ["--input-format", "stream-json", "--output-format", "stream-json"];
  const args = [...lines, "--permission-prompt-tool", "stdio", "--endpoint", rehearsal.url];
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: place.project,
    env: { PATH: process.env["PATH"], HOME: place.home, TMPDIR: tmpdir() },
    stdio: ["pipe", "pipe", "ignore"],
    timeout: 60_000,
  });
  const say = (line: object): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  say({ type: "user", message: { role: "user", content: message } });
  const asked: unknown[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    const line: unknown = JSON.parse(text);
    if (!isRecord(line)) continue;
    if (line["type"] === "control_request" && isRecord(line["request"])) {
      asked.push(line["request"]["input"]);
      const response = { behavior: "deny", message: "no" };
      const { request_id } = line;
      say({ type: "control_response", response: { subtype: "success", request_id, response } });
    }
    if (line["type"] === "result") child.stdin.end();
  }
  await rehearsal.close();
  return { asked, failures: rehearsal.failures };
}

const asksAll = { permissions: { askFor: "all" } };

test("a hook of the person's spares the question about a command, and no question of the policy's", async () => {
  using place = createPlace();
  const allow = `grep -q '"command":"touch made"\\|AGENTS' && echo '${decides({ permissionDecision: "allow" })}'`;
  put(place.home, {
    ".cloister/settings.json": asksAll,
    ".claude/settings.json": { hooks: { PreToolUse: [hook("Bash|Write", allow)] } },
  });
  const { asked, failures } = await refuseAll(place, [
    { calls: [bash("touch made")] },
    { calls: [bash("touch other")] },
    after(["the user said no"], {
      calls: [call("Write", { file_path: ".github/workflows/AGENTS.yml", content: "x" })],
    }),
    after(["the user said no"], { text: "Done." }),
  ]);
  assert.deepEqual(failures, []);
  assert.ok(existsSync(join(place.project, "made")));
  assert.ok(!existsSync(join(place.project, "other")));
  assert.equal(asked.length, 2);
  const entries = await place.entries();
  const runs = entries.filter(({ kind }) => kind === "hook");
  assert.equal(runs.length, 2, "once for each command: what the keeper heard is not asked again");
  const words = entries.filter(({ t }) => t === "endorse");
  assert.deepEqual(
    words.map(({ by }) => by),
    ["hook PreToolUse"],
  );
});

test("a command's own allowed-tools hold while it is followed, and the person's rules before them", async () => {
  using place = createPlace();
  put(place.home, {
    ".cloister/settings.json": { permissions: { askFor: "all", deny: ["Bash(touch never)"] } },
    ".claude/commands/make-it.md": "---\nallowed-tools: Bash(touch *)\n---\nMake it.",
  });
  const turns = [
    { calls: [bash("touch made")] },
    { calls: [bash("touch never")] },
    after(["touch never"], { text: "Done." }),
  ];
  const { asked, failures } = await refuseAll(place, turns, "/make-it");
  assert.deepEqual([failures, asked], [[], []]);
  assert.ok(existsSync(join(place.project, "made")));
  assert.ok(!existsSync(join(place.project, "never")));
  const plain = await refuseAll(place, [{ calls: [bash("touch more")] }, { text: "Done." }], "make it");
  assert.equal(plain.asked.length, 1);
});

test("a refused call is told to hooks, and one may say that it can be tried again", async () => {
  using place = createPlace();
  const retry = { hookSpecificOutput: { hookEventName: "PermissionDenied", retry: true } };
  const line = `grep -q '"reason":".*Bash(touch never)' && echo '${JSON.stringify(retry)}'`;
  put(place.home, {
    ".claude/settings.json": {
      permissions: { deny: ["Bash(touch never)"] },
      hooks: { PermissionDenied: [hook("Bash", line)] },
    },
  });
  const rehearsal = await rehearse([
    { calls: [bash("touch never")] },
    after(["Bash(touch never)", "[hook] you may try it again"], { text: "Done." }),
  ]);
  const { stderr } = await cloister(place, ["-p", "go", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual(rehearsal.failures, [], stderr);
});

test("what a hook makes of an edit is judged and written; what a rule denies of it is not", async () => {
  const changed = (path: string): string =>
    decides({ permissionDecision: "allow", updatedInput: { file_path: path, content: "formatted\n" } });
  const one = `if grep -q first; then echo '${changed("b.txt")}'; else echo '${changed("kept/c.txt")}'; fi`;
  using played = await play({
    files: { ".claude/settings.json": JSON.stringify({ hooks: { PreToolUse: [hook("Write", one)] } }) },
    args: ["--deny", "Edit(kept/**)"],
    turns: [
      { calls: [call("Write", { file_path: "a.txt", content: "first" })] },
      after(["its arguments were changed"], {
        calls: [call("Write", { file_path: "a.txt", content: "second" })],
      }),
      after(["those are refused", "Edit(kept/**)"], { text: "Done." }),
    ],
  });
  const { project } = played.place;
  assert.equal(readFileSync(join(project, "b.txt"), "utf8"), "formatted\n");
  assert.ok(!existsSync(join(project, "a.txt")));
  assert.ok(!existsSync(join(project, "kept/c.txt")));
});

test("a hook that is an address is told, sealed and on record; of a project's it must be allowed", async (t) => {
  const heard: { readonly body: string; readonly token: string | undefined }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request
      .on("data", (chunk: Buffer) => (body += chunk.toString("utf8")))
      .on("end", () => {
        heard.push({ body, token: request.headers["x-token"]?.toString() });
        const isBad = body.includes("touch bad");
        const said = { permissionDecision: "deny", permissionDecisionReason: "not that one" };
        response.setHeader("content-type", "application/json");
        response.end(isBad ? decides(said) : "{}");
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const secret = ["AK", "IA", "Q7RXZ2M4T6B8", "N3VC"].join("");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const http = { type: "http", url, headers: { "X-Token": "$HOOK_TOKEN" }, allowedEnvVars: ["HOOK_TOKEN"] };
  const hooks = { PreToolUse: [{ matcher: "Bash", hooks: [http] }] };
  using place = createPlace();
  put(place.home, { ".claude/settings.json": { hooks } });
  const turns = [
    { calls: [bash("touch bad")] },
    after(["not that one"], { calls: [bash(`echo ${secret} > made`)] }),
    { text: "Done." },
  ];
  const go = async (where: Place): Promise<void> => {
    const rehearsal = await rehearse(turns.slice(where === place ? 0 : 2));
    const result = await cloister(where, ["-p", "go", "--endpoint", rehearsal.url], {
      environment: { HOOK_TOKEN: "t-1" },
    });
    await rehearsal.close();
    assert.deepEqual(rehearsal.failures, [], result.stderr);
  };
  await go(place);
  assert.ok(!existsSync(join(place.project, "bad")));
  assert.deepEqual(
    heard.map(({ token }) => token),
    ["t-1", "t-1"],
  );
  assert.match(heard[0]?.body ?? "", /"tool_input":\{"command":"touch bad"\}/);
  assert.doesNotMatch(heard[1]?.body ?? "", new RegExp(secret));
  const entries = await place.entries();
  assert.equal(entries.filter(({ t: type }) => type === "hook.post").length, 2);
  assert.equal(entries.filter((entry) => entry["t"] === "egress" && entry["way"] === "hook").length, 2);

  const projects = { UserPromptSubmit: [{ hooks: [http] }] };
  using foreign = createPlace({ ".claude/settings.json": JSON.stringify({ hooks: projects }) });
  assert.equal((await cloister(foreign, ["trust", "--yes"])).code, 0);
  await go(foreign);
  const refused = (await foreign.entries()).find((entry) => entry["t"] === "egress");
  assert.deepEqual(refused?.["decision"], { kind: "refuse", rule: "egress-not-listed" });
  assert.equal(heard.length, 2, "nothing reached it");
});
