/**
 * The cell's own `/etc`: copied once for a session and mounted as one folder. A mount for each file cost every command
 * more than everything else in its cell.
 */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";

// What programs read in /etc to find libraries, names, certificates and the time of day. No other file is there.
const whole = [
  ...["alternatives", "bash.bashrc", "ca-certificates.conf", "debian_version", "default/locale", "fonts"],
  ...["gai.conf", "gitconfig", "host.conf", "inputrc", "java-17-openjdk", "java-21-openjdk", "ld.so.cache"],
  ...["ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime", "login.defs", "magic", "mime.types"],
  ...["nsswitch.conf", "os-release", "pki", "protocols", "python3", "rpc", "services", "shells"],
  ...["ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone", "xdg"],
];
/** Folders of hundreds of links: mounted as they are, for to copy one took longer than all else that opens a session. */
const mounted = ["alternatives", "fonts", "java-17-openjdk", "java-21-openjdk", "pki", "ssl/certs"];
const libraries = ["ld.so.cache", "localtime", "ssl/openssl.cnf"];

const ENTRIES_MAX = 3000;
const FILE_BYTES_MAX = 4_194_304;
const DEPTH_MAX = 6;

export interface EtcOptions {
  readonly system: "whole" | "libraries";
  /** The system's folder, `/etc`. */
  readonly from: string;
  /** A folder that is not there yet; what is made in it can be read by everybody. */
  readonly to: string;
}

/** What is to be made, in this order: folders before what lies in them. */
export type EtcPart =
  | { readonly kind: "folder"; readonly at: string }
  | { readonly kind: "link"; readonly at: string; readonly to: string }
  /** `mark` changes when the file does. */
  | { readonly kind: "file"; readonly at: string; readonly source: string; readonly mark: string };

/** What everybody may read; the keeper may be root, and its cells are not. Paths are relative to the copy. */
export function planEtc({ system, from }: Pick<EtcOptions, "system" | "from">): EtcPart[] {
  const parts: EtcPart[] = [];
  let entries = 0;
  const add = (source: string, at: string, depth: number): void => {
    const stats = statSync(source, { throwIfNoEntry: false, bigint: true });
    entries += 1;
    if (stats === undefined || entries > ENTRIES_MAX || depth > DEPTH_MAX || (stats.mode & 0o004n) === 0n) {
      return;
    }
    if (dirname(at) !== ".") parts.push({ kind: "folder", at: dirname(at) });
    if (stats.isFile() && stats.size <= FILE_BYTES_MAX) {
      parts.push({ kind: "file", at, source, mark: `${stats.ino} ${stats.size} ${stats.ctimeNs}` });
    }
    if (!stats.isDirectory()) return;
    parts.push({ kind: "folder", at });
    for (const entry of readdirSync(source, { withFileTypes: true })) {
      const [path, place] = [join(source, entry.name), join(at, entry.name)];
      // Alternatives and certificates are links into /usr, which is there under the same name.
      if (entry.isSymbolicLink()) parts.push({ kind: "link", at: place, to: readlinkSync(path) });
      else add(path, place, depth + 1);
    }
  };
  if (system === "whole") for (const name of mountedIn(from)) parts.push({ kind: "folder", at: name });
  for (const name of system === "whole" ? whole : libraries) {
    if (!mounted.includes(name)) add(join(from, name), name, 0);
  }
  return parts;
}

export function copyEtc(parts: readonly EtcPart[], to: string): void {
  openFolder(to);
  for (const part of parts) {
    const target = join(to, part.at);
    if (part.kind === "folder") openFolder(target);
    else if (part.kind === "link") symlinkSync(part.to, target);
    else copyFileSync(part.source, target);
  }
}

export function prepareEtc({ system, from, to }: EtcOptions): void {
  copyEtc(planEtc({ system, from }), to);
}

/** Options that put the mounted folders into the copy; for the whole system only. */
export function etcMounts(from: string): string[] {
  return mountedIn(from).flatMap((name) => ["--ro-bind", join(from, name), join("/etc", name)]);
}

function mountedIn(from: string): string[] {
  return mounted.filter(
    (name) => statSync(join(from, name), { throwIfNoEntry: false })?.isDirectory() === true,
  );
}

/** Open to everybody whatever our own file mode mask is: it counts for `mkdir`, and not for `chmod`. */
function openFolder(path: string): void {
  if (mkdirSync(path, { recursive: true }) !== undefined) chmodSync(path, 0o755);
}
