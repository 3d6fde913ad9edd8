import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { systemClock } from "@cloister/base";
import { eventually, runningWith } from "@cloister/fakes/machine";
import { parsePolicy } from "@cloister/policy";
import { admissionOf } from "../src/calls/subjects.ts";
import type { ProcessRequest, RunningProcess } from "../src/client.ts";
import { createFrameReader, encodeFrame, encodeJsonFrame } from "../src/process-frames.ts";
import { createWorld, type World } from "./world.ts";

const never = new AbortController().signal;

function command(
  shell: string,
  more: Partial<Extract<ProcessRequest, { kind: "command" }>> = {},
): ProcessRequest {
  return { kind: "command", shell, ...more };
}

async function textOf(running: RunningProcess): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const { bytes } of running.output) parts.push(bytes);
  return Buffer.concat(parts).toString("utf8");
}

/** Reads until a text is there, and goes on reading afterwards, so that the process never stands still. */
function watch(running: RunningProcess): { readonly until: (text: string) => Promise<string> } {
  let all = "";
  let changed = Promise.withResolvers<void>();
  void (async () => {
    for await (const { bytes } of running.output) {
      all += Buffer.from(bytes).toString("utf8");
      changed.resolve();
      changed = Promise.withResolvers();
    }
  })();
  return {
    until: async (text) => {
      while (!all.includes(text)) {
        const over = running.ended.then(() => "over");
        const happened = await Promise.race([changed.promise, over]);
        if (happened === "over" && !all.includes(text)) throw new Error(`ended without "${text}": ${all}`);
      }
      return all;
    },
  };
}

const untilThere = (mark: string): Promise<void> => eventually(mark, () => runningWith(mark).length > 0);
const untilGone = (mark: string): Promise<void> =>
  eventually(`${mark}, to end`, () => runningWith(mark).length === 0);

for (const tier of ["none", "bubblewrap"] as const) {
  test(`${tier}: output comes as it is printed, input goes in, and the end has the exit code`, async () => {
    await using world = await createWorld({ tier });
    const running = await world.client.start(
      command('echo ready; read line; echo "got $line" >&2; exit 3'),
      never,
    );
    const seen = watch(running);
    await seen.until("ready\n");
    running.write(Buffer.from("hello\n"));
    await seen.until("got hello\n");
    assert.deepEqual(await running.ended, { exitCode: 3, timedOut: false });
    const [call] = await world.recorded("tool.call");
    const [result] = await world.recorded("tool.result");
    assert.deepEqual([call?.["kind"], call?.["tier"]], ["background", tier]);
    assert.deepEqual([result?.["exit"], result?.["inputBytes"], result?.["outputBytes"]], [3, 6, 16]);
  });

  test(`${tier}: a client that is gone, an abort and a closed keeper each take the whole tree with them`, async () => {
    const marks = ["881", "882", "883"].map((seconds) => `${seconds}${process.pid}`);
    const line = (mark: string | undefined): string => `sleep ${mark} & (trap "" TERM; sleep ${mark}; :)`;
    {
      await using world = await createWorld({ tier });
      const aborting = new AbortController();
      const aborted = await world.client.start(command(`echo up; ${line(marks[0])}`), aborting.signal);
      await watch(aborted).until("up");
      await untilThere(`sleep\0${marks[0]}`);
      aborting.abort();
      assert.deepEqual(await aborted.ended, { timedOut: false });
      await untilGone(`sleep\0${marks[0]}`);
      const left = await world.client.start(command(`echo up; ${line(marks[1])}`), never);
      await watch(left).until("up");
      await untilThere(`sleep\0${marks[1]}`);
      world.client.close();
      await untilGone(`sleep\0${marks[1]}`);
      const last = await world.client.start(command(`echo up; ${line(marks[2])}`), never);
      await watch(last).until("up");
      await untilThere(`sleep\0${marks[2]}`);
    }
    await untilGone(`sleep\0${marks[2]}`);
  });

  test(`${tier}: kill asks first; what does not listen is ended with all that it started`, async () => {
    await using world = await createWorld({ tier });
    const polite = await world.client.start(
      command('trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.05; done'),
      never,
    );
    const seen = watch(polite);
    await seen.until("up");
    polite.kill();
    assert.deepEqual(await polite.ended, { exitCode: 7, timedOut: false });
    await seen.until("bye");
    const deaf = await world.client.start(
      command('trap "" TERM; echo up; while :; do sleep 0.05; done'),
      never,
    );
    await watch(deaf).until("up");
    deaf.kill();
    assert.equal((await deaf.ended).exitCode === 0, false);
  });
}

