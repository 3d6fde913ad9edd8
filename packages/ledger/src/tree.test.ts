import assert from "node:assert/strict";
import { test } from "node:test";
import {
  consistencyProof,
  createFrontier,
  frontierLength,
  inclusionProof,
  leafHash,
  rangesOf,
  verifyConsistency,
  verifyInclusion,
} from "./tree.ts";

// The vectors of the certificate-transparency reference implementation (merkle_tree_test).
const leaves = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => leafHash(Buffer.from(hex, "hex")));

const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

function rootOf(size: number): Buffer {
  return rangesOf(leaves)(0, size);
}

test("roots are those of the certificate-transparency vectors", () => {
  const emptyRoot = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assert.equal(createFrontier().root().toString("hex"), emptyRoot);
  const frontier = createFrontier();
  for (const [index, leaf] of leaves.entries()) {
    frontier.append(leaf);
    assert.equal(frontier.root().toString("hex"), roots[index]);
    assert.equal(frontier.hashes.length, frontierLength(index + 1));
  }
});

test("inclusion proofs are those of the certificate-transparency vectors", () => {
  const first = inclusionProof(rangesOf(leaves), { index: 0, size: 8 }).map((hash) => hash.toString("hex"));
  assert.deepEqual(first, [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
  ]);
  const sixth = inclusionProof(rangesOf(leaves), { index: 5, size: 8 }).map((hash) => hash.toString("hex"));
  assert.deepEqual(sixth, [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  ]);
  assert.deepEqual(inclusionProof(rangesOf(leaves), { index: 0, size: 1 }), []);
});

test("consistency proofs are those of the certificate-transparency vectors", () => {
  const sixToEight = consistencyProof(rangesOf(leaves), { oldSize: 6, newSize: 8 });
  assert.deepEqual(
    sixToEight.map((hash) => hash.toString("hex")),
    [
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  );
  const twoToFive = consistencyProof(rangesOf(leaves), { oldSize: 2, newSize: 5 });
  assert.deepEqual(
    twoToFive.map((hash) => hash.toString("hex")),
    [
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  );
});

test("every inclusion proof of every small tree holds, and for no other leaf, index, size or root", () => {
  const many = Array.from({ length: 40 }, (_, i) => leafHash(Buffer.of(i)));
  for (let size = 1; size <= many.length; size += 1) {
    const root = rangesOf(many)(0, size);
    for (let index = 0; index < size; index += 1) {
      const proof = inclusionProof(rangesOf(many), { index, size });
      const claim = { index, size, leaf: many[index] as Buffer, root, proof };
      assert.ok(verifyInclusion(claim), `${index} in ${size}`);
      assert.ok(!verifyInclusion({ ...claim, leaf: leafHash(Buffer.from("other")) }));
      assert.ok(!verifyInclusion({ ...claim, root: leafHash(Buffer.from("other")) }));
      assert.ok(!verifyInclusion({ ...claim, proof: [...proof, root] }));
      assert.ok(!verifyInclusion({ ...claim, index: size }));
      if (proof.length > 0) assert.ok(!verifyInclusion({ ...claim, proof: proof.slice(1) }));
      if (size > 1) assert.ok(!verifyInclusion({ ...claim, index: (index + 1) % size }));
    }
  }
});

test("every consistency proof between small trees holds, and none for a changed past", () => {
  const many = Array.from({ length: 24 }, (_, i) => leafHash(Buffer.of(i)));
  const changed = many.with(0, leafHash(Buffer.from("other")));
  for (let newSize = 0; newSize <= many.length; newSize += 1) {
    for (let oldSize = 0; oldSize <= newSize; oldSize += 1) {
      const proof = consistencyProof(rangesOf(many), { oldSize, newSize });
      const [oldRoot, newRoot] = [rangesOf(many)(0, oldSize), rangesOf(many)(0, newSize)];
      const claim = { oldSize, newSize, oldRoot, newRoot, proof };
      assert.ok(verifyConsistency(claim), `${oldSize} to ${newSize}`);
      assert.ok(!verifyConsistency({ ...claim, proof: [...proof, newRoot] }));
      if (oldSize === 0) continue;
      assert.ok(!verifyConsistency({ ...claim, oldRoot: rangesOf(changed)(0, oldSize) }));
      assert.ok(!verifyConsistency({ ...claim, newRoot: rangesOf(changed)(0, newSize) }));
    }
  }
});

test("a copied frontier grows on its own", () => {
  const frontier = createFrontier();
  for (const leaf of leaves.slice(0, 3)) frontier.append(leaf);
  const copy = frontier.copy();
  for (const leaf of leaves.slice(3)) copy.append(leaf);
  assert.ok(frontier.root().equals(rootOf(3)));
  assert.ok(copy.root().equals(rootOf(8)));
});

test("a leaf that is not in the tree has no proof", () => {
  assert.throws(() => inclusionProof(rangesOf(leaves), { index: 8, size: 8 }), RangeError);
  assert.throws(() => consistencyProof(rangesOf(leaves), { oldSize: 9, newSize: 8 }), RangeError);
});
