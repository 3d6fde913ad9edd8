// Signed notes and checkpoints: C2SP signed-note and tlog-checkpoint, with Ed25519 (type 0x01) only.
import { createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { sha256 } from "@cloister/base";
import { ledgerError } from "./errors.ts";
import { limits } from "./limits.ts";

const verifyAside = promisify(verify);
const ed25519 = Buffer.of(0x01);

/** What a tree was at one moment. `root` has 32 bytes. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** A public key with the name it signs under. */
export interface Verifier {
  readonly name: string;
  /** The key as text: `name+hash+base64`. */
  readonly text: string;
  readonly keyId: Buffer;
  readonly publicKey: KeyObject;
}

/** A note in its right form; whether its signature holds is still to be seen. */
export interface UnprovenNote {
  readonly kind: "unproven";
  readonly checkpoint: Checkpoint;
  readonly text: string;
  readonly signature: Buffer;
}

export type OpenedNote =
  | { readonly kind: "signed"; readonly checkpoint: Checkpoint }
  | { readonly kind: "refused"; readonly why: string };

/** The signed note of a checkpoint. Ed25519 is deterministic: one tree has one note. */
export function signCheckpoint(
  checkpoint: Checkpoint,
  signer: { verifier: Verifier; privateKey: KeyObject },
): string {
  const text = formatCheckpoint(checkpoint);
  return formatNote(text, signer.verifier, sign(null, Buffer.from(text), signer.privateKey));
}

/**
 * Reads a note of exactly one signature, by this key. Stricter than signed-note asks: what `signCheckpoint`
 * would not print is refused, so that no byte of a log can change unseen.
 */
export function openNote(note: string, verifier: Verifier): OpenedNote {
  const parsed = parseNote(note, verifier);
  if (parsed.kind === "refused") return parsed;
  const holds = verify(null, Buffer.from(parsed.text), verifier.publicKey, parsed.signature);
  return holds ? { kind: "signed", checkpoint: parsed.checkpoint } : refused(wrongSignature);
}

/** Why a note is refused whose form is right. */
export const wrongSignature = "its signature is wrong";

/** As `openNote`, but for the signature, which costs a hundred times the rest. */
export function parseNote(
  note: string,
  verifier: Verifier,
): UnprovenNote | (OpenedNote & { kind: "refused" }) {
  const match = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([\w+/=]{44})\n\n— (\S+) ([\w+/=]+)\n$/.exec(note);
  if (match === null) return refused("it is not a checkpoint with one signature");
  const [, origin = "", size = "", root = "", name = "", signed = ""] = match;
  const bytes = Buffer.from(signed, "base64");
  const signature = bytes.subarray(verifier.keyId.length);
  if (name !== verifier.name || !bytes.subarray(0, verifier.keyId.length).equals(verifier.keyId)) {
    return refused("it is signed by another key");
  }
  const checkpoint: Checkpoint = { origin, size: Number(size), root: Buffer.from(root, "base64") };
  const text = formatCheckpoint(checkpoint);
  if (formatNote(text, verifier, signature) !== note) return refused("it is not in its one canonical form");
  if (origin !== verifier.name) return refused(`it belongs to the log ${origin}`);
  return { kind: "unproven", checkpoint, text, signature };
}

/** Whether the signature holds; computed beside the event loop, on as many threads as libuv has. */
export async function isSigned(note: UnprovenNote, verifier: Verifier): Promise<boolean> {
  return verifyAside(null, Buffer.from(note.text), verifier.publicKey, note.signature);
}

/** @throws CloisterError `bad-origin` */
export function createVerifier(name: string, publicKey: KeyObject): Verifier {
  if (!isOrigin(name)) throw ledgerError("bad-origin", `not a name for a log: ${JSON.stringify(name)}`);
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const key = Buffer.concat([ed25519, raw]);
  const keyId = sha256(`${name}\n`, key).subarray(0, 4);
  return { name, keyId, publicKey, text: `${name}+${keyId.toString("hex")}+${key.toString("base64")}` };
}

/**
 * Reads `name+hash+base64(0x01 ‖ public key)`.
 * @throws CloisterError `bad-verifier-key`
 */
export function parseVerifierKey(text: string): Verifier {
  const [name = "", , ...rest] = text.trim().split("+");
  // A base64 text may hold plus signs of its own; the name may not.
  const key = Buffer.from(rest.join("+"), "base64");
  if (isOrigin(name) && key.length === 33 && key[0] === ed25519[0]) {
    const jwk = { kty: "OKP", crv: "Ed25519", x: key.subarray(1).toString("base64url") };
    const verifier = createVerifier(name, createPublicKey({ key: jwk, format: "jwk" }));
    if (verifier.text === text.trim()) return verifier;
  }
  throw ledgerError("bad-verifier-key", `not a verifier key: ${JSON.stringify(text.slice(0, 200))}`);
}

/** Whether C2SP signed-note allows the name: not empty, no blank, no plus sign, no control character. */
export function isOrigin(name: string): boolean {
  return /^[^\s+\p{C}]+$/u.test(name) && name.length <= limits.originCharsMax;
}

function formatCheckpoint(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${checkpoint.root.toString("base64")}\n`;
}

function formatNote(text: string, verifier: Verifier, signature: Buffer): string {
  return `${text}\n— ${verifier.name} ${Buffer.concat([verifier.keyId, signature]).toString("base64")}\n`;
}

function refused(why: string): OpenedNote & { kind: "refused" } {
  return { kind: "refused", why };
}
