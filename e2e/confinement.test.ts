/** The agent's process seen from outside, with the means of a security officer: /proc, and none of our code. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { bodies, cloister, createPlace, rehearse, until } from "./harness.ts";

test("the agent's process has no network, no capability, no key and no home; one socket is its only door", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "never", fault: "stall" }]);
  let seen: Seen | undefined;
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url], {
    environment: { CLOISTER_API_KEY: "KEY-CANARY" },
    onStart: async (child) => {
      await until("a request", () => rehearsal.requests[0]);
      seen = look(agentProcesses(place.project)[0] ?? 0);
      child.kill("SIGINT");
    },
  });
  await rehearsal.close();
  assert.ok(seen !== undefined, result.stderr);
  assert.notEqual(seen.network, readlinkSync("/proc/self/ns/net"));
  assert.deepEqual(seen.interfaces, ["lo"]);
  assert.equal(seen.routes, 0);
  assert.match(seen.status, /CapEff:\s+0+\n/);
  assert.match(seen.status, /NoNewPrivs:\s+1/);
  assert.match(seen.status, /Seccomp:\s+2/);
  assert.doesNotMatch(seen.environment, /CANARY/);
  // The home is a mount of its own, an empty one.
  assert.match(seen.mounts, new RegExp(` ${place.home} [^\\n]*tmpfs`));
  assert.doesNotMatch(seen.mounts, / \/usr\/bin /, "no program but its own is shown to it");
  assert.equal(rehearsal.requests[0]?.headers.authorization, "Bearer KEY-CANARY", "the keeper has the key");
  assert.deepEqual(agentProcesses(place.project), [], "it is gone with the session");
});

test("the agent's commands see neither the home nor the key, and their cell is recorded", async () => {
  using place = createPlace({ "look.sh": "env; cat ~/.ssh/id_ed25519; ls -A ~; cat /proc/*/environ\n" });
  const rehearsal = await rehearse([
    {
      calls: [
        // From a file of the project: said outright, the line would be refused before it could show anything.
        { name: "Bash", arguments: { command: "sh look.sh" } },
      ],
    },
    { text: "Done." },
  ]);
  await cloister(place, ["-p", "x", "--endpoint", rehearsal.url], {
    environment: { CLOISTER_API_KEY: "KEY-CANARY" },
  });
  await rehearsal.close();
  assert.doesNotMatch(rehearsal.requests[1]?.body.toString() ?? "", /CANARY/);
  const entries = await place.entries();
  assert.equal(entries.find((entry) => entry["t"] === "session.start")?.["tier"], "bubblewrap");
  assert.equal(entries.find((entry) => entry["t"] === "tool.call")?.["tier"], "bubblewrap");
});

test("without a cell only by name: it is shown, and recorded", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([
    { calls: [{ name: "Bash", arguments: { command: "echo plain" } }] },
    { text: "Done." },
  ]);
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url, "--cell", "none"]);
  await rehearsal.close();
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /cell NONE/);
  assert.equal((await place.entries()).find((entry) => entry["t"] === "session.start")?.["tier"], "none");
});

interface Seen {
  readonly network: string;
  readonly interfaces: readonly string[];
  readonly routes: number;
  readonly status: string;
  readonly environment: string;
  readonly mounts: string;
}

function look(pid: number): Seen {
  const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, "utf8");
  const lines = (text: string, skip: number): string[] => text.trim().split("\n").slice(skip);
  return {
    network: readlinkSync(`/proc/${pid}/ns/net`),
    interfaces: lines(read("net/dev"), 2).map((line) => line.trim().split(":")[0] ?? ""),
    routes: lines(read("net/route"), 1).length,
    status: read("status"),
    environment: read("environ"),
    mounts: read("mounts"),
  };
}

/** Processes that run the agent in this project, bubblewrap's own aside. */
function agentProcesses(project: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return (
          command.includes("agent-process") &&
          !command[0]?.endsWith("bwrap") &&
          readlinkSync(`/proc/${pid}/cwd`) === project
        );
      } catch {
        return false; // no process, or gone by now
      }
    });
}

test("a command of the agent can start thousands of processes, and no more than that", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([
    { calls: [{ name: "Bash", arguments: { command: "ulimit -u; ulimit -Hu" } }] },
    { text: "Done." },
  ]);
  const { code, stderr } = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(code, 0, stderr);
  assert.match(bodies(rehearsal).at(-1) ?? "", /"content":"4096\\n4096"/);
});
