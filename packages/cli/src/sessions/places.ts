/** Where sessions are kept: `~/.cloister/sessions/WORKSPACE/SESSION/`, which no cell sees, under one key of the user's. */
import { hkdfSync, randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, newId, sha256, systemCodeOf } from "@cloister/base";

export interface SessionPlaces {
  /** Of all sessions, of whatever workspace. */
  readonly root: string;
  readonly keyFile: string;
}

export function sessionPlaces(home: string): SessionPlaces {
  const own = join(home, ".cloister");
  return { root: join(own, "sessions"), keyFile: join(own, "sessions.key") };
}

/** The name of the folder says nothing about the project to whoever lists it. */
export function workspaceFolder({ root }: SessionPlaces, workspace: string): string {
  return join(root, sha256("cloister/workspace/v1\n", workspace).toString("hex").slice(0, 24));
}

const KEY_BYTES = 32;

/**
 * The key under which every session is encrypted; made once. Who has lost it has lost the sessions.
 * @throws CloisterError `session-key-unusable`
 */
export function openSessionKey({ root, keyFile }: SessionPlaces): Buffer {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const known = readKey(keyFile);
  if (known !== undefined) return known;
  // Written whole before it has its name: another process must never read half a key.
  const draft = `${keyFile}.${newId("new")}`;
  writeFileSync(draft, randomBytes(KEY_BYTES), { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, keyFile);
  } catch (error) {
    // Another process was first; its key is the one.
    if (systemCodeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readKey(keyFile) ?? unusable(keyFile);
}

function readKey(path: string): Buffer | undefined {
  try {
    const key = readFileSync(path);
    return key.length === KEY_BYTES ? key : unusable(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function unusable(path: string): never {
  throw new CloisterError(`${path} is not a key of ${KEY_BYTES} bytes`, {
    code: "session-key-unusable",
    next: "put back the right file; without it the sessions kept so far cannot be read, and a new one is made once it is moved away",
  });
}

/** A key of its own for each thing that is kept. */
export function deriveSessionKey(key: Uint8Array, what: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", `cloister/sessions/v1/${what}`, KEY_BYTES));
}

const idShape = /^[A-Za-z0-9][\w-]{0,79}$/;

/** A session's id is the name of its folder. */
export function isSessionId(text: string): boolean {
  return idShape.test(text);
}
