/**
 * One grammar for where a connection goes. What it accepts has one canonical form, and that form is compared with the
 * rules and dialled: two readers of one name that disagree are how allow-lists are passed.
 */
import { isIPv4, isIPv6 } from "node:net";
import { canonicalAddress } from "@cloister/backend";

export interface Target {
  /** Lower case, without a dot at its end; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

const HOST_CHARS_MAX = 253;
const authority = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]+)):([1-9][0-9]{0,4})$/;

/** `HOST:PORT`, RFC 9110's authority without user and without escapes; undefined for all else. */
export function parseTarget(text: string): Target | undefined {
  const [, literal, name, digits] = authority.exec(text) ?? [];
  const port = Number(digits);
  const host = literal === undefined ? canonicalHost(name ?? "") : canonicalLiteral(literal);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** An absolute `http:` URL as clients send it to a proxy (RFC 9112, section 3.2.2). */
export function parseAbsolute(url: string): { readonly target: Target; readonly path: string } | undefined {
  const [, host = "", rest = ""] = /^http:\/\/([^/?#]*)([\x21\x22\x24-\x7e]*)$/i.exec(url) ?? [];
  const target = parseTarget(/:[0-9]+$/.test(host) ? host : `${host}:80`);
  return target === undefined ? undefined : { target, path: rest.startsWith("/") ? rest : `/${rest}` };
}

export function formatTarget({ host, port }: Target): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Undefined for what is no host name (RFC 1123, section 2.1) and no IPv4 address in its one plain spelling. */
export function canonicalHost(text: string): string | undefined {
  const host = text.toLowerCase().replace(/\.$/, "");
  if (host.length === 0 || host.length > HOST_CHARS_MAX) return undefined;
  const labels = host.split(".");
  if (!labels.every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label))) return undefined;
  // Ends like a number: 2852039166, 0x7f.1 and 127.1 are addresses to some readers and names to others.
  return /^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "") && !isIPv4(host) ? undefined : host;
}

function canonicalLiteral(text: string): string | undefined {
  return isIPv6(text) ? canonicalAddress(text) : undefined;
}
