/** A file that was dragged into a terminal is pasted as its path, quoted as a shell would have it. */
import { isAbsolute, relative } from "node:path";

const PATH_CHARS_MAX = 4096;
const picture = /\.(?:png|jpe?g|gif|webp|bmp)$/iu;

/** `@` and its name from the folder on, for a picture in it: that is how the model is told of files. Undefined for any other text. */
export function mentionOfDropped(pasted: string, folder: string): string | undefined {
  const text = pasted.trim();
  if (text.length > PATH_CHARS_MAX || text.includes("\n") || !picture.test(text.replace(/["']$/u, ""))) {
    return undefined;
  }
  const path = unquoted(text);
  if (path === undefined || !isAbsolute(path)) return undefined;
  const inside = relative(folder, path);
  // A name with a blank would end at it; and what lies elsewhere no cell of the session sees.
  if (inside === "" || inside.startsWith("..") || isAbsolute(inside) || /\s/u.test(inside)) return undefined;
  return `@${inside} `;
}

/** A picture that has to be read now, for no name after `@` reaches it: from elsewhere, or with a blank in its path. */
export function pathOfDropped(pasted: string, folder: string): string | undefined {
  const text = pasted.trim();
  const isOne =
    text.length <= PATH_CHARS_MAX && !text.includes("\n") && picture.test(text.replace(/["']$/u, ""));
  const path = isOne && mentionOfDropped(pasted, folder) === undefined ? unquoted(text) : undefined;
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

function unquoted(text: string): string | undefined {
  const quoted = /^'([^']*)'$|^"([^"]*)"$/u.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2];
  if (!text.startsWith("file://")) return text.replaceAll(/\\(.)/gu, "$1");
  try {
    return decodeURIComponent(text.slice("file://".length));
  } catch {
    return undefined; // a percent sign that begins no code: no address, and so just a text
  }
}
