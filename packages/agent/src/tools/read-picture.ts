/** Pictures for models that see them, and a description of the picture for all others. */
import { formatBytes, sha256 } from "@cloister/base";
import { judgePicture } from "./judge-picture.ts";
import { refusal } from "./tool.ts";
import type { ToolResult, ToolWorld } from "./tool.ts";

/** Undefined when the bytes are no picture, whatever their name. */
export function readPicture(path: string, bytes: Buffer, world: ToolWorld): ToolResult | undefined {
  const judged = judgePicture(bytes);
  const picture = judged.kind === "picture" ? judged : judged.picture;
  if (picture === undefined) return undefined;
  const { mediaType, width, height } = picture;
  const what = `${path}: ${mediaType}, ${width} × ${height} pixels, ${formatBytes(bytes.length)}.`;
  if (world.seesPictures !== true) {
    const text =
      `${what} This model does not see images, as far as its server says. Work from what the text around it says, or ask the user; ` +
      'where the model does see them, the user can set "vision": true in ~/.cloister/settings.json.';
    return { ok: true, text, sources: [] };
  }
  if (judged.kind === "refused") return refusal(`${path}: ${judged.why} with a command.`);
  world.reads.set(path, sha256(bytes).toString("hex"));
  return {
    ok: true,
    text: `${what} It follows below.`,
    sources: [{ path, from: 1, to: 1 }],
    pictures: [{ path, mediaType, base64: bytes.toString("base64") }],
  };
}
