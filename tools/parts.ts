// The list of parts of the published folder: CycloneDX 1.6 (ECMA-424), from the lock file and nothing else. The same
// sources give the same bytes, so it names no day, and its serial number comes from its content.
import { createHash } from "node:crypto";
import { isRecord, type JsonObject } from "@cloister/base";

export interface PartsOptions {
  /** The content of package-lock.json. */
  readonly lock: unknown;
  /** Whose code or files went in, as the lock names them: `node_modules/yaml`. */
  readonly folders: readonly string[];
  readonly version: string;
  readonly licence: string;
  /** What some packages hold of others in their own code, of which no lock knows. */
  readonly carried?: readonly Carried[];
}

export interface Carried {
  /** Of the package that holds it. */
  readonly by: string;
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

interface Part {
  readonly folder: string;
  readonly ref: string;
  readonly entry: JsonObject;
  /** Names of packages that it imports, wherever they are. */
  readonly wants: readonly string[];
}

/** @throws TypeError for a package that the lock does not name with version, integrity and licence */
export function listParts({ lock, folders, version, licence, carried = [] }: PartsOptions): JsonObject {
  const packages = isRecord(lock) && isRecord(lock["packages"]) ? lock["packages"] : {};
  const parts = [...new Set(folders)].toSorted().map((folder) => toPart(folder, packages[folder]));
  const held = carried.map((each) => ({ by: each.by, entry: toCarried(each) }));
  const own = {
    type: "application",
    "bom-ref": toPurl("cloister", version),
    name: "cloister",
    version,
    licenses: [toLicence(licence)],
    purl: toPurl("cloister", version),
  };
  const byFolder = new Map(parts.map((part) => [part.folder, part]));
  const list = {
    metadata: { component: own },
    components: [...parts, ...held].map(({ entry }) => entry),
    dependencies: [
      { ref: own["bom-ref"], dependsOn: [...new Set(parts.map(({ ref }) => ref))] },
      ...parts.map((part) => {
        const inside = held.filter(({ by }) => by === part.folder).map(({ entry }) => entry.purl);
        return { ref: part.ref, dependsOn: [...dependenciesOf(part, byFolder), ...inside] };
      }),
    ],
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${toUuid(JSON.stringify(list))}`,
    version: 1,
    ...list,
  };
}

function toPart(folder: string, found: unknown): Part {
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  const { version, integrity, license } = isRecord(found) ? found : {};
  if (typeof version !== "string" || typeof integrity !== "string" || typeof license !== "string") {
    throw new TypeError(`package-lock.json does not say version, integrity and licence of ${folder}`);
  }
  const [scope, plain] = name.startsWith("@") ? name.split("/") : [undefined, name];
  const purl = toPurl(name, version);
  const wanted = isRecord(found) ? [found["dependencies"], found["peerDependencies"]] : [];
  return {
    ...{ folder, ref: purl },
    wants: wanted.flatMap((each) => (isRecord(each) ? Object.keys(each) : [])),
    entry: {
      type: "library",
      "bom-ref": purl,
      ...(scope === undefined ? {} : { group: scope }),
      name: plain ?? name,
      version,
      scope: "required",
      // Of the package as it was published, which is what a registry at home can be compared with.
      hashes: [toHash(folder, integrity)],
      licenses: [toLicence(license)],
      purl,
    },
  };
}

/** Without a digest: it is no package here that could be compared. */
function toCarried({ name, version, licence }: Carried): JsonObject & { readonly purl: string } {
  const purl = toPurl(name, version);
  const licenses = [toLicence(licence)];
  return { type: "library", "bom-ref": purl, name, version, scope: "required", licenses, purl };
}

/** As Node finds them: in the package's own folder, then further out. */
function dependenciesOf({ folder, wants }: Part, parts: ReadonlyMap<string, Part>): string[] {
  const ways = [...folder.matchAll(/\/node_modules\//g)].map(({ index }) => folder.slice(0, index));
  const outwards = [folder, ...ways.toReversed()].map((way) => `${way}/node_modules/`);
  const found = wants.flatMap((name) => {
    const place = [...outwards, "node_modules/"].find((way) => parts.has(way + name));
    return place === undefined ? [] : (parts.get(place + name)?.ref ?? []);
  });
  return [...new Set(found)].toSorted();
}

const algorithms: Readonly<Record<string, string>> = {
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

/** Subresource integrity (w3.org/TR/SRI), the strongest that npm gives, as hexadecimal digits. */
function toHash(folder: string, integrity: string): { readonly alg: string; readonly content: string } {
  const [, name = "", base64 = ""] = /^(sha\d+)-([\w+/]+=*)$/.exec(integrity) ?? [];
  const alg = algorithms[name];
  if (alg === undefined) throw new TypeError(`the integrity of ${folder} is of no known kind: ${integrity}`);
  return { alg, content: Buffer.from(base64, "base64").toString("hex") };
}

/** An identifier of SPDX, or an expression of several. */
function toLicence(text: string): JsonObject {
  return /^[\w.+-]+$/.test(text) ? { license: { id: text } } : { expression: text };
}

/** github.com/package-url: the scope's `@` is escaped. */
function toPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** RFC 9562, version 8: whoever makes it chooses its bits. */
function toUuid(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
