// The Merkle tree of RFC 6962, section 2.1, as pure functions on hashes. Nothing here reads or writes.
import { sha256 } from "@cloister/base";

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

export function leafHash(body: Uint8Array): Buffer {
  return sha256(leafPrefix, body);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(nodePrefix, left, right);
}

/**
 * The right edge of a growing tree: the roots of its perfect subtrees, largest first. That is all it takes to
 * append and to know the root, at most 53 hashes however many leaves there are.
 */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Buffer[];
  append(leaf: Buffer): void;
  root(): Buffer;
  /** A frontier of its own; what is appended to it does not reach this one. */
  copy(): Frontier;
}

export function createFrontier(from?: {
  readonly size: number;
  readonly hashes: readonly Buffer[];
}): Frontier {
  const hashes: Buffer[] = [...(from?.hashes ?? [])];
  let size = from?.size ?? 0;
  return {
    get size() {
      return size;
    },
    hashes,
    append(leaf) {
      let hash = leaf;
      // Each trailing one bit of the old size is a perfect subtree that the new leaf completes. Division, not
      // bit operators: those end at 2^32.
      for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
        hash = nodeHash(hashes.pop() as Buffer, hash);
      }
      hashes.push(hash);
      size += 1;
    },
    root: () => foldRoot(hashes),
    copy: () => createFrontier({ size, hashes }),
  };
}

/** How many perfect subtrees a tree of this size has: the length of its frontier. */
export function frontierLength(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}

function foldRoot(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return sha256();
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The root of the leaves from `start` up to, not including, `end`. Where it comes from, tiles or leaves, is its maker's matter. */
export type RangeHash = (start: number, end: number) => Buffer;

/** Range hashes from all leaf hashes in memory: for tests, small logs and evidence files. */
export function rangesOf(leaves: readonly Buffer[]): RangeHash {
  return (start, end) => {
    const frontier = createFrontier();
    for (const leaf of leaves.slice(start, end)) frontier.append(leaf);
    return frontier.root();
  };
}

/** PATH(index, D[size]) of RFC 6962, section 2.1.1: the hashes that lead from a leaf to the root. */
export function inclusionProof(
  range: RangeHash,
  tree: { readonly index: number; readonly size: number },
): Buffer[] {
  const proof: Buffer[] = [];
  let [start, end] = [0, tree.size];
  if (tree.index < 0 || tree.index >= end) {
    throw new RangeError(`leaf ${tree.index} is not in a tree of ${end}`);
  }
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (tree.index < middle) {
      proof.push(range(middle, end));
      end = middle;
    } else {
      proof.push(range(start, middle));
      start = middle;
    }
  }
  return proof.reverse();
}

/** PROOF(oldSize, D[newSize]) of RFC 6962, section 2.1.2: that the new tree only appended to the old one. */
export function consistencyProof(
  range: RangeHash,
  tree: { readonly oldSize: number; readonly newSize: number },
): Buffer[] {
  const { oldSize, newSize } = tree;
  if (oldSize < 0 || oldSize > newSize) {
    throw new RangeError(`a tree of ${newSize} has no past of ${oldSize}`);
  }
  if (oldSize === 0 || oldSize === newSize) return [];
  const proof: Buffer[] = [];
  let [start, end] = [0, newSize];
  while (oldSize !== end) {
    const middle = start + splitOf(end - start);
    if (oldSize <= middle) {
      proof.push(range(middle, end));
      end = middle;
    } else {
      proof.push(range(start, middle));
      start = middle;
    }
  }
  // A subtree that begins at the first leaf is the old tree itself, whose root the verifier has.
  if (start > 0) proof.push(range(start, end));
  return proof.reverse();
}

/** Whether `proof` leads from the leaf hash at `index` to `root` (RFC 9162, section 2.1.3.2). */
export function verifyInclusion(claim: {
  readonly index: number;
  readonly size: number;
  readonly leaf: Buffer;
  readonly root: Buffer;
  readonly proof: readonly Buffer[];
}): boolean {
  if (!isIndex(claim.index) || !isIndex(claim.size) || claim.index >= claim.size) return false;
  let [node, last, hash] = [claim.index, claim.size - 1, claim.leaf];
  for (const sibling of claim.proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && hash.equals(claim.root);
}

/** Whether the tree of `newRoot` begins with the whole tree of `oldRoot` (RFC 9162, section 2.1.4.2). */
export function verifyConsistency(claim: {
  readonly oldSize: number;
  readonly newSize: number;
  readonly oldRoot: Buffer;
  readonly newRoot: Buffer;
  readonly proof: readonly Buffer[];
}): boolean {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim;
  if (!isIndex(oldSize) || !isIndex(newSize) || oldSize > newSize) return false;
  if (oldSize === 0) return proof.length === 0 && oldRoot.equals(foldRoot([]));
  if (oldSize === newSize) return proof.length === 0 && oldRoot.equals(newRoot);

  let [node, last] = [oldSize - 1, newSize - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  // When the old size is a power of two the proof leaves its root out: the verifier knows it.
  const [first, ...rest] = node === 0 ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [oldHash, newHash] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && oldHash.equals(oldRoot) && newHash.equals(newRoot);
}

/** The largest power of two smaller than `width` (k in RFC 6962). */
function splitOf(width: number): number {
  let split = 1;
  while (split * 2 < width) split *= 2;
  return split;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
