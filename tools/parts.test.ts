import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { listParts } from "./parts.ts";

const lockFile = resolve(import.meta.dirname, "../package-lock.json");
const integrity = `sha512-${Buffer.alloc(64, 7).toString("base64")}`;
const packages = {
  "node_modules/a": { version: "1.0.0", integrity, license: "MIT", dependencies: { b: "^2", "@s/c": "*" } },
  "node_modules/b": { version: "1.5.0", integrity, license: "(MIT OR Apache-2.0)" },
  "node_modules/a/node_modules/b": {
    version: "2.0.0",
    integrity,
    license: "ISC",
    peerDependencies: { a: "*" },
  },
  "node_modules/@s/c": { version: "3.0.0-rc.1", integrity, license: "0BSD" },
};
const folders = Object.keys(packages);
const options = { lock: { packages }, folders, version: "0.1.0", licence: "Apache-2.0" };

function objects(value: unknown): readonly Record<string, unknown>[] {
  assert.ok(Array.isArray(value));
  return value.filter(isRecord);
}

/** What bom-1.6.schema.json asks of the fields that we write. */
function assertValid(list: Record<string, unknown>): void {
  const known = new Set([
    ...["bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"],
  ]);
  assert.deepEqual(
    Object.keys(list).filter((key) => !known.has(key)),
    [],
  );
  assert.deepEqual([list["bomFormat"], list["specVersion"], list["version"]], ["CycloneDX", "1.6", 1]);
  assert.match(String(list["serialNumber"]), /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const refs = new Set<unknown>();
  const { component: own } = list["metadata"] as Record<string, unknown>;
  for (const part of [...objects([own]), ...objects(list["components"])]) {
    assert.ok(["application", "library"].includes(String(part["type"])));
    for (const key of ["name", "version", "bom-ref", "purl"]) assert.ok(part[key], key);
    assert.match(String(part["purl"]), /^pkg:npm\/(?:%40[\w.-]+\/)?[\w.-]+@[\w.+-]+$/);
    assert.ok(!refs.has(part["bom-ref"]), "each reference is one part's");
    refs.add(part["bom-ref"]);
    for (const { alg, content } of objects(part["hashes"] ?? [])) {
      assert.match(
        `${String(alg)} ${String(content)}`,
        /^(?:SHA-256 [0-9a-f]{64}|SHA-384 [0-9a-f]{96}|SHA-512 [0-9a-f]{128})$/,
      );
    }
    const licences = objects(part["licenses"]);
    assert.ok(licences.length === 1);
    const [{ license, expression } = {}] = licences;
    assert.ok(isRecord(license) ? typeof license["id"] === "string" : typeof expression === "string");
  }
  const told = new Set<unknown>();
  for (const { ref, dependsOn } of objects(list["dependencies"])) {
    assert.ok(refs.has(ref) && !told.has(ref));
    told.add(ref);
    assert.ok(Array.isArray(dependsOn) && new Set(dependsOn).size === dependsOn.length);
    for (const other of dependsOn) assert.ok(refs.has(other));
  }
}

test("each part has its version, licence, purl and digest, and what it stands on is found as Node finds it", () => {
  const list = listParts(options);
  assertValid(list);
  const [first] = objects(list["components"]);
  assert.deepEqual(first, {
    ...{ type: "library", "bom-ref": "pkg:npm/%40s/c@3.0.0-rc.1", group: "@s", name: "c" },
    ...{ version: "3.0.0-rc.1", scope: "required" },
    hashes: [{ alg: "SHA-512", content: "07".repeat(64) }],
    ...{ licenses: [{ license: { id: "0BSD" } }], purl: "pkg:npm/%40s/c@3.0.0-rc.1" },
  });
  const of = (ref: string): unknown =>
    objects(list["dependencies"]).find((each) => each["ref"] === ref)?.["dependsOn"];
  assert.deepEqual(of("pkg:npm/a@1.0.0"), ["pkg:npm/%40s/c@3.0.0-rc.1", "pkg:npm/b@2.0.0"]);
  assert.deepEqual(of("pkg:npm/b@2.0.0"), ["pkg:npm/a@1.0.0"]);
  assert.deepEqual(of("pkg:npm/b@1.5.0"), []);
});

test("what a package holds of another in its own code is a part too", () => {
  const carried = [{ by: "node_modules/b", name: "inside", version: "6.1.200", licence: "Apache-2.0" }];
  const list = listParts({ ...options, carried });
  assertValid(list);
  const inside = objects(list["components"]).at(-1);
  assert.deepEqual([inside?.["purl"], inside?.["hashes"]], ["pkg:npm/inside@6.1.200", undefined]);
  const holder = objects(list["dependencies"]).find(({ ref }) => ref === "pkg:npm/b@1.5.0");
  assert.deepEqual(holder?.["dependsOn"], ["pkg:npm/inside@6.1.200"]);
});

test("the same lock gives the same bytes, and another one another serial number", () => {
  const [one, same] = [listParts(options), listParts({ ...options, folders: folders.toReversed() })];
  assert.equal(JSON.stringify(one), JSON.stringify(same));
  assert.notEqual(listParts({ ...options, version: "0.1.1" })["serialNumber"], one["serialNumber"]);
});

test("a part of which the lock does not say all is no list's", () => {
  for (const key of ["version", "integrity", "license"]) {
    const lock = { packages: { "node_modules/a": { ...packages["node_modules/a"], [key]: undefined } } };
    assert.throws(() => listParts({ ...options, lock, folders: ["node_modules/a"] }), /node_modules\/a/);
  }
  const odd = { packages: { "node_modules/a": { ...packages["node_modules/a"], integrity: "md5-AAAA" } } };
  assert.throws(() => listParts({ ...options, lock: odd, folders: ["node_modules/a"] }), /no known kind/);
});

test("our own lock file gives a list that holds what CycloneDX 1.6 asks for", () => {
  const lock: unknown = JSON.parse(readFileSync(lockFile, "utf8"));
  assert.ok(isRecord(lock) && isRecord(lock["packages"]));
  const whole = Object.entries(lock["packages"]).flatMap(([folder, found]) =>
    folder.includes("node_modules/") && isRecord(found) && found["integrity"] !== undefined ? [folder] : [],
  );
  assert.ok(whole.length > 20);
  assertValid(listParts({ ...options, lock, folders: whole }));
});
