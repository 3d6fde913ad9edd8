/** What a person says in an editor, as one text: the files that they name are named, and not copied. */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isRecord } from "@cloister/base";

/** Content blocks of `session/prompt`. Kinds that were not offered (pictures, sound) are named as left out. */
export function textOfBlocks(blocks: unknown, workspace: string): string {
  if (!Array.isArray(blocks)) return "";
  return blocks
    .filter(isRecord)
    .map((block) => textOfBlock(block, workspace))
    .join("");
}

function textOfBlock(block: Record<string, unknown>, workspace: string): string {
  const { type, text, uri, resource } = block;
  if (type === "text") return typeof text === "string" ? text : "";
  if (type === "resource_link") return mention(uri, workspace);
  if (type === "resource" && isRecord(resource)) {
    const name = mention(resource["uri"], workspace);
    const inner = resource["text"];
    // A part of a file, or a buffer that is not saved: what the person saw counts.
    return typeof inner === "string" ? `\n\n${name}:\n\`\`\`\n${inner}\n\`\`\`\n\n` : name;
  }
  return ` [${String(type)} left out] `;
}

/** `@path` attaches a file of the workspace; what is elsewhere is only named. */
function mention(uri: unknown, workspace: string): string {
  if (typeof uri !== "string") return "";
  let path: string;
  try {
    path = fileURLToPath(new URL(uri));
  } catch {
    return uri; // an address of another kind, or none
  }
  const inside = relative(workspace, path);
  return inside.startsWith("..") || inside === "" || /\s/u.test(inside) ? path : `@${inside}`;
}
