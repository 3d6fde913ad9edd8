/**
 * The policy of this machine, `/etc/cloister/policy.yaml`. It counts only if nobody but root could have written it;
 * where it does not count, nothing is sent: a policy that can be switched off by breaking it would be none.
 */
import { lstatSync, readFileSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError, sha256, systemCodeOf } from "@cloister/base";
import { builtInPolicy, decodeIndex, isSignedBy, type FingerprintIndex, type Policy } from "@cloister/policy";
import { readPolicyText } from "./read-policy.ts";

export interface ManagedPolicy {
  readonly policy: Policy;
  /** Undefined where there is no file, and what is built in holds. */
  readonly path: string | undefined;
  readonly signed: boolean;
  /** Of the file, in hex: the ledger names it with each decision. */
  readonly sha256: string | undefined;
  readonly indexes: readonly FingerprintIndex[];
}

export interface PolicyPlace {
  /** Absolute; `policy.yaml`, `policy.yaml.sig` and `policy.keys` are in it. */
  readonly directory: string;
  /** Who may own the files and all folders above them: root, but in tests. */
  readonly owner: number;
  /** Folders above the place that are taken to be safe, such as the temporary directory of a test. */
  readonly trusts?: readonly string[];
}

/** @throws CloisterError `bad-policy`, `unsafe-policy`, `unsigned-policy`, `bad-fingerprints` */
export async function loadManagedPolicy(place: PolicyPlace): Promise<ManagedPolicy> {
  const path = join(place.directory, "policy.yaml");
  const file = readSafely(path, place);
  // Keys alone: somebody removed the policy that they were to protect.
  const keys = readSafely(join(place.directory, "policy.keys"), place)?.toString("utf8");
  if (file === undefined && keys === undefined) {
    return { policy: builtInPolicy, path: undefined, signed: false, sha256: undefined, indexes: [] };
  }
  if (file === undefined) {
    throw new CloisterError(`there are keys for a policy in ${place.directory}, but no policy`, {
      code: "unsigned-policy",
      next: "put the signed policy.yaml back, or have root remove policy.keys",
    });
  }
  if (keys !== undefined) checkSignature(file, path, keys, place);
  const policy = await readPolicyText(file.toString("utf8"), path);
  const indexes = policy.labels.fingerprints.map(({ file: index }) => readIndex(index, place));
  return { policy, path, signed: keys !== undefined, sha256: sha256(file).toString("hex"), indexes };
}

function checkSignature(file: Buffer, path: string, keys: string, place: PolicyPlace): void {
  const signature = readSafely(`${path}.sig`, place)?.toString("utf8") ?? "";
  const trusted = keys
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
  if (isSignedBy(file, signature, trusted)) return;
  throw new CloisterError(`${path} is not signed by one of the keys in policy.keys`, {
    code: "unsigned-policy",
    next: "sign it with: cloister policy sign FILE --key KEY.pem; until then nothing is sent",
  });
}

function readIndex(path: string, place: PolicyPlace): FingerprintIndex {
  const file = readSafely(path, place);
  if (file === undefined) {
    throw new CloisterError(`the policy names the fingerprints ${path}, and there is no such file`, {
      code: "bad-fingerprints",
      next: "make it with: cloister policy fingerprint REPO --label LABEL --out FILE",
    });
  }
  return decodeIndex(file, path);
}

/** Undefined when there is no such file. @throws CloisterError `unsafe-policy` when somebody else could have made it */
function readSafely(path: string, place: PolicyPlace): Buffer | undefined {
  const stats = statOf(path);
  if (stats === undefined) return undefined;
  if (!stats.isFile()) throw unsafe(path, "is no plain file");
  checkManaged(path, place);
  return readFileSync(path);
}

/** That nobody but root could have written it, or put something else there. @throws CloisterError `unsafe-policy` */
export function checkManaged(path: string, { owner, trusts = [] }: PolicyPlace): void {
  for (let at = path; !trusts.includes(at); at = dirname(at)) {
    const stats = statOf(at);
    if (stats?.isSymbolicLink() === true) throw unsafe(at, "is a link");
    if (stats !== undefined) checkOwner(at, stats, owner);
    if (at === dirname(at)) break;
  }
}

function checkOwner(path: string, { uid, mode }: Stats, owner: number): void {
  if (uid !== owner && uid !== 0) throw unsafe(path, `belongs to user ${uid}, not to root`);
  if ((mode & 0o022) === 0) return;
  throw unsafe(path, `can be written by others (mode ${(mode & 0o7777).toString(8)})`);
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unsafe(path, "cannot be looked at", error);
  }
}

function unsafe(path: string, why: string, cause?: unknown): CloisterError {
  return new CloisterError(`the policy does not count, for ${path} ${why}`, {
    code: "unsafe-policy",
    next: "have root make it its own: chown root and chmod go-w, for the file and every folder above it; until then nothing is sent",
    cause,
  });
}
