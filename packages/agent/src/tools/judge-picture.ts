/** Which pictures can be shown at all, by their bytes and within what servers take. */
import { formatBytes } from "@cloister/base";
import { pictureOf, type Picture } from "./picture.ts";

/** In base64 that is below the 5 MB that APIs take for one picture. */
export const PICTURE_BYTES_MAX = 3_700_000;
/** Larger ones are refused by APIs, and no model sees that much. */
const SIDE_PIXELS_MAX = 8000;

export type JudgedPicture =
  | (Picture & { readonly kind: "picture" })
  /** `picture` where it is one, and only too large. */
  | { readonly kind: "refused"; readonly why: string; readonly picture?: Picture };

export function judgePicture(bytes: Buffer): JudgedPicture {
  const picture = pictureOf(bytes);
  if (picture === undefined) return { kind: "refused", why: "it is no PNG, JPEG, GIF or WebP picture" };
  if (bytes.length <= PICTURE_BYTES_MAX && Math.max(picture.width, picture.height) <= SIDE_PIXELS_MAX) {
    return { kind: "picture", ...picture };
  }
  const limit = `${formatBytes(PICTURE_BYTES_MAX)} and ${SIDE_PIXELS_MAX} pixels a side`;
  const is = `${picture.width} × ${picture.height} pixels, ${formatBytes(bytes.length)}`;
  return {
    kind: "refused",
    why: `it is ${is}; that is more than can be shown (${limit}). Make a smaller copy`,
    picture,
  };
}