test("10 MB in both directions arrive whole, though whoever reads is slow", async () => {
  await using world = await createWorld({ tier: "bubblewrap" });
  const running = await world.client.start(command("cat"), never);
  const bytes = Buffer.alloc(10_000_000);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at);
  const write = async (): Promise<void> => {
    for (let at = 0; at < bytes.length; at += 300_000) {
      if (!running.write(bytes.subarray(at, at + 300_000))) await running.drained();
    }
    running.end();
  };
  const written = write();
  const parts: Uint8Array[] = [];
  for await (const { bytes: part } of running.output) {
    if (parts.push(part) % 50 === 0) await systemClock.sleep(1);
  }
  await written;
  assert.ok(Buffer.concat(parts).equals(bytes));
  assert.deepEqual(await running.ended, { exitCode: 0, timedOut: false });
});

test("a process whose output nobody reads stands still, and can be killed all the same", async () => {
  await using world = await createWorld({ tier: "bubblewrap" });
  const running = await world.client.start(command("yes"), never);
  const before = process.memoryUsage().rss;
  await systemClock.sleep(200);
  assert.ok(process.memoryUsage().rss - before < 60_000_000);
  running.kill();
  assert.notEqual((await running.ended).exitCode, 0);
});

test("a process that takes no input can be killed, and input without measure is refused", async () => {
  await using world = await createWorld({ tier: "bubblewrap" });
  const running = await world.client.start(command("echo up; exec sleep 1000"), never);
  await watch(running).until("up");
  const much = Buffer.alloc(1_000_000);
  const write = (): void => {
    for (let n = 0; n < 100; n++) running.write(much);
  };
  assert.throws(write, { code: "input-too-long" });
  running.kill();
  assert.equal((await running.ended).timedOut, false);
  await running.drained();
});

test("a timeout ends it, and says so", async () => {
  await using world = await createWorld({ tier: "bubblewrap" });
  const running = await world.client.start(command("sleep 1000", { timeoutMs: 100 }), never);
  assert.equal(await textOf(running), "");
  assert.equal((await running.ended).timedOut, true);
});

test("what the policy denies is not started, whatever door it comes by; nor is what nobody registered", async () => {
  const parsed = parsePolicy({
    version: 1,
    name: "house",
    tools: [{ tool: "Bash", match: "git push*", decision: "deny" }],
  });
  assert.ok(parsed.kind === "policy");
  await using world = await createWorld({ policy: parsed.policy });
  const refused: [ProcessRequest, string][] = [
    [command("git push"), "denied"],
    [{ kind: "server", name: "files" }, "unknown-process"],
    [{ kind: "hook", id: "__proto__", input: "", environment: {}, timeoutMs: 10 }, "unknown-process"],
    [
      { kind: "hook", id: "x", input: "", environment: { LD_PRELOAD: "/x.so" }, timeoutMs: 10 },
      "bad-process",
    ],
    [{ kind: "shell", name: "x" } as unknown as ProcessRequest, "bad-process"],
    [command("a\0b"), "bad-process"],
    [command("x", { terminal: { columns: 0, rows: 1e9 } }), "bad-process"],
  ];
  for (const [request, code] of refused) {
    await assert.rejects(world.client.start(request, never), { code }, JSON.stringify(request));
  }
  assert.deepEqual(
    (await world.entries()).filter(({ t }) => t === "tool.call"),
    [],
  );
});

