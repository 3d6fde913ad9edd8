/** Watches system calls: whom does a whole session, with no configuration, open a connection to? */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, rehearse } from "./harness.ts";

test("a whole session connects to its endpoint, to its own socket, and to nothing else", async () => {
  assert.match(
    execFileSync("strace", ["--version"]).toString(),
    /strace/,
    "strace is needed: apt-get install strace",
  );
  using place = createPlace({ "a.txt": "x\n" });
  const rehearsal = await rehearse([
    {
      calls: [
        { name: "Read", arguments: { file_path: "a.txt" } },
        { name: "Grep", arguments: { pattern: "x" } },
      ],
    },
    { calls: [{ name: "Bash", arguments: { command: "ls" } }] },
    { text: "Done." },
  ]);
  const trace = join(place.base, "trace");
  const wrapper = ["strace", "-f", "-qq", "-e", "trace=network", "-o", trace];
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url], { wrapper });
  await rehearsal.close();
  assert.equal(result.code, 0, result.stderr);

  const calls = readFileSync(trace, "utf8").split("\n");
  const targets = calls.filter((line) => /\b(connect|sendto|sendmsg|sendmmsg)\(/.test(line)).map(targetOf);
  const port = new URL(rehearsal.url).port;
  const elsewhere = targets.filter(
    (target) => !["nowhere", `127.0.0.1:${port}`, "keeper", "kernel"].includes(target),
  );
  assert.deepEqual(elsewhere, []);
  assert.ok(targets.includes(`127.0.0.1:${port}`), "the trace does see connections");
  assert.ok(targets.includes("keeper"));
  const families = new Set(calls.flatMap((line) => /\bsocket\((AF_\w+)/.exec(line)?.[1] ?? []));
  for (const family of families) assert.ok(["AF_UNIX", "AF_INET", "AF_NETLINK"].includes(family), family);
});

test("looking for a model asks this machine's loopback only", async () => {
  using place = createPlace();
  const trace = join(place.base, "trace");
  const wrapper = ["strace", "-f", "-qq", "-e", "trace=network", "-o", trace];
  const result = await cloister(place, ["-p", "x"], { wrapper });
  const targets = readFileSync(trace, "utf8")
    .split("\n")
    .filter((line) => /\b(connect|sendto)\(/.test(line))
    .map(targetOf);
  assert.deepEqual(
    targets.filter((target) => !/^(nowhere|kernel|127\.0\.0\.1:(11434|8080|8000|30000|1234))$/.test(target)),
    [],
  );
  assert.ok(targets.includes("127.0.0.1:11434"));
  // Whether something answered depends on the machine; when nothing did, the message has to help.
  if (result.code === 69) {
    assert.match(
      result.stderr,
      /no-model-found[^]*ollama serve[^]*llama-server[^]*vllm serve[^]*cloister tour/,
    );
  }
});

function targetOf(line: string): string {
  const inet = /sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)/.exec(line);
  if (inet !== null) return `${inet[2]}:${inet[1]}`;
  if (/sa_family=AF_UNIX, sun_path="[^"]*keeper\.sock"/.test(line)) return "keeper";
  if (line.includes("sa_family=AF_NETLINK")) return "kernel";
  if (line.includes("sa_family=")) return line;
  return "nowhere"; // no address: the other end was fixed when the socket was made, and is seen there
}
