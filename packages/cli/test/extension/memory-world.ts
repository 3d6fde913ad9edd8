/** A world of files in memory, with the parsers that the product uses. */
import { posix } from "node:path";
import type { ExtensionPlaces, ExtensionWorld, FolderEntry } from "@cloister/agent/extensions";
import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";

/** `links`: from a path to where it leads. Relative paths are in the workspace, `~/` in the home. */
export function createWorld(
  files: Readonly<Record<string, string>>,
  { links = {}, places = {} }: { links?: Record<string, string>; places?: Partial<ExtensionPlaces> } = {},
): ExtensionWorld {
  const absolute = (path: string): string =>
    path.startsWith("~/") ? `/home/u/${path.slice(2)}` : posix.resolve("/proj/app", path);
  const texts = new Map(Object.entries(files).map(([path, text]) => [absolute(path), text]));
  const leads = new Map(Object.entries(links).map(([from, to]) => [absolute(from), absolute(to)]));
  return {
    places: { workspace: "/proj/app", home: "/home/u", managed: ["/etc/cloister"], ...places },
    parseYaml: (text) => parseYaml(text) as unknown,
    parseToml,
    files: {
      read: async (path, bytesMax) => {
        const realPath = leads.get(path) ?? path;
        const text = texts.get(realPath);
        return text === undefined
          ? undefined
          : { text: text.slice(0, bytesMax), realPath, isCut: text.length > bytesMax };
      },
      list: async (path) => {
        const entries = new Map<string, FolderEntry>();
        for (const file of [...texts.keys(), ...leads.keys()]) {
          if (!file.startsWith(`${path}/`)) continue;
          const [name = "", ...below] = file.slice(path.length + 1).split("/");
          entries.set(name, { name, kind: below.length > 0 ? "folder" : "file" });
        }
        return [...entries.values()];
      },
    },
  };
}
