/** `--declassify FILE`: the exact texts that a person releases. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { CloisterError, messageOf } from "@cloister/base";
import type { Environment } from "../environment.ts";

const FILES_MAX = 100;
const FILE_BYTES_MAX = 1024 * 1024;
/** A shorter text may stand anywhere, and would release what happens to hold it. */
const TEXT_CHARS_MIN = 16;

/** @throws CloisterError `bad-declassify` */
export function readDeclassified(files: readonly string[], { directory }: Environment): string[] {
  if (files.length > FILES_MAX) throw bad(`--declassify more than ${FILES_MAX} times`);
  return files.map((file) => {
    let text: string;
    try {
      const path = resolve(directory, file);
      if (statSync(path).size > FILE_BYTES_MAX) throw bad(`${file} is longer than ${FILE_BYTES_MAX} bytes`);
      text = readFileSync(path, "utf8");
    } catch (error) {
      if (error instanceof CloisterError) throw error;
      throw bad(`${file} cannot be read: ${messageOf(error)}`, error);
    }
    // An editor ends a file with a line end, which a paste of it may lack.
    const exact = text.replace(/\s+$/, "");
    if (exact.trim().length < TEXT_CHARS_MIN) {
      throw bad(`${file} is too short to be told from other texts`);
    }
    return exact;
  });
}

/** Whose word it is, for the record. By number: to look up the name may ask a server. */
export function personHere({ user }: Environment): string {
  return `uid ${user.uid}`;
}

function bad(why: string, cause?: unknown): CloisterError {
  return new CloisterError(why, {
    code: "bad-declassify",
    next: "name a file that holds the exact text to be released",
    cause,
  });
}
