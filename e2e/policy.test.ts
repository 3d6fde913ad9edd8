/** The policy of a machine, as those meet it who would rather do without: it is applied last, and nothing moves it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { cloister, createPlace, until, type Place } from "./harness.ts";
import { hasMachines, machineWith, openCounted, startAirlockOn, type Counted } from "./machine.ts";

const skip = !hasMachines && "no user namespaces here";

const closed = `version: 1
name: closed
endpoints:
  unlisted: refuse
  rules:
    - {match: llm.corp.example, clearance: core}
settings:
  cell.tier: {mandatory: bubblewrap}
  permissions.bypass: {mandatory: false}
  declassify: {mandatory: false}
`;

function write(place: Place, path: string, content: unknown): void {
  const full = join(place.base, path);
  mkdirSync(join(full, ".."), { recursive: true });
  writeFileSync(full, typeof content === "string" ? content : JSON.stringify(content));
}

const open = "version: 1\nname: mine\nendpoints: {unlisted: as-configured}\n";

interface Weakening {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, unknown>>;
}

/** What somebody may try so that the policy's refusal of an endpoint does not hold. */
const weakenings: Readonly<Record<string, Weakening>> = {
  nothing: {},
  "a flag for the clearance": { flags: ["--clearance", "core"] },
  "a flag for the label": { flags: ["--label", "public"] },
  "a person's endorsement": { flags: ["--allow", "Bash(*)"] },
  "the user's settings": {
    files: {
      "home/.cloister/settings.json": { clearance: "core", label: "public", cell: { tier: "bubblewrap" } },
    },
  },
  "the project's settings": {
    files: {
      "project/.cloister/settings.json": { clearance: "core", label: "public", policy: "none" },
      "project/.claude/settings.json": { permissions: { defaultMode: "bypassPermissions" } },
    },
  },
  "a policy of the user's, and of the project's": {
    files: {
      "home/.cloister/policy.yaml": open,
      "home/.config/cloister/policy.yaml": open,
      "project/.cloister/policy.yaml": open,
      "project/policy.yaml": open,
    },
  },
  "variables of any name": {
    environment: Object.fromEntries(
      [
        "POLICY",
        "POLICY_FILE",
        "POLICY_DIR",
        "POLICY_DIRECTORY",
        "CONFIG",
        "CONFIG_DIR",
        "SETTINGS",
        "HOME",
        "MANAGED",
        "ETC",
        "PERMISSION",
        "PERMISSIONS",
        "LABEL",
        "CLEARANCE",
        "NO_POLICY",
        "SKIP_POLICY",
        "UNSAFE",
      ].map((name) => [`CLOISTER_${name}`, "/tmp/none"]),
    ),
  },
  "a loader's variable": { environment: { XDG_CONFIG_HOME: "/tmp/none", XDG_CONFIG_DIRS: "/tmp/none" } },
};

for (const [name, { flags = [], environment = {}, files = {} }] of Object.entries(weakenings)) {
  test(
    `an endpoint that the policy does not list is not even asked what it is: ${name}`,
    { skip },
    async () => {
      using place = createPlace();
      await using server = await openCounted();
      for (const [path, content] of Object.entries(files)) write(place, path, content);
      const wrapper = machineWith(place, { "policy.yaml": closed });
      for (const command of [
        ["-p", "hi"],
        ["airlock", "--listen", "127.0.0.1:0"],
      ]) {
        const args = [...command, "--endpoint", server.url, ...flags];
        const { code, stderr } = await cloister(place, args, { wrapper, environment });
        assert.equal(code, 77, stderr);
        assert.match(stderr, /no rule of the policy "closed" names the endpoint 127\.0\.0\.1/);
        assert.match(stderr, /endpoints\.unlisted/);
      }
      assert.equal(server.connections(), 0);
    },
  );
}

test(
  "doing without the cell is refused where the policy wants one: not honoured, and not quietly changed",
  { skip },
  async () => {
    using place = createPlace();
    await using server = await openCounted();
    const wrapper = machineWith(place, {
      "policy.yaml": closed.replace("unlisted: refuse", "unlisted: as-configured"),
    });
    const refused = async (args: readonly string[]): Promise<void> => {
      const { code, stderr } = await cloister(place, args, { wrapper });
      assert.equal(code, 77, stderr);
      assert.match(stderr, /the cell must be bubblewrap here, and none was asked for/);
      assert.match(stderr, /settings\.cell\.tier, line 8/);
    };
    const task = ["-p", "hi", "--endpoint", server.url];
    await refused([...task, "--cell", "none"]);
    await refused(["cell", "--tier", "none", "--", "touch", "ran"]);
    write(place, "home/.cloister/settings.json", { cell: { tier: "none" } });
    await refused(task);
    await refused(["cell", "--", "touch", "ran"]);
    assert.equal(server.connections(), 0);
    assert.equal(existsSync(join(place.project, "ran")), false);
  },
);

test(
  "neither endorsing every call nor declassifying is to be had where the policy forbids it",
  { skip },
  async () => {
    using place = createPlace();
    await using server = await openCounted();
    write(place, "project/text", "a text that is long enough to be released");
    const wrapper = machineWith(place, {
      "policy.yaml": closed.replace("unlisted: refuse", "unlisted: as-configured"),
    });
    for (const [flags, expected] of [
      [["--declassify", "text"], /nobody may declassify here.*settings\.declassify, line 10/s],
      [["--allow", "*"], /policy closed forbids that/],
    ] as const) {
      const { code, stderr } = await cloister(
        place,
        ["airlock", "--listen", "127.0.0.1:0", "--endpoint", server.url, ...flags],
        { wrapper },
      );
      assert.notEqual(code, 0);
      assert.match(stderr, expected);
    }
    assert.equal(server.connections(), 0);
  },
);

