/**
 * The cell's own `/etc`: copied once for a session and mounted as one folder. A mount for each file cost every command
 * more than everything else in its cell.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
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

/** Copies what everybody may read; the keeper may be root, and its cells are not. */
export function prepareEtc({ system, from, to }: EtcOptions): void {
  let entries = 0;
  const copy = (source: string, target: string, depth: number): void => {
    const stats = statSync(source, { throwIfNoEntry: false });
    entries += 1;
    if (stats === undefined || entries > ENTRIES_MAX || depth > DEPTH_MAX || (stats.mode & 0o004) === 0) {
      return;
    }
    openFolder(dirname(target));
    if (stats.isFile() && stats.size <= FILE_BYTES_MAX) copyFileSync(source, target);
    if (!stats.isDirectory()) return;
    openFolder(target);
    for (const entry of readdirSync(source, { withFileTypes: true })) {
      const [path, place] = [join(source, entry.name), join(target, entry.name)];
      // Alternatives and certificates are links into /usr, which is there under the same name.
      if (entry.isSymbolicLink()) symlinkSync(readlinkSync(path), place);
      else copy(path, place, depth + 1);
    }
  };
  openFolder(to);
  if (system === "whole") for (const name of mountedIn(from)) openFolder(join(to, name));
  for (const name of system === "whole" ? whole : libraries) {
    if (!mounted.includes(name) && existsSync(join(from, name))) copy(join(from, name), join(to, name), 0);
  }
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
