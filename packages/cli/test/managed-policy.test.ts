/** A policy counts only if nobody but its owner could have written it, and where it does not count, nothing goes on. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createIndexBuilder, encodeIndex, signPolicy } from "@cloister/policy";
import { loadManagedPolicy, type PolicyPlace } from "../src/policy/managed-policy.ts";

const uid = process.getuid?.() ?? 0;

function place(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): PolicyPlace {
  const directory = mkdtempSync(join(tmpdir(), "cloister-policy-"));
  chmodSync(directory, 0o755);
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, name), content, { mode: 0o644 });
  }
  // The temporary directory is everybody's.
  return { directory, owner: uid, trusts: [tmpdir()] };
}

function keyPair(): { pem: string; line: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    pem: privateKey.export({ type: "pkcs8", format: "pem" }),
    line: publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64"),
  };
}

const text = "version: 1\nname: house\n";

test("without a file, what is built in holds", async (t) => {
  const { policy, path } = await loadManagedPolicy(place(t, {}));
  assert.deepEqual([policy.name, path], ["built-in", undefined]);
});

test("a file of the owner's own is read, unsigned where no keys are", async (t) => {
  const { policy, signed } = await loadManagedPolicy(place(t, { "policy.yaml": text }));
  assert.deepEqual([policy.name, signed], ["house", false]);
});

test("where there are keys, only a file signed by one of them counts", async (t) => {
  const { pem, line } = keyPair();
  const files = { "policy.yaml": text, "policy.keys": `# house\n${line}  # 2026\n` };
  const signature = signPolicy(Buffer.from(text), pem);
  const { signed } = await loadManagedPolicy(place(t, { ...files, "policy.yaml.sig": signature }));
  assert.ok(signed);
  await assert.rejects(loadManagedPolicy(place(t, files)), { code: "unsigned-policy" });
  await assert.rejects(
    loadManagedPolicy(place(t, { ...files, "policy.yaml.sig": signature, "policy.yaml": `${text}\n` })),
    { code: "unsigned-policy" },
  );
  await assert.rejects(
    loadManagedPolicy(
      place(t, { ...files, "policy.yaml.sig": signPolicy(Buffer.from(text), keyPair().pem) }),
    ),
    { code: "unsigned-policy" },
  );
});

test("taking the policy away and leaving its keys does not switch it off", async (t) => {
  await assert.rejects(loadManagedPolicy(place(t, { "policy.keys": keyPair().line })), {
    code: "unsigned-policy",
  });
});

test("a file that others can write does not count", async (t) => {
  const shared = place(t, { "policy.yaml": text });
  chmodSync(join(shared.directory, "policy.yaml"), 0o666);
  await assert.rejects(loadManagedPolicy(shared), { code: "unsafe-policy" });
});

test("a folder that others can write does not count, nor does a link", async (t) => {
  const shared = place(t, { "policy.yaml": text });
  chmodSync(shared.directory, 0o777);
  await assert.rejects(loadManagedPolicy(shared), { code: "unsafe-policy" });
  const linked = place(t, { elsewhere: text });
  symlinkSync(join(linked.directory, "elsewhere"), join(linked.directory, "policy.yaml"));
  await assert.rejects(loadManagedPolicy(linked), { code: "unsafe-policy" });
});

test(
  "a file that somebody else planted does not count",
  { skip: uid !== 0 && "only root can give files away" },
  async (t) => {
    const planted = place(t, { "policy.yaml": text });
    chownSync(join(planted.directory, "policy.yaml"), 12_345, 12_345);
    await assert.rejects(loadManagedPolicy(planted), { code: "unsafe-policy" });
  },
);

for (const [name, content] of [
  ["no YAML", "version: 1\n  bans: ["],
  ["a field that is none", "version: 1\nban: []\n"],
  ["the same field twice", "version: 1\nbans: []\nbans: []\n"],
  [
    "aliases that stand for too much",
    `a: &a [${"x,".repeat(50)}]\n${"bcdefghijklmnopqrstuvwxyz"
      .split("")
      .map(
        (letter, at) =>
          `${letter}: &${letter} [${"*X,".replace("X", "abcdefghijklmnopqrstuvwxyz"[at] ?? "a").repeat(20)}]`,
      )
      .join("\n")}\n`,
  ],
] as const) {
  test(`a file with ${name} is refused, with its line`, async (t) => {
    await assert.rejects(
      loadManagedPolicy(place(t, { "policy.yaml": content })),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "bad-policy");
        assert.match(error.message, /policy\.yaml/);
        return true;
      },
    );
  });
}

test("fingerprints that the policy names are loaded, and missing or cut ones are refused", async (t) => {
  const builder = createIndexBuilder();
  builder.add("x".repeat(500).replaceAll("x", () => "const secret = 1;"));
  const index = encodeIndex(builder.build({ name: "chip", label: "core", compartments: [] }));
  const whole = place(t, { "chip.prints": index });
  const naming = `version: 1\nlabels:\n  fingerprints: [${join(whole.directory, "chip.prints")}]\n`;
  writeFileSync(join(whole.directory, "policy.yaml"), naming, { mode: 0o644 });
  const { indexes } = await loadManagedPolicy(whole);
  assert.equal(indexes[0]?.name, "chip");
  writeFileSync(join(whole.directory, "chip.prints"), index.subarray(0, -1));
  await assert.rejects(loadManagedPolicy(whole), { code: "bad-fingerprints" });
  rmSync(join(whole.directory, "chip.prints"));
  await assert.rejects(loadManagedPolicy(whole), { code: "bad-fingerprints" });
  mkdirSync(join(whole.directory, "chip.prints"));
  await assert.rejects(loadManagedPolicy(whole), { code: "unsafe-policy" });
});
