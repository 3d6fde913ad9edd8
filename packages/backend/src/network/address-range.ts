// What an address is for, by the registries of special-purpose addresses (IANA; RFC 6890 and its successors).

import { BlockList, isIP } from "node:net";

export type AddressRange =
  | "public"
  | "loopback"
  | "private"
  | "link-local"
  | "shared"
  | "metadata"
  | "multicast"
  | "unspecified"
  | "reserved";

type Special = Exclude<AddressRange, "public">;

/** The first match counts: a cloud's metadata server is said to be that, though it lies in a wider range. */
const ranges: readonly (readonly [Special, string])[] = [
  ["metadata", "169.254.169.254/32 169.254.170.2/32 100.100.100.200/32 168.63.129.16/32 fd00:ec2::254/128"],
  ["unspecified", "0.0.0.0/8 ::/128"],
  ["loopback", "127.0.0.0/8 ::1/128"],
  ["private", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10"],
  ["link-local", "169.254.0.0/16 fe80::/10"],
  ["shared", "100.64.0.0/10"],
  ["multicast", "224.0.0.0/4 ff00::/8"],
  [
    "reserved",
    "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4",
  ],
  // Teredo and 6to4 carry an IPv4 address of the sender's choice; documentation and benchmarks lead nowhere.
  ["reserved", "2001::/23 2001:db8::/32 2002::/16 3fff::/20"],
];

interface Lists {
  /** The one block of IPv6 from which public addresses are given out. */
  readonly globalUnicast: BlockList;
  /** IPv4 in IPv6: mapped (RFC 4291, 2.5.5.2) and through the well-known prefix of NAT64 (RFC 6052). */
  readonly embedding: BlockList;
  readonly special: readonly { readonly range: Special; readonly list: BlockList }[];
}

// Made when a first address is judged: most sessions connect to one named endpoint and judge none.
let made: Lists | undefined;

function makeLists(): Lists {
  return {
    globalUnicast: toList(["2000::/3"]),
    embedding: toList(["::ffff:0:0/96", "64:ff9b::/96"]),
    special: ranges.map(([range, subnets]) => ({ range, list: toList(subnets.split(" ")) })),
  };
}

/** Anything that is no address counts as reserved. */
export function rangeOf(address: string): AddressRange {
  const family = isIP(address);
  // A zone ("fe80::1%eth0") names an interface of this machine.
  if (family === 0 || address.includes("%")) return "reserved";
  const type = family === 4 ? "ipv4" : "ipv6";
  const { globalUnicast, embedding, special: lists } = (made ??= makeLists());
  if (type === "ipv6" && embedding.check(address, type)) return rangeOf(lastFourBytes(address));
  const special = lists.find(({ list }) => list.check(address, type));
  if (special !== undefined) return special.range;
  return type === "ipv4" || globalUnicast.check(address, type) ? "public" : "reserved";
}

/** As URLs write it (RFC 5952): of all spellings of an IPv6 address the one that can be compared. */
export function canonicalAddress(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

function lastFourBytes(address: string): string {
  const groups = canonicalAddress(address)
    .split(":")
    .map((group) => Number.parseInt(group === "" ? "0" : group, 16));
  const [high = 0, low = 0] = groups.slice(-2);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

function toList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = "", bits] = subnet.split("/");
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? "ipv4" : "ipv6");
  }
  return list;
}
