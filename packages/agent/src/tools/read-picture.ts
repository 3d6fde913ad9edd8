/** Pictures for models that see them, and a description of the picture for all others. */
import { formatBytes, sha256 } from "@cloister/base";
import { pictureOf } from "./picture.ts";
import { refusal } from "./tool.ts";
import type { ToolResult, ToolWorld } from "./tool.ts";

/** In base64 that is below the 5 MB that APIs take for one picture. */
const PICTURE_BYTES_MAX = 3_700_000;
/** Larger ones are refused by APIs, and no model sees that much. */
const SIDE_PIXELS_MAX = 8000;

/** Undefined when the bytes are no picture, whatever their name. */
export function readPicture(path: string, bytes: Buffer, world: ToolWorld): ToolResult | undefined {
  const picture = pictureOf(bytes);
  if (picture === undefined) return undefined;
  const { mediaType, width, height } = picture;
  const what = `${path}: ${mediaType}, ${width} × ${height} pixels, ${formatBytes(bytes.length)}.`;
  if (world.seesPictures !== true) {
    const text =
      `${what} This model does not see images, as far as its server says. Work from what the text around it says, or ask the user; ` +
      'where the model does see them, the user can set "vision": true in ~/.cloister/settings.json.';
    return { ok: true, text, sources: [] };
  }
  if (bytes.length > PICTURE_BYTES_MAX || Math.max(width, height) > SIDE_PIXELS_MAX) {
    const limit = `${formatBytes(PICTURE_BYTES_MAX)} and ${SIDE_PIXELS_MAX} pixels a side`;
    return refusal(`${what} That is more than can be shown (${limit}). Make a smaller copy with a command.`);
  }
  world.reads.set(path, sha256(bytes).toString("hex"));
  return {
    ok: true,
    text: `${what} It follows below.`,
    sources: [{ path, from: 1, to: 1 }],
    pictures: [{ path, mediaType, base64: bytes.toString("base64") }],
  };
}
