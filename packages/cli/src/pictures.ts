/** Pictures that a person names, on the command line or by dragging them in: what becomes of each, by where it lies. */
import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import type { AttachedPicture } from "@cloister/agent";
import type { OpenedPicture } from "@cloister/console";
import { judgePicture, PICTURE_BYTES_MAX, PICTURES_MAX } from "@cloister/agent/pictures";
import { CloisterError, formatBytes, messageOf, systemCodeOf } from "@cloister/base";

export interface PicturePlaces {
  /** Absolute. What lies in it is read in the agent's cell, where its rules hide what they hide. */
  readonly workspace: string;
  readonly home: string;
}

/**
 * What lies elsewhere is read here, by the person's own word for this one file.
 * @throws CloisterError `no-such-picture`, and `bad-picture` for what cannot be shown to any model
 */
export async function openPicture(
  written: string,
  { workspace, home }: PicturePlaces,
): Promise<OpenedPicture> {
  const path = written.startsWith("~/") ? join(home, written.slice(2)) : resolve(workspace, written);
  const bytes = await readWhole(path, written);
  const judged = judgePicture(bytes);
  if (judged.kind === "refused") throw bad(`${written}: ${judged.why}`);
  // By where it really lies: a link must neither hide a file of the project from its rules, nor be refused for leaving it.
  const real = await realpath(path);
  const inside = relative(await realpath(workspace), real);
  const isInside = inside !== "" && !/^\.\.(?:\/|$)/u.test(inside) && !isAbsolute(inside);
  const { width, height } = judged;
  return {
    picture: isInside
      ? { kind: "file", path: inside }
      : { kind: "bytes", base64: bytes.toString("base64"), from: "elsewhere", path: real },
    ...{ width, height, bytes: bytes.length },
  };
}

/** All that `--image` names. @throws CloisterError `bad-picture`, `usage` */
export async function openImages(
  written: readonly string[],
  places: PicturePlaces,
): Promise<readonly AttachedPicture[]> {
  if (written.length > PICTURES_MAX) {
    throw new CloisterError(`--image is given ${written.length} times`, {
      code: "usage",
      next: `a conversation takes ${PICTURES_MAX} pictures`,
    });
  }
  const opened: AttachedPicture[] = [];
  for (const each of written) opened.push((await openPicture(each, places)).picture);
  return opened;
}

async function readWhole(path: string, written: string): Promise<Buffer> {
  try {
    // A pipe of that name would be waited for.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size, isFile } = await file.stat().then((stat) => ({ size: stat.size, isFile: stat.isFile() }));
    if (!isFile) throw bad(`${written} is no file`);
    // The pixels of a larger one are not looked at.
    if (size > PICTURE_BYTES_MAX) {
      throw bad(
        `${written} has ${formatBytes(size)}; at most ${formatBytes(PICTURE_BYTES_MAX)} can be shown`,
      );
    }
    const buffer = Buffer.alloc(size);
    const { bytesRead } = await file.read(buffer, 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof CloisterError) throw error;
    const isMissing = systemCodeOf(error) === "ENOENT";
    const message = isMissing ? `there is no ${written}` : `${written}: ${messageOf(error)}`;
    throw bad(message, isMissing ? "no-such-picture" : "bad-picture");
  }
}

function bad(message: string, code: "bad-picture" | "no-such-picture" = "bad-picture"): CloisterError {
  return new CloisterError(message, {
    code,
    next: "give a PNG, JPEG, GIF or WebP file within the limits; a smaller copy can be made with any picture program",
  });
}