test("servers and hooks run as they were registered, and a bridge looks like a server", async () => {
  const view = (world: World): World["view"] => world.view;
  const servers = new Map();
  const hooks = new Map();
  await using world = await createWorld({ tier: "bubblewrap", processes: { servers, hooks } });
  servers.set("echo", {
    argv: ["/bin/sh", "-c", "cat; echo $A >&2"],
    environment: { A: "own" },
    view: view(world),
  });
  hooks.set("h1", {
    argv: ["/bin/sh", "-c", 'cat; echo "$HOOK_EVENT $PATH"; exit 2'],
    environment: { PATH: "/usr/bin:/bin" },
    view: view(world),
  });
  servers.set("upper", {
    bridge: async ({
      input,
      output,
    }: {
      input: AsyncIterable<Uint8Array>;
      output: (bytes: Uint8Array) => Promise<void>;
    }) => {
      for await (const bytes of input) await output(Buffer.from(Buffer.from(bytes).toString().toUpperCase()));
      throw new Error("gone");
    },
  });
  const server = await world.client.start({ kind: "server", name: "echo" }, never);
  server.write(Buffer.from("hi\n"));
  server.end();
  assert.equal(await textOf(server), "hi\nown\n");
  const hook = await world.client.start(
    { kind: "hook", id: "h1", input: "{}\n", environment: { HOOK_EVENT: "stop" }, timeoutMs: 60_000 },
    never,
  );
  assert.equal(await textOf(hook), "{}\nstop /usr/bin:/bin\n");
  assert.equal((await hook.ended).exitCode, 2);
  const bridge = await world.client.start({ kind: "server", name: "upper" }, never);
  bridge.write(Buffer.from("abc"));
  bridge.end();
  assert.equal(await textOf(bridge), "ABCgone\n");
  assert.equal((await bridge.ended).exitCode, 1);
  const calls = await world.recorded("tool.call");
  assert.deepEqual(
    calls.map(({ kind, name }) => [kind, name]),
    [
      ["server", "echo"],
      ["hook", "h1"],
      ["server", "upper"],
    ],
  );
});

test("a bridge that does not listen keeps nobody: the keeper closes all the same", async () => {
  const deaf = { bridge: () => new Promise<void>(() => undefined) };
  // That the test ends is the claim: the bridge never does.
  await using world = await createWorld({
    processes: { servers: new Map([["deaf", deaf]]), hooks: new Map() },
  });
  const running = await world.client.start({ kind: "server", name: "deaf" }, never);
  world.client.close();
  assert.deepEqual(await running.ended, { timedOut: false });
});

test("no more than a named number run at once", async () => {
  await using world = await createWorld();
  const all = Array.from({ length: 33 }, () => world.client.start(command("sleep 1000"), never));
  const settled = await Promise.allSettled(all);
  const refused = settled.flatMap((one) =>
    one.status === "rejected" ? [(one.reason as { code: string }).code] : [],
  );
  assert.deepEqual(refused, ["too-many-processes"]);
});

