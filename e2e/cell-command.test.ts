/** `cloister cell`: a person's own command in the cell, as a shell would run it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, until, type Place, type RunOutcome } from "./harness.ts";

test("input, output, errors and exit code pass through", async () => {
  using place = createPlace();
  const result = await cloister(place, ["cell", "--", "sh", "-c", "tr a-z A-Z; echo oops >&2; exit 7"], {
    input: "hello",
  });
  assert.deepEqual({ ...result }, { code: 7, signal: null, stdout: "HELLO", stderr: "oops\n" });
});

test("what follows -- is the command's own, options and all", async () => {
  using place = createPlace();
  const result = await cell(place, [], ["printf", "%s|", "--help", "--", "-v"]);
  assert.equal(result.stdout, "--help|--|-v|");
});

test("no command, a missing program and a wrong option each say what is wrong", async () => {
  using place = createPlace();
  const none = await cloister(place, ["cell"]);
  assert.equal(none.code, 64);
  assert.match(none.stderr, /no command given \[usage\]/);
  const missing = await cell(place, [], ["no-such-program"]);
  assert.equal(missing.code, 127);
  assert.match(missing.stderr, /\[command-not-found\]/);
  assert.equal((await cell(place, ["--memory", "lots"], ["true"])).code, 64);
  assert.equal((await cell(place, ["--read", "/no/such"], ["true"])).code, 1);
});

test("a command that a signal ends gives 128 and the signal's number; one out of time gives 124", async () => {
  using place = createPlace();
  assert.equal((await cell(place, [], ["sh", "-c", "kill -9 $$"])).code, 137);
  const late = await cell(place, ["--timeout", "1"], ["sleep", "60"]);
  assert.equal(late.code, 124);
  assert.match(late.stderr, /--timeout/);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} reaches the command, which may end in its own way`, async () => {
    using place = createPlace();
    const script = `trap 'echo bye; exit 9' ${signal.slice(3)}; touch ready; sleep 60 & wait`;
    const result = await cloister(place, ["cell", "--", "sh", "-c", script], {
      onStart: async (child) => {
        await until("the command", () => existsSync(join(place.project, "ready")) || undefined);
        child.kill(signal);
      },
    });
    assert.deepEqual([result.code, result.stdout], [9, "bye\n"], result.stderr);
  });
}

test("the tree is dead when we are: also what the command left in the background, also after kill -9", async () => {
  using place = createPlace();
  const left = await cell(place, [], ["sh", "-c", "sleep 6543 & echo done"]);
  assert.equal(left.stdout, "done\n");
  assert.deepEqual(processesWith("6543"), []);
  await cloister(place, ["cell", "--", "sh", "-c", "sleep 6544; true"], {
    onStart: async (child) => {
      // The control: it can be seen.
      await until("the command", () => processesWith("6544").length > 0 || undefined);
      child.kill("SIGKILL");
    },
  });
  await until("its end", () => processesWith("6544").length === 0 || undefined);
});

test("the command sees the project, a clean environment, and neither home nor network", async () => {
  using place = createPlace();
  const script =
    "cat README.md; env | cut -d= -f1 | sort; ls -A ~; cat ~/.ssh/id_ed25519; tail -n +3 /proc/net/dev";
  const result = await cloister(place, ["cell", "--", "sh", "-c", script], {
    environment: { CLOISTER_API_KEY: "KEY-CANARY", SOME_TOKEN: "ENV-CANARY" },
  });
  assert.match(result.stdout, /^A project\./);
  assert.doesNotMatch(result.stdout, /CANARY|SOME_TOKEN|API_KEY/);
  assert.match(result.stdout.trim().split("\n").at(-1) ?? "", /^\s*lo:/);
});

test("a file or folder given as input does not let the command out through it", () => {
  using place = createPlace();
  const script =
    "ls /proc/self/fd/0/ 2>&1; echo changed >> /proc/self/fd/0 2>/dev/null; readlink /proc/self/fd/0";
  const secret = join(place.base, "secret");
  writeFileSync(secret, "as it was");
  const command = [process.execPath, join(import.meta.dirname, "../packages/cli/src/main.ts"), "cell", "--"];
  const line = `${command.map((word) => `'${word}'`).join(" ")} sh -c "$SCRIPT" < ${secret}`;
  const { stdout } = spawnSync("/bin/sh", ["-c", line], {
    cwd: place.project,
    env: { HOME: place.home, PATH: process.env["PATH"] ?? "", SCRIPT: script },
    encoding: "utf8",
  });
  assert.equal(readFileSync(secret, "utf8"), "as it was");
  assert.doesNotMatch(stdout, /secret/);
});

test("--read shows a folder, --write lets it be written, --hide takes a file of the project out of sight", async () => {
  using place = createPlace({ "secret.txt": "HIDDEN-CANARY" });
  const more = join(place.base, "more");
  mkdirSync(more);
  writeFileSync(join(more, "a"), "shown\n");
  const unseen = await cell(place, [], ["cat", join(more, "a")]);
  assert.notEqual(unseen.code, 0);
  const read = await cell(place, ["--read", more], ["sh", "-c", `cat ${more}/a; echo x > ${more}/b`]);
  assert.equal(read.stdout, "shown\n");
  assert.equal(existsSync(join(more, "b")), false);
  assert.equal((await cell(place, ["--write", more], ["sh", "-c", `echo x > ${more}/b`])).code, 0);
  assert.equal(existsSync(join(more, "b")), true);
  const hidden = await cell(place, ["--hide", "secret.txt"], ["cat", "secret.txt"]);
  assert.notEqual(hidden.code, 0);
  assert.doesNotMatch(hidden.stdout + hidden.stderr, /CANARY/);
});

test("--unix inside lets programs talk among themselves", async () => {
  using place = createPlace();
  const program =
    "const s=require('net').createServer().listen('/tmp/s',()=>{console.log('up');s.close()}).on('error',(e)=>console.log(e.code))";
  assert.match((await cell(place, [], ["node", "-e", program])).stdout, /EAFNOSUPPORT|EACCES|EPERM/);
  assert.equal((await cell(place, ["--unix", "inside"], ["node", "-e", program])).stdout, "up\n");
});

test("--memory and --processes hold", async () => {
  using place = createPlace();
  const much = await cell(
    place,
    ["--memory", "128M"],
    ["sh", "-c", "head -c 400M /dev/zero | tail -c 400M | wc -c"],
  );
  assert.doesNotMatch(much.stdout, /419430400/);
  const fork = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 1 & done; wait; echo all";
  const many = await cell(place, ["--processes", "8"], ["bash", "-c", fork]);
  assert.match(many.stderr, /fork|unavailable/i);
});

test("--allow reaches the named host through the door, and nothing else; both are recorded", async () => {
  using place = createPlace();
  const server = createServer((_request, response) => response.end("served"));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = `curl -sS http://${address}/`;
  assert.notEqual((await cell(place, [], ["sh", "-c", ask])).code, 0, "the control: closed without --allow");
  const result = await cell(
    place,
    ["--allow", address],
    ["sh", "-c", `${ask}; curl -sS http://elsewhere.test/`],
  );
  server.close();
  assert.match(result.stdout, /^served/);
  assert.match(result.stdout, /elsewhere\.test/, "the refusal names the host");
  const text = JSON.stringify(await place.entries());
  assert.match(text, /egress/);
});

test("the command is recorded before it runs, its secrets sealed, and its end after", async () => {
  using place = createPlace();
  const key = ["AK", "IA", "Q7ZX4M2NB5VC3KLD"].join("");
  await cell(place, [], ["sh", "-c", `ls ${place.home}; exit 3 # ${key}`]);
  const entries = await place.entries();
  assert.deepEqual(
    entries.map((entry) => entry["t"]),
    ["session.start", "tool.call", "tool.result", "session.end"],
  );
  assert.equal(entries[1]?.["tier"], "bubblewrap");
  assert.equal(entries[2]?.["exit"], 3);
  const shown = await cloister(place, ["ledger", "show"]);
  assert.match(shown.stdout, /sh/);
  assert.doesNotMatch(shown.stdout, new RegExp(key));
});

test("a ledger that cannot be written starts nothing", async () => {
  using place = createPlace();
  writeFileSync(join(place.base, "file"), "");
  const result = await cell(place, ["--ledger", join(place.base, "file")], ["touch", "ran"]);
  assert.notEqual(result.code, 0);
  assert.equal(existsSync(join(place.project, "ran")), false);
});

test("without a cell only by name: it is shown, and recorded", async () => {
  using place = createPlace();
  const result = await cell(place, ["--tier", "none"], ["sh", "-c", "echo plain; exit 4"]);
  assert.deepEqual([result.code, result.stdout], [4, "plain\n"]);
  assert.match(result.stderr, /cell NONE/);
  assert.equal((await place.entries())[1]?.["tier"], "none");
});

test("the user's settings hold for every cell; flags add to them", async () => {
  using place = createPlace({ "secret.txt": "HIDDEN-CANARY", "other.txt": "OTHER-CANARY" });
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  const settings = join(place.home, ".cloister", "settings.json");
  writeFileSync(settings, JSON.stringify({ cell: { hide: ["secret.txt"] } }));
  const result = await cell(place, ["--hide", "other.txt"], ["sh", "-c", "cat secret.txt other.txt"]);
  assert.doesNotMatch(result.stdout, /CANARY/);
  // A project has no say: a file of settings of its own is not read.
  mkdirSync(join(place.project, ".cloister"));
  writeFileSync(join(place.project, ".cloister", "settings.json"), '{"cell":{"tier":"none"}}');
  const again = await cell(place, [], ["sh", "-c", "readlink /proc/self/ns/net"]);
  assert.doesNotMatch(again.stderr, /NONE/);
  writeFileSync(settings, JSON.stringify({ cell: { hidden: [] } }));
  assert.match((await cell(place, [], ["true"])).stderr, /\[bad-settings\]/);
});

test("a project reached through a link, and one with blanks in its name, work", async () => {
  using place = createPlace();
  const odd = join(place.base, "a, b:c\\d 'e");
  mkdirSync(odd);
  symlinkSync(odd, join(place.base, "link"));
  const result = await cell(
    place,
    ["--workspace", join(place.base, "link"), "--review=promote"],
    ["touch", "made"],
  );
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(readdirSync(odd), ["made"]);
});

test("doctor says what this machine can hold, for people and for programs", async () => {
  using place = createPlace();
  const told = await cloister(place, ["cell", "doctor"]);
  const { tier, checks } = JSON.parse((await cloister(place, ["cell", "doctor", "--json"])).stdout) as {
    tier: string;
    checks: { name: string; ok: boolean; detail: string }[];
  };
  assert.equal(told.code, tier === "bubblewrap" ? 0 : 1);
  for (const { name } of checks) assert.match(told.stdout, new RegExp(`[✓✗–] ${name} `));
  const chinese = await cloister(place, ["cell", "doctor"], { environment: { LANG: "zh_CN.UTF-8" } });
  assert.match(chinese.stdout, /隔离舱/);
});

function cell(place: Place, options: readonly string[], command: readonly string[]): Promise<RunOutcome> {
  return cloister(place, ["cell", ...options, "--", ...command]);
}

function processesWith(word: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`sleep\0${word}`);
    } catch {
      return false; // gone by now
    }
  });
}