test("a policy that does not count stops everything, and says why", { skip }, async () => {
  const commands = (server: Counted): readonly string[][] => [
    ["-p", "hi", "--endpoint", server.url],
    ["airlock", "--listen", "127.0.0.1:0", "--endpoint", server.url],
    ["cell", "--", "touch", "ran"],
  ];
  for (const [files, mode, expected] of [
    [
      { "policy.yaml": closed },
      0o666,
      /does not count, for \/etc\/cloister\/policy\.yaml can be written by others/,
    ],
    [{ "policy.yaml": "version: 1\nban: []\n" }, 0o644, /line 2: ban is not known here/],
    [{ "policy.yaml": "version: 1\n  x: [" }, 0o644, /is no valid policy/],
    [{ "policy.keys": "AAAA" }, 0o644, /there are keys for a policy/],
    [
      { "policy.yaml": closed, "policy.keys": `${"A".repeat(43)}=` },
      0o644,
      /is not signed by one of the keys/,
    ],
    [
      { "policy.yaml": "version: 1\nlabels: {fingerprints: [/etc/cloister/x.prints]}\n" },
      0o644,
      /there is no such file/,
    ],
  ] as const) {
    using place = createPlace();
    await using server = await openCounted();
    const wrapper = machineWith(place, files, { mode });
    for (const args of commands(server)) {
      const { code, stderr } = await cloister(place, args, { wrapper });
      assert.equal(code, 78, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, expected);
      assert.match(stderr, /next: /);
    }
    assert.equal(server.connections(), 0);
    assert.equal(existsSync(join(place.project, "ran")), false);
  }
});

test("a policy in a folder that anybody can write does not count", { skip }, async () => {
  using place = createPlace();
  const wrapper = machineWith(place, { "policy.yaml": closed });
  chmodSync(join(place.base, "etc-cloister"), 0o777);
  const { code, stderr } = await cloister(place, ["cell", "--", "true"], { wrapper });
  assert.equal(code, 78);
  assert.match(stderr, /for \/etc\/cloister can be written by others/);
});

test(
  "a flag can make the label higher, and nothing lower than the policy's; the record names the policy's file",
  { skip },
  async () => {
    await using server = await openCounted();
    const text = (label: string): string =>
      `version: 1\nname: house\nlabels: {default: ${label}}\nendpoints:\n  rules:\n    - {match: "127.0.0.1:${server.port}", clearance: internal}\n`;
    const ask = async (label: string, flags: readonly string[], settings: object): Promise<number> => {
      using place = createPlace();
      write(place, "home/.cloister/settings.json", settings);
      const wrapper = machineWith(place, { "policy.yaml": text(label) });
      await using airlock = await startAirlockOn(place, wrapper, [
        "--endpoint",
        `home=${server.url}`,
        ...flags,
      ]);
      const response = await fetch(`${airlock.address}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "home/m", messages: [{ role: "user", content: "hi" }] }),
      });
      const answer = await response.text();
      if (response.status !== 200) assert.match(answer, /endpoints\.rules\[0\], line 6/);
      const entry = await until("the entry", async () =>
        (await place.entries()).find(({ t }) => t === "exposure.intent" || t === "decision"),
      );
      assert.ok(isRecord(entry["policy"]));
      assert.equal(entry["policy"]["sha256"], createHash("sha256").update(text(label)).digest("hex"));
      return response.status;
    };
    assert.equal(
      await ask("restricted", ["--label", "public", "--clearance", "core"], {
        label: "public",
        clearance: "core",
      }),
      403,
    );
    assert.equal(server.asked(), 0);
    assert.equal(await ask("public", ["--label", "restricted"], {}), 403);
    assert.equal(await ask("public", [], { label: "restricted" }), 403);
    assert.equal(server.asked(), 0);
    assert.equal(await ask("internal", [], {}), 200);
    assert.equal(server.asked(), 1);
  },
);

test(
  "what a person declassifies is on record with who it was, before anything is asked",
  { skip },
  async () => {
    using place = createPlace({ text: "a text that is long enough to be released\n" });
    await using server = await openCounted();
    const wrapper = machineWith(place, { "policy.yaml": "version: 1\nname: house\n" });
    const flags = ["--endpoint", server.url, "--declassify", "text"];
    await (await startAirlockOn(place, wrapper, flags))[Symbol.asyncDispose]();
    const [entry] = await place.entries();
    assert.equal(entry?.["t"], "declassify");
    const digest = createHash("sha256").update("a text that is long enough to be released").digest("hex");
    assert.equal(entry["sha256"], digest);
    assert.ok(Array.isArray(entry["parts"]) && entry["parts"].length === 2);
    const empty = await cloister(place, ["-p", "hi", "--declassify", "README.md"], { wrapper });
    assert.match(empty.stderr, /README\.md is too short to be told from other texts/);
  },
);

test("an endpoint that is mandatory is the only one, and the person is told", { skip }, async () => {
  using place = createPlace();
  await using mandated = await openCounted();
  await using other = await openCounted();
  const wrapper = machineWith(place, {
    "policy.yaml": `version: 1\nname: one\nsettings:\n  endpoint: {mandatory: "${mandated.url}"}\n`,
  });
  await using airlock = await startAirlockOn(place, wrapper, ["--endpoint", other.url]);
  assert.match(airlock.errors(), /endpoint is .* by policy one \(settings\.endpoint, line 4\)/);
  assert.equal(other.connections(), 0);
  assert.ok(mandated.connections() > 0);
});