test("a stream that holds no frames, or frames out of turn, ends with whatever it started", async () => {
  const mark = `884${process.pid}`;
  await using world = await createWorld({ tier: "bubblewrap" });
  const bad = [
    [Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    [Buffer.from([2, 255, 255, 255, 255])],
    [encodeFrame("input", Buffer.from("x"))],
    [encodeJsonFrame("request", command(`sleep ${mark}`)), encodeFrame("ended")],
    [encodeJsonFrame("request", command(`sleep ${mark}`)), encodeJsonFrame("size", { columns: "x" })],
  ];
  for (const frames of bad) {
    const socket = await open(world.socketPath);
    const [first, then] = frames;
    const closed = new Promise((resolve) => socket.on("close", resolve));
    if (then !== undefined) {
      const started = new Promise<void>((resolve) => {
        const read = createFrameReader((kind) => kind === "started" && resolve());
        socket.on("data", read);
      });
      socket.write(first ?? "");
      await started;
      socket.write(then);
    } else {
      socket.resume();
      socket.write(first ?? "");
    }
    await closed;
  }
  await untilGone(`sleep\0${mark}`);
});

function open(socketPath: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const headers = { connection: "Upgrade", upgrade: "cloister-process" };
    const request = httpRequest({
      socketPath,
      path: "/cloister/processes",
      method: "POST",
      headers,
      agent: false,
    });
    request.on("upgrade", (_response, socket) => resolve(socket.on("error", () => undefined)));
    request.on("error", reject);
    request.end();
  });
}

test("a terminal has a size that can change, and ctrl-c reaches what runs in it", async () => {
  await using world = await createWorld({ tier: "bubblewrap" });
  const terminal = { columns: 81, rows: 25 };
  const running = await world.client.start(
    command('stty size; trap "echo int; stty size; exit 4" INT; while :; do stty size; sleep 0.05; done', {
      terminal,
    }),
    never,
  );
  const seen = watch(running);
  await seen.until("25 81");
  running.resize(100, 30);
  await seen.until("30 100");
  running.write(Buffer.from("\u0003"));
  await seen.until("int");
  assert.equal((await running.ended).exitCode, 4);
});

test("a command in the background that changes what steers agents finds it put back at its end; a person's edit meanwhile stays", async () => {
  await using world = await createWorld({ tier: "bubblewrap" });
  const place = (name: string): string => join(world.workspace, name);
  writeFileSync(place("CLAUDE.md"), "old");
  const line = 'read line; n=AGENTS; echo obey me > "$n.md"';
  const running = await world.client.start(command(line), never);
  const edit = { tool: "Edit", text: "CLAUDE.md" };
  world.session.judgement.admit(admissionOf(edit, world.session));
  writeFileSync(place("CLAUDE.md"), "new");
  running.write(Buffer.from("\n"));
  assert.match((await running.ended).note ?? "", /AGENTS\.md.*put back/);
  const names = readdirSync(world.workspace).filter((name) => !name.startsWith("."));
  assert.deepEqual(names.toSorted(), ["AGENTS.md.aside", "CLAUDE.md"]);
  assert.equal(readFileSync(place("CLAUDE.md"), "utf8"), "new");
});

test("what a command prints is told as it comes, once, and its result holds all of it", async () => {
  await using world = await createWorld();
  const pieces: string[] = [];
  // The command goes on once it is known that it was heard.
  const onOutput = (text: string): void => {
    pieces.push(text);
    writeFileSync(join(world.workspace, `heard-${pieces.length}`), "");
  };
  const options = { timeoutMs: 60_000, signal: never, onOutput };
  // Within a tenth of a second there is nothing to tell; a busy machine takes longer, and then it is told.
  const shortly: string[] = [];
  const briefly = { ...options, onOutput: (text: string): void => void shortly.push(text) };
  const short = await world.client.run({ shell: "echo a" }, briefly);
  assert.equal(short.output, "a\n");
  assert.ok("a\n".startsWith(shortly.join("")));
  const untilHeard = (count: number): string => `until test -e heard-${count}; do sleep 0.01; done`;
  const shell = `echo a; ${untilHeard(1)}; echo b; ${untilHeard(2)}; echo c`;
  const long = await world.client.run({ shell }, options);
  assert.deepEqual([long.output, pieces], ["a\nb\nc\n", ["a\n", "b\n"]]);
  await world.client.run({ shell: "yes | head -c 20000000; sleep 0.2" }, options);
  assert.ok(pieces.length < 200 && pieces.every((piece) => piece.length <= 4096));
});
