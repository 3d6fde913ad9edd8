/** The hosts that a session's commands may reach, as a person wrote them down; nothing else is. */
import { isIP } from "node:net";
import { CloisterError } from "@cloister/base";
import type { DialRequest } from "@cloister/backend";
import { formatTarget, parseTarget, type Target } from "./target.ts";

export interface EgressRule {
  /** As it was written. */
  readonly text: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly reach: DialRequest["reach"];
}

export type EgressDecision =
  | { readonly kind: "allow"; readonly rule: EgressRule }
  | { readonly kind: "refuse"; readonly rule: string; readonly why: string; readonly next: string };

const RULES_MAX = 1000;
const webPorts = [80, 443];

/**
 * `HOST` (ports 80 and 443) or `HOST:PORT`. A label `*` stands for one label: `*.example.com` is `a.example.com` and
 * neither `example.com` nor `a.b.example.com`. A name must lead to the internet, except after `local:`, which lets it
 * lead to this machine and this house (`localhost` needs no such word); an address (IPv6 in brackets) is allowed as it stands.
 * @throws CloisterError `bad-allow-entry`
 */
export function parseEgressRules(entries: readonly string[]): EgressRule[] {
  if (entries.length > RULES_MAX) throw bad(`${entries.length} entries`, `there may be ${RULES_MAX}`);
  return entries.map(parseRule);
}

function parseRule(text: string): EgressRule {
  const isLocal = text.startsWith("local:");
  const rest = isLocal ? text.slice("local:".length) : text;
  const hasPort = /(?:^[^:]*|\]):[0-9]+$/.test(rest);
  // A name in the place of each star, so that the one grammar reads it all.
  const target = parseTarget((hasPort ? rest : `${rest}:80`).replace(/\*(?=\.)/g, STAR));
  if (target === undefined) throw bad(text, "it is not HOST or HOST:PORT");
  if (/[^.]\*|\*[^.]/.test(rest)) throw bad(text, "a star stands for a whole label");
  const labels = target.host.split(".").map((label) => (label === STAR ? "*" : label));
  const ports = hasPort ? [target.port] : webPorts;
  if (isIP(target.host) !== 0) return { text, host: target.host, ports, reach: "exact" };
  if (labels.includes("*") && (labels.length < 3 || labels.slice(-2).includes("*"))) {
    throw bad(text, "a star may stand only before a whole domain, as in *.example.com");
  }
  return {
    text,
    host: labels.join("."),
    ports,
    reach: isLocal || target.host === "localhost" ? "local" : "public",
  };
}

const STAR = "xcloisterstarx";

export function decideEgress(target: Target, rules: readonly EgressRule[]): EgressDecision {
  const rule = rules.find(({ host, ports }) => ports.includes(target.port) && matches(host, target.host));
  if (rule !== undefined) return { kind: "allow", rule };
  return {
    kind: "refuse",
    rule: "egress-not-listed",
    why: `${formatTarget(target)} is not among the hosts that commands may reach`,
    next: `a person can allow it: cell.allow in the settings, with the entry ${formatTarget(target)}`,
  };
}

function matches(pattern: string, host: string): boolean {
  if (!pattern.includes("*")) return pattern === host;
  const [wanted, given] = [pattern.split("."), host.split(".")];
  return wanted.length === given.length && wanted.every((label, at) => label === "*" || label === given[at]);
}

function bad(entry: string, why: string): CloisterError {
  return new CloisterError(`${JSON.stringify(entry)} cannot be allowed: ${why}`, {
    code: "bad-allow-entry",
    next:
      "write registry.example.com, *.example.com, host.example.com:8443, 127.0.0.1:4873 or local:registry.corp.example, " +
      'in the flag or under "cell" in ~/.cloister/settings.json',
  });
}
