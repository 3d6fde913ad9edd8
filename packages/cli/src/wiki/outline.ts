/** Which pages a wiki of this repository has: folders, cut so that what a page is about fits the model's window. */
import { posix } from "node:path";

export interface SourceFile {
  /** From the workspace's root, with "/". */
  readonly path: string;
  readonly bytes: number;
}

export interface PlannedPage {
  /** The folder it is about; "" for the root. */
  readonly folder: string;
  /** From 1, where the files of one folder need several pages. */
  readonly part: number;
  /** In the order of their paths. */
  readonly files: readonly SourceFile[];
}

interface Folder {
  readonly path: string;
  readonly files: SourceFile[];
  readonly folders: Map<string, Folder>;
  /** Of everything below. */
  bytes: number;
}

/** A folder that fits is one page with all below it; a larger one gives its larger folders pages of their own. */
export function outlineOf(files: readonly SourceFile[], pageBytesMax: number): readonly PlannedPage[] {
  const root = toTree(files);
  const pages: PlannedPage[] = [];
  const visit = (folder: Folder): readonly SourceFile[] => {
    if (folder.bytes <= pageBytesMax) return allBelow(folder);
    const own = [...folder.files];
    for (const below of [...folder.folders.values()].sort(byPath)) {
      const rest = visit(below);
      if (below.bytes > pageBytesMax / SMALL_PART) pages.push(...pagesOf(below.path, rest, pageBytesMax));
      else own.push(...rest);
    }
    return own;
  };
  pages.push(...pagesOf("", visit(root), pageBytesMax));
  return pages.sort((a, b) => (a.folder === b.folder ? a.part - b.part : a.folder < b.folder ? -1 : 1));
}

/** A folder of less than a quarter of a page is told with the one around it. */
const SMALL_PART = 4;

function toTree(files: readonly SourceFile[]): Folder {
  const root: Folder = { path: "", files: [], folders: new Map(), bytes: 0 };
  for (const file of files) {
    let at = root;
    at.bytes += file.bytes;
    for (const name of posix.dirname(file.path).split("/")) {
      if (name === ".") continue;
      const next = at.folders.get(name) ?? {
        path: posix.join(at.path, name),
        files: [],
        folders: new Map<string, Folder>(),
        bytes: 0,
      };
      at.folders.set(name, next);
      next.bytes += file.bytes;
      at = next;
    }
    at.files.push(file);
  }
  return root;
}

function allBelow(folder: Folder): readonly SourceFile[] {
  return [...folder.files, ...[...folder.folders.values()].flatMap(allBelow)];
}

function pagesOf(folder: string, files: readonly SourceFile[], bytesMax: number): PlannedPage[] {
  const parts: SourceFile[][] = [];
  let bytes = 0;
  for (const file of files.toSorted(byPath)) {
    const last = parts.at(-1);
    if (last === undefined || (bytes + file.bytes > bytesMax && last.length > 0)) {
      parts.push([file]);
      bytes = file.bytes;
    } else {
      last.push(file);
      bytes += file.bytes;
    }
  }
  return parts.map((part, index) => ({ folder, part: index + 1, files: part }));
}

/** By code units: the same order on every machine. */
function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1;
}

/** `packages/base` part 2 → `packages-base-2.md`; the root is `root.md`. Different pages never share a name. */
export function pageNameOf({ folder, part }: Pick<PlannedPage, "folder" | "part">): string {
  const escaped = folder.replaceAll("-", "--").replaceAll("/", "-");
  const base = folder === "" ? "root" : /^(?:root|readme)$/i.test(folder) ? `${escaped}-` : escaped;
  return `${base}${part === 1 ? "" : `.${part}`}.md`;
}

const skippedNames =
  /(?:^|\/)(?:package-lock\.json|yarn\.lock|pnpm-lock\.yaml|Cargo\.lock|poetry\.lock|go\.sum|composer\.lock)$/;
const skippedKinds =
  /\.(?:png|jpe?g|gif|webp|ico|bmp|pdf|zip|gz|bz2|xz|zst|tar|jar|class|o|a|so|dylib|dll|exe|wasm|woff2?|ttf|otf|eot|mp[34]|mov|avi|sqlite|db|bin|pyc|min\.js|map)$/i;
const FILE_BYTES_MAX = 400_000;

/** Whether a file has something to tell: neither generated, nor pictures, nor archives, nor data. */
export function isSource({ path, bytes }: SourceFile): boolean {
  return bytes > 0 && bytes <= FILE_BYTES_MAX && !skippedNames.test(path) && !skippedKinds.test(path);
}
